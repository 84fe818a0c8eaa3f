// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading the text of a signed note, line by line.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace amana::crypto {

// Up to the next newline, which is taken off too.
[[nodiscard]] inline std::string_view take_line(std::string_view& text)
{
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

// Digits only, without leading zeros, below 2^63.
[[nodiscard]] inline std::optional<std::uint64_t> parse_decimal(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    if (value >> 63 != 0) return std::nullopt;
    return value;
}

}  // namespace amana::crypto
