// SPDX-License-Identifier: AGPL-3.0-or-later
// A whole envelope in memory, opened in one call: what tests and fuzz targets do with the streaming interface.
#pragma once

#include "base/require.hpp"
#include "crypto/payload.hpp"

#include <optional>
#include <vector>

namespace amana::crypto::testing {

struct Opened {
    Manifest manifest;
    std::vector<Bytes> attachments;
};

// What must have gone well for the test to make sense. (value() throws for Error only.)
template <typename T>
T must(Result<T, OpenFailure> result)
{
    require(result.has_value(), "something a test takes for granted failed");
    return std::move(*result);
}

// A secret key with its public half, alive as long as this.
struct Recipient {
    explicit Recipient(ByteView seed);
    SecretBuffer secret;
    XWingPublicKey public_key;
    [[nodiscard]] RecipientSecret view() const { return {&secret, public_key}; }
};

// In the order of docs/ENVELOPE.md, section 1.2.
[[nodiscard]] Result<Opened, OpenFailure> open_envelope(ByteView envelope, std::span<const RecipientSecret> secrets);

// The same from the padded payload on.
[[nodiscard]] Result<Opened, OpenFailure> read_payload(ByteView padded);

// Everything a Sealer gives for this payload.
[[nodiscard]] Bytes seal_all(Sealer sealer, ByteView payload, std::uint64_t padded);

// Repeatable bytes: SHA-256 of a label and a counter.
[[nodiscard]] Bytes seeded_bytes(std::string_view label, std::size_t count);

}  // namespace amana::crypto::testing
