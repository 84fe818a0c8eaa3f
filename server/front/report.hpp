// SPDX-License-Identifier: AGPL-3.0-or-later
// What the warden hears of a front that serves: the steps of pressure and of storage, for `amana-server status` and the
// journal. A line whenever one changes, "pressure 2" or "storage text"; what of it is said, and when, is the warden's affair
// (server/main/steps.hpp). May be called from any thread; silent until the front is ready.
#pragma once

#include <cstdint>
#include <string_view>

namespace amana::front {

void report_ready();
// 0: calm.
void report_pressure(unsigned step);
// As RoomGauge names it.
void report_storage(std::string_view takes);

// What is amiss between a proxy and this server, as the warden puts it into words (server/main/mishaps.hpp): nothing of the connection
// that showed it goes with it. One of a kind and listener is told at most once a minute.
void report_mishap(std::string_view kind, std::uint32_t listener);
// Whether certificates that the warden sent are shown now.
void report_certificates(bool taken);

}  // namespace amana::front
