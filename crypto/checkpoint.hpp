// SPDX-License-Identifier: AGPL-3.0-or-later
// A checkpoint of the log (C2SP tlog-checkpoint): origin, size and root of the tree, signed as a note by the log's key.
#pragma once

#include "crypto/merkle.hpp"
#include "crypto/note.hpp"

namespace amana::crypto {

inline constexpr std::size_t max_checkpoint_bytes = 8 * 1024;

struct Checkpoint {
    std::string origin;
    std::uint64_t size = 0;
    Hash root{};

    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string sign(ByteView log_seed) const;
    // Checks the signature of `log` and that the origin is its name.
    [[nodiscard]] static Result<Checkpoint> parse(ByteView note, const NoteVerifier& log);
};

}  // namespace amana::crypto
