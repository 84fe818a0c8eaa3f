// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/steps.hpp"

#include <algorithm>
#include <utility>

namespace amana::server {

namespace {

constexpr std::array storage_lines{
    "there is room again: everything is taken",
    "room runs low: files of 8 MiB in all are taken, and no larger ones, until there is more",
    "room runs low: no files are taken, only text, until there is more",
    "there is no room: no report is taken until there is",
};
static_assert(storage_lines.size() == storage_steps.size());

}  // namespace

void Steps::hear(std::string_view line)
{
    constexpr std::string_view pressure = "pressure ";
    constexpr std::string_view storage = "storage ";
    if (line.starts_with(pressure) && line.size() == pressure.size() + 1) {
        const auto step = static_cast<unsigned>(line.back() - '0');
        if (step <= highest_pressure) pressure_.heard = step;
    } else if (line.starts_with(storage)) {
        const auto* found = std::find(storage_steps.begin(), storage_steps.end(), line.substr(storage.size()));
        if (found != storage_steps.end()) storage_.heard = static_cast<unsigned>(found - storage_steps.begin());
    }
}

void Steps::begin_anew()
{
    pressure_.heard = 0;
    storage_.heard = 0;
    restarts_ = std::min(restarts_ + 1, most_restarts);
    restarted_ = true;
}

bool Steps::Dial::advance(Time now, std::chrono::milliseconds tick)
{
    due = heard < told ? changed + tick : Time::max();
    if (heard == told || (heard < told && now < due)) return false;
    told = heard;
    changed = now;
    due = Time::max();
    return true;
}

Steps::Time Steps::advance(Time now)
{
    const bool had_pressure = pressure_.told != 0;
    const bool pressure_changed = pressure_.advance(now, tick_);
    const bool storage_changed = storage_.advance(now, tick_);
    if (had_pressure != (pressure_.told != 0))
        say_(had_pressure ? "the pressure is over: nothing is asked of anybody" : "there is pressure: reports wait in the line, or are worked for");
    if (storage_changed) say_(storage_lines.at(storage_.told));
    const bool restarted = std::exchange(restarted_, false);
    if (pressure_changed || storage_changed || restarted) show_({pressure_.told, storage_.told, restarts_});
    return std::min(pressure_.due, storage_.due);
}

}  // namespace amana::server
