// SPDX-License-Identifier: AGPL-3.0-or-later
// Sizes and durations as people write them: "64 MiB", "15m". One whole number and one unit; a space between is allowed.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace amana::server {

// B, KiB, MiB, GiB, TiB. "MB" and its like mean different things to different people and are refused.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
// s, m, h, d.
[[nodiscard]] Result<std::chrono::seconds> parse_duration(std::string_view text);

// The largest unit that divides evenly: "64 MiB", "90m".
[[nodiscard]] std::string format_size(std::uint64_t bytes);
[[nodiscard]] std::string format_duration(std::chrono::seconds duration);

}  // namespace amana::server
