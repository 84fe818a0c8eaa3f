// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading the lines of the manifests: of a release and a site (crypto/site_manifest.hpp), and of an update of the desk's machine
// (crypto/update_manifest.hpp).
#pragma once

#include "crypto/lines.hpp"
#include "crypto/site_manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
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

// Of a release or a package: 1 to 64 letters, digits and "-._~+".
[[nodiscard]] inline bool is_version(std::string_view version)
{
    constexpr std::size_t max_version_bytes = 64;
    return !version.empty() && version.size() <= max_version_bytes &&
           std::all_of(version.begin(), version.end(), [](char c) { return is_path_character(c) || c == '+'; });
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

// Of a release and an update: the first three lines are title, serial and version. False where this is none of them, or not as it has to be.
template <typename Manifest>
[[nodiscard]] bool takes_head(Manifest& manifest, std::string_view line, std::size_t number, std::string_view title)
{
    if (number == 1) return line == title;
    if (number == 2) {
        const auto serial = parse_serial(line);
        manifest.serial = serial.value_or(0);
        return serial.has_value();
    }
    if (number != 3) return false;
    manifest.version = behind(line, "version").value_or("");
    return is_version(manifest.version);
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
