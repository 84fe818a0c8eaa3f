// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/sealed_piece.hpp"

#include "base/reader.hpp"
#include "crypto/envelope.hpp"

#include <algorithm>

namespace amana::front {

namespace {

constexpr Byte version = 2;
constexpr std::size_t zeros_at_end = 36;
static_assert(crypto::max_envelope_bytes <= UINT32_MAX);

bool all_zero(ByteView bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](Byte byte) { return byte == 0; });
}

}  // namespace

std::optional<SealedPiece> SealedPiece::parse(ByteView head, std::uint64_t body_bytes)
{
    Reader reader(head);
    SealedPiece piece;
    const auto found_version = reader.integer<Byte>();
    const auto kind = reader.integer<Byte>();
    const auto promise = reader.integer<Byte>();
    const auto zero = reader.integer<Byte>();
    const auto upload = reader.bytes(piece.upload_.size());
    piece.total_ = reader.integer<std::uint32_t>();
    piece.offset_ = reader.integer<std::uint32_t>();
    const auto keys = reader.bytes(piece.keys_.size());
    const auto token = reader.bytes(piece.token_.size());
    for (auto& number : piece.solution_) number = reader.integer<std::uint32_t>();
    const auto zeros = reader.bytes(zeros_at_end);
    if (!reader.done() || found_version != version || kind > 1 || promise > 1 || zero != 0 || !all_zero(zeros)) return std::nullopt;
    if (piece.total_ > crypto::max_envelope_bytes || piece.offset_ >= piece.total_ || piece.offset_ % sealed_piece_bytes != 0)
        return std::nullopt;
    piece.size_ = std::min(sealed_piece_bytes, piece.total_ - piece.offset_);
    piece.asks_ = body_bytes == sealed_head_bytes;
    if (!piece.asks_ && body_bytes != sealed_head_bytes + piece.size_) return std::nullopt;
    piece.cover_ = kind == 0;
    piece.wants_promise_ = promise == 1;
    std::copy(upload.begin(), upload.end(), piece.upload_.begin());
    std::copy(keys.begin(), keys.end(), piece.keys_.begin());
    std::copy(token.begin(), token.end(), piece.token_.begin());
    return piece;
}

bool SealedPiece::of_one_envelope(const SealedPiece& other) const
{
    return upload_ == other.upload_ && total_ == other.total_ && keys_ == other.keys_ && cover_ == other.cover_ &&
           wants_promise_ == other.wants_promise_;
}

}  // namespace amana::front
