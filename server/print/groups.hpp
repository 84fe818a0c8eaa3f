// SPDX-License-Identifier: AGPL-3.0-or-later
// What a person compares with paper or types from it, cut at places that never change.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace amana::print {

inline constexpr std::size_t group_characters = 4;

// Four characters each; the last may be shorter.
[[nodiscard]] std::vector<std::string> groups_of(std::string_view text);

// An onion host: its 56 characters four by four, and ".onion" as one group.
[[nodiscard]] std::vector<std::string> onion_groups(std::string_view host);

// An address cut where a line may end, so that no word of it is ever broken and a dot or a slash at the front of a line
// says that it goes on: "https://", "reports", ".example", ".org", "/ar".
[[nodiscard]] std::vector<std::string> address_pieces(std::string_view address);

// Telephone numbers (runs of digits and of what joins them: spaces, hyphens, brackets, a plus in front) kept on one line;
// and in a right-to-left sentence, where their groups would be set in reverse order, left to right (U+202D ... U+202C).
[[nodiscard]] std::string hold_numbers(std::string_view text, bool right_to_left);

}  // namespace amana::print
