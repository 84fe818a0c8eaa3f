// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/report.hpp"

#include "server/wire/slices.hpp"

#include <chrono>
#include <map>
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
    std::map<std::string, std::chrono::steady_clock::time_point> mishaps;  // when each was told
};

constexpr auto mishap_pause = std::chrono::minutes(1);

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

void report_mishap(std::string_view kind, std::uint32_t listener)
{
    auto& all = reported();
    auto line = "mishap " + std::string(kind) + " " + std::to_string(listener);
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(all.mutex);
    if (!all.ready) return;
    const auto told = all.mishaps.find(line);
    if (told != all.mishaps.end() && now - told->second < mishap_pause) return;
    if (wire::tell_warden(line)) all.mishaps[std::move(line)] = now;
}

void report_certificates(bool taken)
{
    auto& all = reported();
    const std::lock_guard lock(all.mutex);
    (void)wire::tell_warden(taken ? "certificates taken" : "certificates refused");
}

}  // namespace amana::front
