// SPDX-License-Identifier: AGPL-3.0-or-later
// How the SQLite store's row keys are made up (schema.cpp).
#pragma once

#include "base/require.hpp"
#include "server/keeper/store.hpp"

#include <algorithm>

namespace amana::keeper {

inline constexpr unsigned tile_index_bits = 56;

[[nodiscard]] inline std::int64_t chunk_row(std::uint64_t key, std::uint64_t number)
{
    require(key < (std::uint64_t{1} << upload_key_bits) && number < chunk_numbers, "a row key out of range");
    return static_cast<std::int64_t>(key * chunk_numbers + number);
}
[[nodiscard]] inline std::int64_t chunk_row(UploadKey key, std::uint64_t number)
{
    return chunk_row(static_cast<std::uint64_t>(key), number);
}

[[nodiscard]] inline std::int64_t tile_row(unsigned level, std::uint64_t index)
{
    require(level < tile_levels && index < (std::uint64_t{1} << tile_index_bits), "a tile out of range");
    return static_cast<std::int64_t>(std::uint64_t{level} << tile_index_bits | index);
}

[[nodiscard]] inline crypto::Hash hash_of(ByteView bytes)
{
    crypto::Hash hash{};
    // A row of another size is damage; the entry's hash will not fit its bytes, and that is what is reported.
    std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
    return hash;
}

}  // namespace amana::keeper
