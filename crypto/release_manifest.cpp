// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/manifest_lines.hpp"

#include <algorithm>

namespace amana::crypto {

namespace {

constexpr std::string_view release_title = "amana release v1";

bool is_segment(std::string_view segment)
{
    return !segment.empty() && segment != "." && segment != ".." && std::all_of(segment.begin(), segment.end(), is_path_character);
}

}  // namespace

bool is_release_path(std::string_view path)
{
    if (path.empty() || path.size() > max_site_path_bytes) return false;
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
        if (!is_segment(path.substr(0, slash))) return false;
        path.remove_prefix(slash + 1);
    }
    return is_segment(path);
}

Result<std::string> ReleaseManifest::text() const
{
    auto text = fmt::format("{}\nserial {}\nversion {}\n", release_title, serial, version);
    for (const auto& file : files) text += fmt::format("file {} {}\n", to_hex(file.hash), file.path);
    const auto read = parse(text);
    if (!read) return read.error();
    if (*read != *this) return Error{"a release manifest whose text says something else", ""};
    return Result<std::string>(boost::system::in_place_value, std::move(text));
}

Result<ReleaseManifest> ReleaseManifest::parse(std::string_view text)
{
    if (!is_whole(text)) return Error{"a release manifest that is cut off, or too long", ""};
    ReleaseManifest manifest;
    for (std::size_t number = 1; !text.empty() || number <= 4; ++number) {
        const auto line = take_line(text);
        if (takes_head(manifest, line, number, release_title)) continue;
        auto rest = number > 3 ? behind(line, "file") : std::nullopt;
        ReleaseFile file;
        if (!rest || !parse_hash(take_word(*rest), file.hash) || !is_release_path(*rest) || !ascends(manifest.files, *rest) ||
            manifest.files.size() == max_manifest_files)
            return bad_line("release", number);
        file.path = *rest;
        manifest.files.push_back(std::move(file));
    }
    return manifest;
}

const ReleaseFile* ReleaseManifest::find(std::string_view path) const
{
    const auto found = std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.path == path; });
    return found == files.end() ? nullptr : &*found;
}

}  // namespace amana::crypto
