// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands inside the pages instead of being fetched: the one style and the one script, with the hashes that the
// Content-Security-Policy names.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace amana::web {

struct Inline {
    std::string text;  // exactly what stands between the tags
    std::string hash;  // "sha256-<base64>"
};
using Style = Inline;
using Script = Inline;

[[nodiscard]] std::string source_hash(std::string_view text);

// Drops comments and indentation, and adds what the site's own settings ask for. Refuses what would end the element, or
// fetch anything.
[[nodiscard]] Result<Style> load_style(const std::filesystem::path& path, std::string_view additions = {});
// As it was bundled when Amana was built. Refuses what would end the element.
[[nodiscard]] Result<Script> load_script(const std::filesystem::path& path);

}  // namespace amana::web
