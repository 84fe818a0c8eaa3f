// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/range.hpp"

#include "base/reader.hpp"
#include "base/require.hpp"

#include <algorithm>
#include <bit>

namespace amana::crypto {

namespace {

constexpr std::string_view magic = "AMANA-RANGE\n";
constexpr std::uint16_t range_version = 1;
// magic, version, note length, number, count, and the two counts of hashes beside the range
constexpr std::uint64_t fixed_bytes = magic.size() + 2 + 4 + 8 + 4 + 1 + 1;

}  // namespace

std::vector<Subtree> cover(std::uint64_t begin, std::uint64_t end)
{
    require(begin <= end && end <= max_tree_size, "a range that no tree has");
    std::vector<Subtree> subtrees;
    while (begin < end) {
        // As large as its place allows, and as what is left allows.
        const auto aligned = static_cast<unsigned>(std::countr_zero(begin));  // 64 for 0
        const auto fits = static_cast<unsigned>(std::bit_width(end - begin)) - 1;
        const auto height = std::min(aligned, fits);
        subtrees.push_back({height, begin >> height});
        begin += std::uint64_t{1} << height;
    }
    return subtrees;
}

TilePart tile_part(const Subtree& subtree)
{
    require(subtree.height < 64, "a subtree higher than a tree");
    const auto level = subtree.height / tile_height;
    const auto count = std::size_t{1} << (subtree.height % tile_height);
    const auto first = subtree.index * count;  // among all hashes of the level
    return {level, first / tile_hashes, static_cast<std::size_t>(first % tile_hashes), count};
}

Hash complete_root(ByteView hashes)
{
    const auto count = hashes.size() / hash_bytes;
    require(hashes.size() % hash_bytes == 0 && std::has_single_bit(count), "a complete subtree of a wrong size");
    std::vector<Hash> row(count);
    for (std::size_t i = 0; i < count; ++i) std::copy_n(hashes.subspan(i * hash_bytes).begin(), hash_bytes, row[i].begin());
    for (; row.size() > 1; row.resize(row.size() / 2))
        for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
    return row.front();
}

std::optional<RangePlan> RangePlan::make(std::uint64_t number, std::uint64_t size)
{
    if (size > max_tree_size || number >= (size + range_leaves - 1) / range_leaves) return std::nullopt;
    RangePlan plan;
    plan.number = number;
    plan.begin = number * range_leaves;
    plan.end = plan.begin + std::min(range_leaves, size - plan.begin);
    plan.left = cover(0, plan.begin);
    plan.right = cover(plan.end, size);
    return plan;
}

Bytes RangePlan::head(ByteView checkpoint) const
{
    Writer writer;
    writer.bytes(as_bytes(magic)).integer(range_version).counted(checkpoint).integer(number);
    return writer.integer(static_cast<std::uint32_t>(end - begin)).take();
}

std::uint64_t RangePlan::file_bytes(std::size_t checkpoint_bytes) const
{
    return fixed_bytes + checkpoint_bytes + hash_bytes * (end - begin + left.size() + right.size());
}

Bytes range_side(const std::vector<Hash>& hashes)
{
    require(hashes.size() <= 255, "more subtrees beside a range than a tree has");
    Writer writer;
    writer.integer(static_cast<Byte>(hashes.size()));
    for (const auto& hash : hashes) writer.bytes(hash);
    return writer.take();
}

}  // namespace amana::crypto
