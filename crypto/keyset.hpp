// SPDX-License-Identifier: AGPL-3.0-or-later
// The public key set: what the desk makes offline and the server and the browser work from. A note signed by the root
// key. docs/ENVELOPE.md, "Key set".
//
//   amana keys v1
//   deployment NAME
//   serial N                                       may only rise
//   root BASE64                                    Ed25519
//   courier NOT_BEFORE NOT_AFTER BASE64            Ed25519: signs replies and bundles to the server
//   witness NOT_BEFORE NOT_AFTER BASE64            Ed25519: co-signs checkpoints
//   epoch RECIPIENT NOT_BEFORE NOT_AFTER BASE64    X-Wing, one line for each recipient and week
//
// Times are seconds since 1970 in UTC, decimal; a key is valid from NOT_BEFORE to just before NOT_AFTER.
#pragma once

#include "base/clock.hpp"
#include "crypto/note.hpp"

#include <optional>
#include <string>
#include <vector>

namespace amana::crypto {

inline constexpr std::size_t max_keyset_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t max_epochs = 1024;

// An epoch is a week from Monday 00:00 UTC, and its key is good for a week more, so that a late courier or a slow clock
// loses nothing.
inline constexpr UnixTime epoch_length = one_week;
inline constexpr UnixTime epoch_validity = 2 * one_week;
// The Monday on or before `time`.
[[nodiscard]] UnixTime epoch_start(UnixTime time);

struct Validity {
    UnixTime not_before = 0;
    UnixTime not_after = 0;
    [[nodiscard]] bool contains(UnixTime time) const { return not_before <= time && time < not_after; }
};

struct SigningCertificate {
    Validity validity;
    SigningPublicKey key{};
};

struct EpochKey {
    std::string recipient;
    Validity validity;
    XWingPublicKey key{};
};

// SHA-256 of the root public key, in hexadecimal: what stands in the server's config, on the form and on paper.
[[nodiscard]] std::string root_fingerprint(const SigningPublicKey& root);

struct KeySet {
    std::string deployment;
    std::uint64_t serial = 0;
    SigningPublicKey root{};
    SigningCertificate courier;
    SigningCertificate witness;
    std::vector<EpochKey> epochs;

    // The signed note.
    [[nodiscard]] std::string encode(ByteView root_seed) const;
    // Checks shape, bounds, that the root's fingerprint is `fingerprint`, and the root's signature. Validity at a moment
    // is the caller's question.
    [[nodiscard]] static Result<KeySet> parse(ByteView bytes, std::string_view fingerprint);

    // The recipients, in the set's order; 1 to 4.
    [[nodiscard]] std::vector<std::string> recipients() const;
    // One key for each recipient, the latest that is valid at `time`; nothing when any recipient has none.
    [[nodiscard]] std::optional<std::vector<XWingPublicKey>> sealing_keys(UnixTime time) const;
    // The same, or, when a recipient has none, the latest there is: for what must look like a report and is none.
    [[nodiscard]] std::vector<XWingPublicKey> sealing_keys_or_last(UnixTime time) const;
    // When sealing_keys() will begin to give nothing, looking on from `time`; `time` itself if it gives nothing now.
    [[nodiscard]] UnixTime sealing_ends(UnixTime time) const;
};

}  // namespace amana::crypto
