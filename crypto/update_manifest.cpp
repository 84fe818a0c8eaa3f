// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/update_manifest.hpp"

#include "crypto/manifest_lines.hpp"

#include <algorithm>

namespace amana::crypto {

namespace {

constexpr std::string_view update_title = "amana desk update v1";

Error bad_update_line(std::size_t number)
{
    return Error{fmt::format("line {} of the update's list is not what stands there", number), "docs/SEALING.md, section 8, says what it holds."};
}

std::optional<UpdateFile> parse_file(std::string_view rest)
{
    UpdateFile file;
    if (!parse_hash(take_word(rest), file.hash)) return std::nullopt;
    const auto size = parse_decimal(take_word(rest));
    if (!size || *size == 0 || *size > max_package_bytes || !is_package_name(rest)) return std::nullopt;
    file.size = *size;
    file.name = rest;
    return file;
}

}  // namespace

bool is_package_name(std::string_view name)
{
    constexpr std::string_view ending = ".deb";
    return name.size() > ending.size() && name.size() <= max_package_name_bytes && name.ends_with(ending) && is_alphanumeric(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_path_character(c) || c == '+' || c == '%'; });
}

std::uint64_t UpdateManifest::bytes() const
{
    std::uint64_t all = 0;
    for (const auto& file : files) all += file.size;
    return all;
}

Result<std::string> UpdateManifest::text() const
{
    auto text = fmt::format("{}\nserial {}\nversion {}\n", update_title, serial, version);
    for (const auto& file : files) text += fmt::format("file {} {} {}\n", to_hex(file.hash), file.size, file.name);
    const auto read = parse(text);
    if (!read) return read.error();
    if (*read != *this) return Error{"an update's list whose text says something else", ""};
    return Result<std::string>(boost::system::in_place_value, std::move(text));
}

Result<UpdateManifest> UpdateManifest::parse(std::string_view text)
{
    if (text.size() > max_update_manifest_bytes || !text.ends_with('\n')) return Error{"an update's list that is cut off, or too long", ""};
    UpdateManifest manifest;
    for (std::size_t number = 1; !text.empty() || number <= 4; ++number) {
        const auto line = take_line(text);
        if (takes_head(manifest, line, number, update_title)) continue;
        const auto rest = number > 3 ? behind(line, "file") : std::nullopt;
        auto file = rest ? parse_file(*rest) : std::nullopt;
        const bool follows = file && (manifest.files.empty() || manifest.files.back().name < file->name);
        if (!follows || manifest.files.size() == max_update_files) return bad_update_line(number);
        manifest.files.push_back(*std::move(file));
    }
    if (manifest.bytes() > max_update_bytes) return Error{"an update's list whose files are too large together", ""};
    return manifest;
}

const UpdateFile* UpdateManifest::find(std::string_view name) const
{
    const auto found = std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
    return found == files.end() ? nullptr : &*found;
}

}  // namespace amana::crypto
