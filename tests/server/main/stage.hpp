// SPDX-License-Identifier: AGPL-3.0-or-later
// The warden's loop, with small real processes for front and keeper: each generation's pair is told by its slices what to
// do. The supervisor runs in the test's own process and is told to stop, by SIGTERM, as soon as the last pair serves.
//
// With AMANA_TEST_APART the two are no children: they come to a rendezvous, as the units do, and nothing else may be different.
#pragma once

#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/supervisor.hpp"
#include "tests/server/main/units_stand_in.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

namespace amana::server::test {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Catch::Contains;

// What each of a pair does; "served" in it waits until this generation serves, a first "stop" stops the warden.
struct Script {
    std::string front;
    std::string keeper;
};

inline const std::string good_front = "ready term exit=0";
inline const std::string good_keeper = "ready channels exit=0";

class Stage {
public:
    Stage(std::initializer_list<Script> generations) : generations_(generations)
    {
        timing.ready = milliseconds(20'000);
        timing.ending = milliseconds(300);
        timing.drain = milliseconds(1500);
        timing.drain_margin = milliseconds(500);
        timing.short_life = milliseconds(10'000);
        timing.first_wait = milliseconds(40);
        timing.longest_wait = milliseconds(100);
    }

    int run(std::uint32_t channels = 1, std::vector<UniqueFd> listeners = {})
    {
        const auto program = std::getenv("AMANA_TEST_CHILD");
        REQUIRE(program != nullptr);
        Plan plan;
        plan.front = {program, {}, Lifetime::bound, -1};
        plan.keeper = {program, {}, Lifetime::free, -1};
        std::optional<UnitsStandIn> units;
        if (std::getenv("AMANA_TEST_APART") != nullptr) {
            units.emplace(directory_.path(), plan.front, plan.keeper);
            plan.start_front = units->front().starter();
            plan.start_keeper = units->keeper().starter();
        }
        plan.channels = channels;
        plan.timing = timing;
        plan.say = [this](const std::string& line) {
            journal += line + "\n";
            if (line == "serving again") served();
        };
        plan.serving = [this] {
            ++serving;
            served();
        };
        plan.show = [this](const Steps::Told& steps) { shown.push_back(std::to_string(steps.pressure) + " " + std::string(storage_steps.at(steps.storage))); };
        plan.tick = tick;
        plan.hangup = hangup;
        plan.heartbeat = heartbeat;
        plan.tell_manager = [this](const std::string& state) { told.push_back(state); };
        plan.reload = [this](Timing&) { return reload; };
        plan.slices = [this] { return next(); };
        const auto begun = Clock::now();
        const int code = Supervisor(std::move(plan), std::move(listeners)).run();
        took = Clock::now() - begun;
        return code;
    }

    Timing timing;
    milliseconds busy_when_serving{0};
    milliseconds tick{900'000};
    std::size_t hangup_in = 0;  // the generation in which SIGHUP comes, counted from 1
    Hangup hangup = Hangup::reloads;
    Reload reload = Reload::anew;
    milliseconds heartbeat{0};
    std::vector<std::string> told;  // the service manager
    std::vector<std::string> shown;
    std::string journal;
    int serving = 0;
    std::vector<Clock::time_point> starts;
    Clock::duration took{};

private:
    void served() const
    {
        write_text(served_file(), "");
        ::usleep(static_cast<useconds_t>(busy_when_serving.count()) * 1000);
        if (starts.size() == hangup_in) ::kill(::getpid(), SIGHUP);
        // Once the last generation serves, the test is over; the signal is blocked here and read by the supervisor's loop.
        if (starts.size() == generations_.size()) ::kill(::getpid(), SIGTERM);
    }

    [[nodiscard]] std::filesystem::path served_file() const { return directory_.path() / std::to_string(starts.size()); }

    [[nodiscard]] SecretBuffer slice(std::string script) const
    {
        if (const auto at = script.find("served"); at != std::string::npos) script.replace(at, 6, "await=" + served_file().string());
        if (script.starts_with("stop ")) script.replace(0, 4, "stop=" + std::to_string(::getpid()));
        return SecretBuffer::copy_of(as_bytes(script));
    }

    Result<Slices> next()
    {
        // More generations than were written: the test went wrong and must still end.
        if (starts.size() == generations_.size()) {
            journal += "TOO MANY GENERATIONS\n";
            ::kill(::getpid(), SIGTERM);
            return Error{"no more", ""};
        }
        const auto& script = generations_[starts.size()];
        starts.push_back(Clock::now());
        return Slices{slice(script.front), slice(script.keeper)};
    }

    TemporaryDirectory directory_;
    std::vector<Script> generations_;
};

}  // namespace amana::server::test
