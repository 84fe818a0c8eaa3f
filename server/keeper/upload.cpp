// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/upload.hpp"

namespace amana::keeper {

UploadKey random_upload_key()
{
    ByteArray<8> bytes{};
    crypto::random_bytes(bytes);
    std::uint64_t key = 0;
    for (const Byte byte : bytes) key = key << 8 | byte;
    return UploadKey{key >> (64 - upload_key_bits)};
}

bool Upload::take(ByteView chunk)
{
    if (bytes_ + chunk.size() > crypto::max_envelope_bytes) return false;
    if (!header_) {
        auto header = crypto::Header::parse(chunk);
        if (!header || header->size() != chunk.size()) return false;
        header_ = *std::move(header);
    } else {
        if (short_chunk_ || chunk.size() > crypto::sealed_chunk_bytes || chunk.size() <= crypto::aead_tag_bytes) return false;
        short_chunk_ = chunk.size() < crypto::sealed_chunk_bytes;
    }
    leaf_.update(chunk);
    bytes_ += chunk.size();
    ++chunks_;
    return true;
}

bool Upload::beyond(std::uint64_t size_class) const
{
    return header_ && bytes_ > crypto::envelope_bytes(header_->slots(), size_class);
}

std::optional<PendingEnvelope> Upload::finish()
{
    if (!header_) return std::nullopt;
    const auto padded = crypto::padded_payload(*header_, bytes_);
    if (!padded) return std::nullopt;
    return PendingEnvelope{key_, *padded, leaf_.finish()};
}

}  // namespace amana::keeper
