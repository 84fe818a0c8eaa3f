// SPDX-License-Identifier: AGPL-3.0-or-later
// The canonical JSON of manifests: RFC 8785, over the few kinds of value a manifest has. Written into locked memory.
#pragma once

#include "base/secret.hpp"

#include <cstdint>
#include <string_view>

namespace boost::json {
class value;
}

namespace amana::crypto {

// The largest integer that every reader of JSON keeps exactly: 2^53 - 1.
inline constexpr std::uint64_t max_json_integer = (std::uint64_t{1} << 53) - 1;

[[nodiscard]] bool append_json_string(SecretText& out, std::string_view text);
[[nodiscard]] std::size_t json_string_bytes(std::string_view text);

// False when `value` holds what canonical JSON of ours never does (numbers that are not small unsigned integers, null,
// booleans, keys out of order) or does not fit.
[[nodiscard]] bool append_canonical(SecretText& out, const boost::json::value& value);

}  // namespace amana::crypto
