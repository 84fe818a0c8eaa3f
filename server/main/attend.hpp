// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server attend front|keeper`: what the units amana-front and amana-keeper run. It waits at the warden's rendezvous, gets the
// descriptors, starts the program with them as the warden would, passes on the warden's signals, says how the program ended, and
// leaves; its unit starts the next one. So the program needs to know nothing of it, and its end is known as a child's is.
//
// It beats for the unit's watchdog from the loop that watches the program. When the warden is gone the front drains, and whichever it
// is, it is over soon.
#pragma once

#include "server/main/meeting.hpp"
#include "server/main/service_manager.hpp"
#include "server/main/spawn.hpp"

#include <chrono>

namespace amana::server {

struct Attendance {
    std::filesystem::path directory;  // of the rendezvous
    Side side = Side::front;
    Program program;
    std::chrono::milliseconds warden{60'000};     // until it listens
    std::chrono::milliseconds taken{600'000};     // from then on, until it hands over
    std::chrono::milliseconds farewell{20'000};   // from the warden's end to the program's
};

// The exit code: that of the program; 0 when it was told to stop before, 1 when there was none to attend.
[[nodiscard]] int attend(const Attendance& attendance, const ServiceManager& manager);

}  // namespace amana::server
