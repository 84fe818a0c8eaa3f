// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands inside the seal: records, in an order that one streaming pass can write. docs/ENVELOPE.md, "Payload".
//
//   payload    = *attachment manifest padding
//   attachment = *( 01 length data ) 02
//   manifest   = 03 length json
//   padding    = *00                        to the size class
//
// `length` is four bytes, big-endian, of 1 to 65536 for data. Attachments come in the manifest's order.
#pragma once

#include "crypto/envelope.hpp"
#include "crypto/manifest.hpp"

#include <functional>

namespace amana::crypto {

inline constexpr Byte record_padding = 0;
inline constexpr Byte record_data = 1;
inline constexpr Byte record_attachment_end = 2;
inline constexpr Byte record_manifest = 3;
inline constexpr std::size_t record_head_bytes = 5;
inline constexpr std::size_t max_record_bytes = 64 * 1024;

// The head of a data or manifest record.
[[nodiscard]] ByteArray<record_head_bytes> record_head(Byte kind, std::size_t length);

// Reads a payload as it is opened. Checks framing, then every attachment against the manifest, then that nothing but
// zeros follows. Attachment bytes are handed on as they come and are provisional until finish() has returned.
class PayloadReader {
public:
    // Called with the attachment's index, from 0, and its next bytes.
    using Sink = std::function<Result<void>(std::size_t index, ByteView bytes)>;

    explicit PayloadReader(Sink sink);

    // What the sink reported, when that is why it failed, is in sink_error().
    [[nodiscard]] Result<void, OpenFailure> feed(ByteView plaintext);
    // After the last chunk.
    [[nodiscard]] Result<Manifest, OpenFailure> finish();
    [[nodiscard]] const std::optional<Error>& sink_error() const { return sink_error_; }

private:
    enum class State { record, length, data, manifest, padding };
    struct Seen {
        std::uint64_t size = 0;
        Hash sha256{};
    };

    [[nodiscard]] Result<void, OpenFailure> begin_record(Byte kind);
    [[nodiscard]] Result<void, OpenFailure> begin_body();
    [[nodiscard]] Result<void, OpenFailure> take_data(ByteView bytes);

    Sink sink_;
    std::optional<Error> sink_error_;
    State state_ = State::record;
    Byte kind_ = record_padding;
    ByteArray<4> length_{};
    std::size_t length_filled_ = 0;
    std::size_t left_ = 0;
    bool in_attachment_ = false;
    bool manifest_seen_ = false;
    Sha256 hash_;
    std::uint64_t size_ = 0;
    std::vector<Seen> seen_;
    SecretText manifest_{max_manifest_bytes};
};

}  // namespace amana::crypto
