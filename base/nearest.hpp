// SPDX-License-Identifier: AGPL-3.0-or-later
// What somebody may have meant who wrote a word that is not known.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amana {

// The candidate that differs from `word` least, when that is little enough to be a slip of the pen.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace amana
