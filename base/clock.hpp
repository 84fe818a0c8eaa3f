// SPDX-License-Identifier: AGPL-3.0-or-later
// The time of day, injected: nothing of ours reads the system's clock except through this.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace amana {

// Seconds since 1970-01-01T00:00:00Z.
using UnixTime = std::int64_t;

inline constexpr UnixTime one_hour = 3600;
inline constexpr UnixTime one_day = 24 * one_hour;
inline constexpr UnixTime one_week = 7 * one_day;

using Clock = std::function<UnixTime()>;

[[nodiscard]] Clock system_clock();

// "2026-11-23T00:00:00Z" (RFC 3339, UTC).
[[nodiscard]] std::string to_rfc3339(UnixTime time);

}  // namespace amana
