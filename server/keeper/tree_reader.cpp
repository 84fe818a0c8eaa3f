// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/tree_reader.hpp"

#include "server/keeper/sqlite_rows.hpp"

#include <fmt/format.h>

#include <bit>

namespace amana::keeper {

namespace {

constexpr unsigned tile_height = 8;
static_assert(1u << tile_height == tile_width);

Error short_tile(unsigned level, std::uint64_t index)
{
    return Error{fmt::format("tile {} of level {} lacks hashes", index, level), "Restore the store from a backup."};
}

// The root of the full subtree of 2^height leaves that begins at leaf `first`.
Result<crypto::Hash> subtree_root(Store& store, std::uint64_t first, unsigned height)
{
    const unsigned level = height / tile_height;
    const auto position = first >> (level * tile_height);
    const auto count = std::uint64_t{1} << (height % tile_height);  // they lie in one tile, since `first` is a multiple
    const auto tile = store.tile(level, position / tile_width);
    if (!tile) return tile.error().error;
    const auto from = static_cast<std::size_t>(position % tile_width) * crypto::hash_bytes;
    if (tile->size() < from + count * crypto::hash_bytes) return short_tile(level, position / tile_width);
    crypto::Frontier subtree;
    for (std::uint64_t i = 0; i < count; ++i)
        subtree.append(hash_of(ByteView(*tile).subspan(from + i * crypto::hash_bytes, crypto::hash_bytes)));
    return subtree.root();
}

}  // namespace

Result<crypto::Frontier> frontier_at(Store& store, std::uint64_t size)
{
    Bytes hashes;
    std::uint64_t first = 0;
    for (int bit = 63; bit >= 0; --bit) {
        const auto height = static_cast<unsigned>(bit);
        if ((size >> height & 1) == 0) continue;
        const auto root = subtree_root(store, first, height);
        if (!root) return root.error();
        append(hashes, *root);
        first += std::uint64_t{1} << height;
    }
    return crypto::Frontier::restore(size, hashes);
}

Result<void> for_each_leaf(Store& store, std::uint64_t begin, std::uint64_t end,
                           const std::function<Result<void>(std::uint64_t, const crypto::Hash&)>& visit)
{
    for (auto at = begin; at < end;) {
        const auto tile = store.tile(0, at / tile_width);
        if (!tile) return tile.error().error;
        const auto stop = std::min(end, (at / tile_width + 1) * tile_width);
        for (; at < stop; ++at) {
            const auto from = static_cast<std::size_t>(at % tile_width) * crypto::hash_bytes;
            if (tile->size() < from + crypto::hash_bytes) return short_tile(0, at / tile_width);
            if (const auto visited = visit(at, hash_of(ByteView(*tile).subspan(from, crypto::hash_bytes))); !visited)
                return visited.error();
        }
    }
    return {};
}

}  // namespace amana::keeper
