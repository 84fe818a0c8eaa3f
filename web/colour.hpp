// SPDX-License-Identifier: AGPL-3.0-or-later
// The ministry's colour on the pages, in light and dark, with enough contrast to be read (WCAG 2.2, 1.4.3).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace amana::web {

// Rules that set the style's --main and --on-main. An error when `colour` is not "#rrggbb", or too pale for text on white.
[[nodiscard]] Result<std::string> colour_style(std::string_view colour);

}  // namespace amana::web
