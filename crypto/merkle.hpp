// SPDX-License-Identifier: AGPL-3.0-or-later
// The Merkle tree of RFC 6962, section 2.1, over envelopes.
#pragma once

#include "crypto/primitives.hpp"

#include <vector>

namespace amana::crypto {

// SHA-256(00 ‖ entry), fed as the entry arrives.
class LeafHash {
public:
    LeafHash();
    void update(ByteView bytes) { hash_.update(bytes); }
    [[nodiscard]] Hash finish() { return hash_.finish(); }

private:
    Sha256 hash_;
};

[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);

// The right edge of a tree: as many hashes as its size has ones in binary, largest subtree first. Enough to append and to
// know the root; this is what is kept of a tree between ticks and between imports.
class Frontier {
public:
    Frontier() = default;
    // An error when there are not as many hashes as `size` needs.
    [[nodiscard]] static Result<Frontier> restore(std::uint64_t size, ByteView hashes);

    void append(const Hash& leaf);
    [[nodiscard]] Hash root() const;
    [[nodiscard]] std::uint64_t size() const { return size_; }
    // The hashes, concatenated.
    [[nodiscard]] Bytes hashes() const;

private:
    std::uint64_t size_ = 0;
    std::vector<Hash> hashes_;
};

}  // namespace amana::crypto
