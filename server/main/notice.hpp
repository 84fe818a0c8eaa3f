// SPDX-License-Identifier: AGPL-3.0-or-later
// The daily notice: one yes or no, whether the courier's round is due, in as many bytes either way. It comes every day; a day
// without it says that something is wrong.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace amana::server {

// Due when the courier was last here longer ago than the form promises to be read, in whole days, or that can't be told.
[[nodiscard]] bool is_round_due(std::optional<std::int64_t> courier_day, UnixTime now, std::chrono::seconds read_every);

// A mail without its address: a subject, an empty line, a sentence. No date, no count.
[[nodiscard]] std::string notice_text(const std::string& origin, bool due);

// The next time of day `at` (UTC) after `now`.
[[nodiscard]] UnixTime next_notice(UnixTime now, std::chrono::minutes at);

// Runs the command with the text on its standard input, for a minute at most. An error when it can't be run or does not exit
// with 0.
[[nodiscard]] Result<void> hand_to(const std::vector<std::string>& command, const std::string& text);

}  // namespace amana::server
