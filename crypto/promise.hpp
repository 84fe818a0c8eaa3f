// SPDX-License-Identifier: AGPL-3.0-or-later
// The promise: the log's signed word that a leaf will be in it. docs/LOG.md, section 4.1. A citizen who asked for it keeps
// it; it holds no time and nothing of the sender.
#pragma once

#include "crypto/merkle.hpp"
#include "crypto/note.hpp"

namespace amana::crypto {

inline constexpr std::size_t max_promise_bytes = 1024;

struct Promise {
    std::string origin;
    std::uint64_t from = 0;  // the leaf is at this index or behind it
    std::uint64_t by = 0;    // in every tree with at least so many leaves
    Hash leaf{};

    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string sign(ByteView log_seed) const;
    // Checks the signature of `log` and that the origin is its name.
    [[nodiscard]] static Result<Promise> parse(ByteView note, const NoteVerifier& log);
};

}  // namespace amana::crypto
