// SPDX-License-Identifier: AGPL-3.0-or-later
// Ranges: the subtrees beside them, where a tile holds their hashes, and files that give the tree's root.
#include "base/reader.hpp"
#include "crypto/range.hpp"
#include "tests/crypto/hex.hpp"
#include "tests/support/catch.hpp"

#include <bit>
#include <numeric>

namespace amana::crypto::testing {

namespace {

using amana::testing::hex;

std::vector<Hash> leaves_of(std::size_t count)
{
    std::vector<Hash> leaves(count);
    for (std::size_t i = 0; i < count; ++i) leaves[i] = sha256(Writer().integer(std::uint64_t{i}).take());
    return leaves;
}

// RFC 6962, 2.1, as it is written there: split at the largest power of two below the size.
Hash naive_root(std::span<const Hash> leaves)
{
    if (leaves.empty()) return sha256({});
    if (leaves.size() == 1) return leaves.front();
    const auto split = std::bit_floor(leaves.size() - 1);
    return node_hash(naive_root(leaves.first(split)), naive_root(leaves.subspan(split)));
}

// The root over complete subtrees from left to right: equal neighbours are joined, then the right edge is.
Hash joined(const std::vector<std::pair<unsigned, Hash>>& subtrees)
{
    std::vector<std::pair<unsigned, Hash>> edge;
    for (auto [height, hash] : subtrees) {
        for (; !edge.empty() && edge.back().first == height; ++height) {
            hash = node_hash(edge.back().second, hash);
            edge.pop_back();
        }
        edge.emplace_back(height, hash);
    }
    auto root = edge.back().second;
    for (auto at = edge.rbegin() + 1; at != edge.rend(); ++at) root = node_hash(at->second, root);
    return root;
}

std::span<const Hash> under(const std::vector<Hash>& leaves, const Subtree& subtree)
{
    return std::span(leaves).subspan(subtree.index << subtree.height, std::size_t{1} << subtree.height);
}

}  // namespace

TEST_CASE("certificate-transparency's published roots from complete subtrees, however the tree is cut")
{
    // merkletree/merkle_tree_test.cc: the inputs, and the roots of trees of one to eight leaves.
    constexpr std::array inputs{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    constexpr std::array roots{
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    std::vector<Hash> leaves;
    for (std::size_t size = 1; size <= inputs.size(); ++size) {
        LeafHash leaf;
        leaf.update(hex(inputs.at(size - 1)));
        leaves.push_back(leaf.finish());
        for (std::uint64_t cut = 0; cut <= size; ++cut) {
            std::vector<std::pair<unsigned, Hash>> parts;
            for (const auto& [begin, end] : {std::pair{std::uint64_t{0}, cut}, std::pair{cut, std::uint64_t{size}}}) {
                for (const auto& subtree : cover(begin, end)) {
                    Bytes hashes;
                    for (const auto& hash : under(leaves, subtree)) append(hashes, hash);
                    parts.emplace_back(subtree.height, complete_root(hashes));
                }
            }
            CHECK(to_hex(joined(parts)) == roots.at(size - 1));
        }
    }
}

TEST_CASE("A cover is whole, in order, aligned, and as short as can be")
{
    for (std::uint64_t begin = 0; begin <= 70; ++begin) {
        for (std::uint64_t end = begin; end <= 140; ++end) {
            auto at = begin;
            for (const auto& subtree : cover(begin, end)) {
                REQUIRE(subtree.index << subtree.height == at);
                const auto size = std::uint64_t{1} << subtree.height;
                at += size;
                REQUIRE(at <= end);
                // The next larger one would not stand here, or would not fit.
                REQUIRE(((at - size) % (2 * size) != 0 || at + size > end));
            }
            REQUIRE(at == end);
        }
    }
    CHECK(cover(0, max_tree_size) == std::vector{Subtree{63, 0}});
    CHECK(cover(0, max_tree_size - 1).size() == 63);
    CHECK(cover(1, max_tree_size - 1).size() == 124);
    CHECK(cover(5, 5).empty());
}

TEST_CASE("A subtree's hashes lie in one tile")
{
    CHECK(tile_part({0, 1000}) == TilePart{0, 3, 232, 1});
    CHECK(tile_part({7, 3}) == TilePart{0, 1, 128, 128});
    CHECK(tile_part({8, 3}) == TilePart{1, 0, 3, 1});
    CHECK(tile_part({16, 257}) == TilePart{2, 1, 1, 1});
    CHECK(tile_part({63, 0}) == TilePart{7, 0, 0, 128});
    for (unsigned height = 0; height < 64; ++height) {
        for (const std::uint64_t index : {0ull, 1ull, 2ull, 255ull, 256ull, 1000ull}) {
            const auto part = tile_part({height, index});
            CHECK(part.first + part.count <= tile_hashes);
            // The first leaf is the same, counted either way.
            if (height < 50) CHECK((part.tile * tile_hashes + part.first) << (8 * part.level) == index << height);
        }
    }
}

TEST_CASE("A range with what stands beside it gives the root of the tree")
{
    for (const std::size_t size : {1u, 2u, 255u, 256u, 65535u, 65536u, 65537u, 131072u, 200001u}) {
        const auto leaves = leaves_of(size);
        const auto root = naive_root(leaves);
        std::uint64_t seen = 0;
        for (std::uint64_t number = 0;; ++number) {
            const auto plan = RangePlan::make(number, size);
            if (!plan) break;
            CHECK(plan->begin == seen);
            seen = plan->end;
            std::vector<std::pair<unsigned, Hash>> parts;
            for (const auto& subtree : plan->left) parts.emplace_back(subtree.height, naive_root(under(leaves, subtree)));
            for (auto i = plan->begin; i < plan->end; ++i) parts.emplace_back(0, leaves[i]);
            for (const auto& subtree : plan->right) parts.emplace_back(subtree.height, naive_root(under(leaves, subtree)));
            CHECK(joined(parts) == root);
        }
        CHECK(seen == size);
    }
    CHECK(!RangePlan::make(0, 0));
    CHECK(!RangePlan::make(1, 65536));
    CHECK(!RangePlan::make(0, max_tree_size + 1));
    CHECK(RangePlan::make(max_tree_size / range_leaves - 1, max_tree_size));
    CHECK(!RangePlan::make(max_tree_size / range_leaves, max_tree_size));
}

TEST_CASE("A range file is as long as it says, and begins as it is specified")
{
    const auto plan = RangePlan::make(1, 65536 * 3 + 7).value();
    const std::string note = "checkpoint\n";
    auto file = plan.head(as_bytes(note));
    CHECK(as_text(ByteView(file).first(12)) == "AMANA-RANGE\n");
    CHECK(to_hex(ByteView(file).subspan(12, 6)) == "00010000000b");
    CHECK(to_hex(ByteView(file).last(12)) == "000000000000000100010000");
    const std::vector<Hash> left(plan.left.size());
    const std::vector<Hash> right(plan.right.size());
    CHECK(left.size() == 1);
    CHECK(right.size() == 4);  // 65536, then 4, 2, 1
    append(file, Bytes(hash_bytes * (plan.end - plan.begin)));
    append(file, range_side(left));
    append(file, range_side(right));
    CHECK(file.size() == plan.file_bytes(note.size()));
}

}  // namespace amana::crypto::testing
