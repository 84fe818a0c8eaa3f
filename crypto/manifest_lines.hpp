// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading the lines of the two manifests (crypto/site_manifest.hpp).
#pragma once

#include "crypto/lines.hpp"
#include "crypto/site_manifest.hpp"

#include <fmt/format.h>

#include <optional>

namespace amana::crypto {

[[nodiscard]] inline bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

[[nodiscard]] inline bool is_path_character(char c)
{
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// What follows the word at a line's front, and one space; nothing when the line begins otherwise.
[[nodiscard]] inline std::optional<std::string_view> behind(std::string_view line, std::string_view word)
{
    if (line.size() <= word.size() || !line.starts_with(word) || line[word.size()] != ' ') return std::nullopt;
    return line.substr(word.size() + 1);
}

// Up to the next space, which is taken off too.
inline std::string_view take_word(std::string_view& rest)
{
    const auto space = rest.find(' ');
    const auto word = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    return word;
}

[[nodiscard]] inline bool parse_hash(std::string_view text, Hash& out)
{
    return from_hex(text, out).has_value();
}

[[nodiscard]] inline std::optional<std::uint64_t> parse_serial(std::string_view line)
{
    const auto number = behind(line, "serial");
    const auto serial = number ? parse_decimal(*number) : std::nullopt;
    return serial && *serial > 0 ? serial : std::nullopt;
}

template <typename Entry>
[[nodiscard]] bool ascends(const std::vector<Entry>& entries, std::string_view next)
{
    return entries.empty() || entries.back().path < next;
}

[[nodiscard]] inline Error bad_line(std::string_view what, std::size_t number)
{
    return Error{fmt::format("line {} of a {} manifest is not what stands there", number, what), "docs/SEALING.md, section 6, says what it holds."};
}

[[nodiscard]] inline bool is_whole(std::string_view text)
{
    return text.size() <= max_site_manifest_bytes && text.ends_with('\n');
}

}  // namespace amana::crypto
