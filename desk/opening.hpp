// SPDX-License-Identifier: AGPL-3.0-or-later
// Opens one envelope as its bytes arrive, in constant memory.
//
// Attachment bytes are handed on as they are opened and are provisional until finish() has returned a report. A failure is
// a value, and the rest of the envelope is then ignored: whoever reads it goes on to hash or copy it.
#pragma once

#include "crypto/payload.hpp"

#include <functional>
#include <optional>

namespace amana::desk {

struct OpenedEnvelope {
    SecretBuffer file_key;
    crypto::Manifest manifest;
    std::uint64_t size_class;
};

class EnvelopeReader {
public:
    // Finds the file key, once the header is there.
    using KeySource = std::function<Result<SecretBuffer, crypto::OpenFailure>(const crypto::Header&)>;

    // `total`: the whole envelope's size.
    EnvelopeReader(std::uint64_t total, KeySource keys, crypto::PayloadReader::Sink sink);

    void feed(ByteView bytes);
    // After the last byte.
    [[nodiscard]] Result<OpenedEnvelope, crypto::OpenFailure> finish();
    // What the sink reported, when that is why it failed.
    [[nodiscard]] const std::optional<Error>& sink_error() const { return payload_.sink_error(); }

private:
    void begin(ByteView header);
    void open_chunk();

    std::uint64_t total_;
    KeySource keys_;
    crypto::PayloadReader payload_;
    std::optional<crypto::OpenFailure> failure_;
    std::optional<crypto::Opener> opener_;
    SecretBuffer file_key_;
    std::uint64_t size_class_ = 0;
    Bytes waiting_;  // sealed bytes: of the header, then of the chunk that comes
    std::size_t wanted_;
};

}  // namespace amana::desk
