// SPDX-License-Identifier: AGPL-3.0-or-later
// Appends leaves to the log's tree: its right edge, for the root, and its tiles (C2SP tlog-tiles), for everybody else.
// Reads at most one tile a level of the tree there is, so a batch costs the same however long the log.
#pragma once

#include "server/keeper/store.hpp"

#include <map>

namespace amana::keeper {

// The hashes there are of a tile.
using TileReader = std::function<Result<Bytes>(unsigned level, std::uint64_t index)>;

class TreeBuilder {
public:
    // An error when `before` is not whole.
    [[nodiscard]] static Result<TreeBuilder> create(const Tree& before, TileReader read);

    [[nodiscard]] Result<void> append(const crypto::Hash& leaf);

    [[nodiscard]] const crypto::Frontier& frontier() const { return frontier_; }
    // Every tile that changed, as it is now.
    [[nodiscard]] std::vector<Tile> tiles() const;

private:
    TreeBuilder(crypto::Frontier frontier, TileReader read) : frontier_(std::move(frontier)), read_(std::move(read)) {}

    [[nodiscard]] Result<void> append(unsigned level, std::uint64_t position, const crypto::Hash& hash);

    crypto::Frontier frontier_;
    TileReader read_;
    std::map<std::pair<unsigned, std::uint64_t>, Bytes> changed_;
};

}  // namespace amana::keeper
