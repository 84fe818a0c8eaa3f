// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/merkle.hpp"

#include <bit>

namespace amana::crypto {

LeafHash::LeafHash()
{
    static constexpr Byte leaf_prefix = 0;
    hash_.update({&leaf_prefix, 1});
}

Hash node_hash(const Hash& left, const Hash& right)
{
    static constexpr Byte node_prefix = 1;
    return Sha256().update({&node_prefix, 1}).update(left).update(right).finish();
}

Result<Frontier> Frontier::restore(std::uint64_t size, ByteView hashes)
{
    const auto count = static_cast<std::size_t>(std::popcount(size));
    if (hashes.size() != count * hash_bytes) return Error{"a tree's edge of the wrong length", ""};
    Frontier frontier;
    frontier.size_ = size;
    frontier.hashes_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto from = hashes.subspan(i * hash_bytes, hash_bytes);
        std::copy(from.begin(), from.end(), frontier.hashes_[i].begin());
    }
    return frontier;
}

void Frontier::append(const Hash& leaf)
{
    // Two full subtrees of one size make the next: as many as the old size has trailing ones.
    auto merged = leaf;
    for (auto size = size_; (size & 1) != 0; size >>= 1) {
        merged = node_hash(hashes_.back(), merged);
        hashes_.pop_back();
    }
    hashes_.push_back(merged);
    ++size_;
}

Hash Frontier::root() const
{
    if (hashes_.empty()) return sha256({});
    auto root = hashes_.back();
    for (auto at = hashes_.rbegin() + 1; at != hashes_.rend(); ++at) root = node_hash(*at, root);
    return root;
}

Bytes Frontier::hashes() const
{
    Bytes out;
    for (const auto& hash : hashes_) amana::append(out, hash);
    return out;
}

}  // namespace amana::crypto
