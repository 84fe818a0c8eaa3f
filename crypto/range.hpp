// SPDX-License-Identifier: AGPL-3.0-or-later
// Ranges of the log's leaves (docs/LOG.md, sections 3 and 4.2): which subtrees stand beside a range, in which tile the
// hashes of a subtree lie, and the file that a checker of a proof reads. Pure: who has the tiles fills it in.
#pragma once

#include "crypto/merkle.hpp"

#include <optional>
#include <vector>

namespace amana::crypto {

inline constexpr std::size_t tile_hashes = 256;
inline constexpr unsigned tile_height = 8;  // 2^8 hashes
inline constexpr std::uint64_t range_leaves = 65536;
inline constexpr std::uint64_t max_tree_size = std::uint64_t{1} << 63;

// The complete subtree over the leaves [index * 2^height, (index + 1) * 2^height).
struct Subtree {
    unsigned height = 0;
    std::uint64_t index = 0;
    bool operator==(const Subtree&) const = default;
};

// The fewest complete subtrees that make up the leaves [begin, end), from left to right. begin <= end <= 2^63.
[[nodiscard]] std::vector<Subtree> cover(std::uint64_t begin, std::uint64_t end);

// Where the hashes stand that give a subtree's root: `count` of them, a power of two, within one tile.
struct TilePart {
    unsigned level = 0;
    std::uint64_t tile = 0;
    std::size_t first = 0;
    std::size_t count = 0;
    bool operator==(const TilePart&) const = default;
};
[[nodiscard]] TilePart tile_part(const Subtree& subtree);

// The root over a power of two of hashes, 32 bytes each.
[[nodiscard]] Hash complete_root(ByteView hashes);

// What a range file holds of a tree of `size` leaves.
struct RangePlan {
    std::uint64_t number = 0;
    std::uint64_t begin = 0;  // its leaves
    std::uint64_t end = 0;
    std::vector<Subtree> left;
    std::vector<Subtree> right;

    // Nothing when the tree has no leaf in the range.
    [[nodiscard]] static std::optional<RangePlan> make(std::uint64_t number, std::uint64_t size);

    // All that stands before the leaves; they follow, then side(left's hashes), side(right's hashes).
    [[nodiscard]] Bytes head(ByteView checkpoint) const;
    [[nodiscard]] std::uint64_t file_bytes(std::size_t checkpoint_bytes) const;
};

// The number of hashes (1 byte) and the hashes.
[[nodiscard]] Bytes range_side(const std::vector<Hash>& hashes);

}  // namespace amana::crypto
