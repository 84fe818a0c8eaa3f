// SPDX-License-Identifier: AGPL-3.0-or-later
// What a thank-you shows of a receipt, in locked memory.
#pragma once

#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace amana::front {

// In groups of four, in these digits, zero to nine.
inline constexpr std::size_t max_groups_bytes = 160;
[[nodiscard]] SecretText in_groups(std::string_view digits, std::string_view zero_to_nine);
// A picture that a camera reads, as a PNG, which hardly differs in length from one to another; in base64.
inline constexpr std::size_t max_picture_bytes = 640;
[[nodiscard]] SecretText picture_of(std::string_view digits);
// Where the page is that asks for it.
[[nodiscard]] std::string inbox_address(std::string_view site, std::string_view language);

}  // namespace amana::front
