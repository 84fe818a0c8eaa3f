// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/tree_builder.hpp"

#include "server/keeper/sqlite_rows.hpp"

#include <fmt/format.h>

namespace amana::keeper {

namespace {

constexpr std::size_t full_tile_bytes = tile_width * crypto::hash_bytes;

// The root over a full tile: one hash of the level above.
crypto::Hash tile_root(ByteView hashes)
{
    crypto::Frontier subtree;
    for (std::size_t at = 0; at < hashes.size(); at += crypto::hash_bytes)
        subtree.append(hash_of(hashes.subspan(at, crypto::hash_bytes)));
    return subtree.root();
}

}  // namespace

Result<TreeBuilder> TreeBuilder::create(const Tree& before, TileReader read)
{
    auto frontier = crypto::Frontier::restore(before.size, before.frontier);
    if (!frontier) return frontier.error();
    return TreeBuilder(*std::move(frontier), std::move(read));
}

Result<void> TreeBuilder::append(const crypto::Hash& leaf)
{
    const auto position = frontier_.size();
    frontier_.append(leaf);
    return append(0, position, leaf);
}

Result<void> TreeBuilder::append(unsigned level, std::uint64_t position, const crypto::Hash& hash)
{
    if (level == tile_levels) return {};
    const auto index = position / tile_width;
    const auto before = static_cast<std::size_t>(position % tile_width) * crypto::hash_bytes;
    auto found = changed_.find({level, index});
    if (found == changed_.end()) {
        Bytes hashes;
        if (before != 0) {
            auto stored = read_(level, index);
            if (!stored) return stored.error();
            hashes = *std::move(stored);
        }
        found = changed_.emplace(std::pair{level, index}, std::move(hashes)).first;
    }
    auto& tile = found->second;
    if (tile.size() != before)
        return Error{fmt::format("tile {} of level {} does not have the hashes that its tree has", index, level),
                     "Run 'amana-server fsck'; restore the store from a backup."};
    amana::append(tile, hash);
    if (tile.size() < full_tile_bytes) return {};
    return append(level + 1, index, tile_root(tile));
}

std::vector<Tile> TreeBuilder::tiles() const
{
    std::vector<Tile> all;
    for (const auto& [place, hashes] : changed_) all.push_back({place.first, place.second, hashes});
    return all;
}

}  // namespace amana::keeper
