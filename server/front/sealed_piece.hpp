// SPDX-License-Identifier: AGPL-3.0-or-later
// The head that stands before each piece of an envelope sealed in a browser: docs/SEALING.md, section 3. Fixed size, one
// meaning for each head, every byte accounted for.
#pragma once

#include "base/bytes.hpp"
#include "crypto/work.hpp"

#include <optional>

namespace amana::front {

inline constexpr std::size_t sealed_head_bytes = 160;
inline constexpr std::uint32_t sealed_piece_bytes = 512 * 1024;

// Random, the same for all pieces of an envelope.
using UploadName = ByteArray<16>;

class SealedPiece {
public:
    // `head`: sealed_head_bytes; `body_bytes`: of the whole request, head and piece. Nothing when the head is not one, or
    // when the piece has neither the length that a piece at its place has nor none at all.
    [[nodiscard]] static std::optional<SealedPiece> parse(ByteView head, std::uint64_t body_bytes);

    [[nodiscard]] bool cover() const { return cover_; }
    [[nodiscard]] bool wants_promise() const { return wants_promise_; }
    [[nodiscard]] const UploadName& upload() const { return upload_; }
    // Bytes of the envelope, and where in it this piece stands.
    [[nodiscard]] std::uint32_t total() const { return total_; }
    [[nodiscard]] std::uint32_t offset() const { return offset_; }
    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] bool last() const { return !asks_ && offset_ + size_ == total_; }
    // A head alone: it asks whether its turn has come.
    [[nodiscard]] bool asks() const { return asks_; }
    // Of a puzzle, and what solves it; zeros when there is none.
    [[nodiscard]] const crypto::WorkToken& token() const { return token_; }
    [[nodiscard]] const crypto::WorkNumbers& solution() const { return solution_; }
    // SHA-256 of the public keys that it says it was sealed to.
    [[nodiscard]] const crypto::Hash& keys() const { return keys_; }

    // Whether both say that they are of one envelope.
    [[nodiscard]] bool of_one_envelope(const SealedPiece& other) const;

private:
    SealedPiece() = default;

    bool cover_ = false;
    bool wants_promise_ = false;
    UploadName upload_{};
    std::uint32_t total_ = 0;
    std::uint32_t offset_ = 0;
    std::uint32_t size_ = 0;
    crypto::Hash keys_{};
    bool asks_ = false;
    crypto::WorkToken token_{};
    crypto::WorkNumbers solution_{};
};

}  // namespace amana::front
