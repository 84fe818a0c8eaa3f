// SPDX-License-Identifier: AGPL-3.0-or-later
// One envelope as it arrives. Holds it to the public shape of an envelope and computes its leaf hash; keeps none of it.
#pragma once

#include "server/keeper/store.hpp"

#include <optional>
#include <string>

namespace amana::keeper {

class Upload {
public:
    explicit Upload(UploadKey key) : key_(key) {}

    // Whether this can be the envelope's next chunk: first a whole header and nothing else, then full chunks, of which
    // only the last may be shorter.
    [[nodiscard]] bool take(ByteView chunk);
    // After the last chunk: what to accept; nothing when the whole is of no size class.
    [[nodiscard]] std::optional<PendingEnvelope> finish();

    [[nodiscard]] UploadKey key() const { return key_; }
    // Whether it is larger already than an envelope of this class.
    [[nodiscard]] bool beyond(std::uint64_t size_class) const;

    // The number of the chunk that take() comes to next.
    [[nodiscard]] std::uint32_t chunks() const { return chunks_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

    // --- the service's own notes ----------------------------------------------------------------------------------------
    std::uint32_t uncredited = 0;       // chunks that came and were not credited yet
    bool in_group = false;              // something of it is in the open group
    std::uint64_t accepted_bytes = 0;   // not 0: finished, accepted in the open group
    std::string promise;                // what stored will carry

private:
    UploadKey key_;
    std::optional<crypto::Header> header_;
    crypto::LeafHash leaf_;
    std::uint64_t bytes_ = 0;
    std::uint32_t chunks_ = 0;
    bool short_chunk_ = false;
};

}  // namespace amana::keeper
