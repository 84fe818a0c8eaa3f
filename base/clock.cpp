// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/clock.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace amana {

Clock system_clock()
{
    return [] { return static_cast<UnixTime>(std::time(nullptr)); };
}

std::string to_rfc3339(UnixTime time)
{
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time)));
}

}  // namespace amana
