// SPDX-License-Identifier: AGPL-3.0-or-later
// Published vectors are hexadecimal text.
#pragma once

#include "base/bytes.hpp"
#include "base/require.hpp"

#include <algorithm>

namespace amana::testing {

inline Bytes hex(std::string_view text)
{
    Bytes out(text.size() / 2);
    require(from_hex(text, out).has_value(), "hexadecimal text of a vector");
    return out;
}

template <std::size_t N>
ByteArray<N> hex_array(std::string_view text)
{
    const auto bytes = hex(text);
    require(bytes.size() == N, "size of a vector");
    ByteArray<N> out;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

}  // namespace amana::testing
