// SPDX-License-Identifier: AGPL-3.0-or-later
// UTF-8 as the Unicode Standard defines it (table 3-7): no surrogates, no overlong forms, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace amana {

// How many code points, or nothing when the text is not UTF-8.
[[nodiscard]] std::optional<std::size_t> utf8_length(std::string_view text);

// Takes the first code point off the front of `text`, which must not be empty. Nothing, and one byte taken, when the
// front is not UTF-8.
[[nodiscard]] std::optional<char32_t> next_code_point(std::string_view& text);

}  // namespace amana
