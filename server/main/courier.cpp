// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/courier.hpp"

#include "server/main/units.hpp"

#include <algorithm>
#include <ctime>

namespace amana::server {

std::optional<UnixTime> parse_day(const std::string& text)
{
    std::tm parts{};
    const auto* end = ::strptime(text.c_str(), "%Y-%m-%d", &parts);
    if (text.empty() || end == nullptr || *end != '\0') return std::nullopt;
    return static_cast<UnixTime>(::timegm(&parts));
}

std::string days_ago(UnixTime then, UnixTime now)
{
    return std::to_string(std::max<UnixTime>(now - then, 0) / one_day) + " days ago";
}

std::string courier_lateness(const CourierDays& days, UnixTime now, std::chrono::seconds read_every)
{
    const auto since = days.last ? days.last : days.log_began;
    // The visit may have been at that day's end.
    if (!since || now - *since <= read_every.count() + one_day) return {};
    return (days.last ? "the courier was here " + days_ago(*days.last, now) : "the courier never was here, and the log began " + days_ago(*days.log_began, now)) +
           "; the form promises that reports are read every " + format_duration(read_every);
}

}  // namespace amana::server
