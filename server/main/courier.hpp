// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the courier is later than the form promises: `status` and `doctor` say it alike. By whole days, as the store knows no finer.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace amana::server {

// A day as the keeper writes it, YYYY-MM-DD: its beginning. Nothing when it is none.
[[nodiscard]] std::optional<UnixTime> parse_day(const std::string& text);

// "5 days ago"; "0 days ago" also of what is to come.
[[nodiscard]] std::string days_ago(UnixTime then, UnixTime now);

// The days on which the courier last exported, imported or brought a co-signature, and on which the log began.
struct CourierDays {
    std::optional<UnixTime> last;
    std::optional<UnixTime> log_began;
};
// How late, in words; empty when the courier is not late, or there is nothing that anybody could be late for.
[[nodiscard]] std::string courier_lateness(const CourierDays& days, UnixTime now, std::chrono::seconds read_every);

inline constexpr const char* courier_late = "courier-late";  // as it is called wherever it is found

}  // namespace amana::server
