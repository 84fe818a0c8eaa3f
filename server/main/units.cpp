// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace amana::server {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Smallest first.
constexpr std::array size_units{Unit{"B", 1}, Unit{"KiB", 1ull << 10}, Unit{"MiB", 1ull << 20}, Unit{"GiB", 1ull << 30},
                                Unit{"TiB", 1ull << 40}};
constexpr std::array duration_units{Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86400}};

// Whatever is written in these units stays far inside every integer that it meets later.
constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    for (const auto& unit : units)
        if (text == unit.name && number <= largest / unit.factor) return number * unit.factor;
    return std::nullopt;
}

std::string format(std::uint64_t value, std::span<const Unit> units, std::string_view between)
{
    const auto* best = &units.front();
    for (const auto& unit : units)
        if (value != 0 && value % unit.factor == 0) best = &unit;
    return std::to_string(value / best->factor).append(between).append(best->name);
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text)
{
    if (const auto value = parse(text, size_units)) return *value;
    return Error{"not a size", "Write a whole number and B, KiB, MiB, GiB or TiB, for example \"64 MiB\"."};
}

Result<std::chrono::seconds> parse_duration(std::string_view text)
{
    if (const auto value = parse(text, duration_units))
        return std::chrono::seconds(static_cast<std::int64_t>(*value));
    return Error{"not a duration", "Write a whole number and s, m, h or d, for example \"15m\"."};
}

std::string format_size(std::uint64_t bytes)
{
    return format(bytes, size_units, " ");
}

std::string format_duration(std::chrono::seconds duration)
{
    return format(static_cast<std::uint64_t>(duration.count()), duration_units, "");
}

}  // namespace amana::server
