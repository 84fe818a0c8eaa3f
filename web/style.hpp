// SPDX-License-Identifier: AGPL-3.0-or-later
// The one style of all pages, made small, with the hash that the Content-Security-Policy names.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace amana::web {

struct Style {
    std::string text;  // exactly what stands between <style> and </style>
    std::string hash;  // "sha256-<base64>"
};

// Drops comments and indentation. Refuses what would end the element, or fetch anything.
[[nodiscard]] Result<Style> load_style(const std::filesystem::path& path);

}  // namespace amana::web
