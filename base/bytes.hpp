// SPDX-License-Identifier: AGPL-3.0-or-later
// Bytes that are not secret, views of bytes, and their text forms. Secrets live in base/secret.hpp.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amana {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;
using MutableBytes = std::span<Byte>;

template <std::size_t N>
using ByteArray = std::array<Byte, N>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text)
{
    return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

[[nodiscard]] inline std::string_view as_text(ByteView bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(Bytes& to, ByteView bytes);

// Lower case, no separators.
[[nodiscard]] std::string to_hex(ByteView bytes);
// Accepts lower case only, so that one value has one text. Wrong length or character: an error.
[[nodiscard]] Result<void> from_hex(std::string_view text, MutableBytes out);

// RFC 4648 section 4, with padding; the decoder refuses everything that the encoder does not write.
[[nodiscard]] std::string to_base64(ByteView bytes);
[[nodiscard]] Result<Bytes> from_base64(std::string_view text, std::size_t max_bytes);

// Compares in time that depends on the lengths alone.
[[nodiscard]] bool equal_constant_time(ByteView a, ByteView b);

}  // namespace amana
