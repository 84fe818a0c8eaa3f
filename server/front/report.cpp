// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/report.hpp"

#include "server/wire/slices.hpp"

#include <mutex>
#include <string>

namespace amana::front {

namespace {

// What was told last, of each kind; empty: what a front begins with.
struct Reported {
    std::mutex mutex;
    bool ready = false;
    std::string pressure = "pressure 0";
    std::string storage = "storage all";
};

Reported& reported()
{
    static Reported all;
    return all;
}

void report(std::string Reported::* kind, std::string line)
{
    auto& all = reported();
    const std::lock_guard lock(all.mutex);
    if (!all.ready || all.*kind == line) return;
    // What could not be told is tried again with the next call.
    if (wire::tell_warden(line)) all.*kind = std::move(line);
}

}  // namespace

void report_ready()
{
    auto& all = reported();
    const std::lock_guard lock(all.mutex);
    all.ready = wire::tell_warden("ready");
}

void report_pressure(unsigned step)
{
    report(&Reported::pressure, "pressure " + std::to_string(step));
}

void report_storage(std::string_view takes)
{
    report(&Reported::storage, "storage " + std::string(takes));
}

}  // namespace amana::front
