// SPDX-License-Identifier: AGPL-3.0-or-later
// The envelope: what a report is sealed in, from the moment it is sealed to the desk. Specified byte by byte in
// docs/ENVELOPE.md; suite 1 is X-Wing and XChaCha20-Poly1305.
//
//   header  = suite (1) ‖ slot count (1) ‖ slots (1168 each) ‖ payload nonce (32) ‖ commitment (32)
//   slot    = X-Wing ciphertext (1120) ‖ wrapped file key (48)
//   payload = chunks of 64 KiB, each with a 16-byte tag; the last is marked in its nonce and may be shorter
//
// Nothing here allocates by what a stranger claims: every size is a constant or bounded by the largest size class.
#pragma once

#include "crypto/primitives.hpp"
#include "crypto/size_class.hpp"

#include <optional>
#include <span>

namespace amana::crypto {

inline constexpr Byte suite_1 = 1;
inline constexpr std::size_t max_slots = 4;
inline constexpr std::size_t chunk_bytes = 64 * 1024;
inline constexpr std::size_t sealed_chunk_bytes = chunk_bytes + aead_tag_bytes;
inline constexpr std::size_t wrapped_key_bytes = key_bytes + aead_tag_bytes;
inline constexpr std::size_t slot_bytes = xwing_ciphertext_bytes + wrapped_key_bytes;
inline constexpr std::size_t payload_nonce_bytes = 32;
inline constexpr std::size_t commitment_bytes = 32;
inline constexpr std::size_t min_header_bytes = 2 + slot_bytes + payload_nonce_bytes + commitment_bytes;

[[nodiscard]] constexpr std::size_t header_bytes(std::size_t slots)
{
    return 2 + slots * slot_bytes + payload_nonce_bytes + commitment_bytes;
}
// The whole envelope of a padded payload.
[[nodiscard]] constexpr std::uint64_t envelope_bytes(std::size_t slots, std::uint64_t padded)
{
    return header_bytes(slots) + padded + (padded + chunk_bytes - 1) / chunk_bytes * aead_tag_bytes;
}
inline constexpr std::uint64_t max_envelope_bytes = envelope_bytes(max_slots, largest_class);

// Why an envelope does not open. The vectors in tests/vectors/ name these; name() gives the text they use.
enum class OpenFailure {
    truncated,          // shorter than its header, or than its size class
    unknown_suite,      // a suite byte this program does not know
    bad_slot_count,     // none, or more than four
    bad_size,           // the payload is of no size class
    no_slot,            // no slot opens with any key at hand
    bad_commitment,     // a slot opened, but the header is not the one its file key commits to
    bad_chunk,          // a chunk is damaged, moved, missing, or not marked last where the envelope ends
    bad_payload,        // the seal is good, what is inside is not framed as the specification says
    bad_manifest,       // not a canonical manifest
    bad_attachment,     // an attachment is not what the manifest says it is
};
[[nodiscard]] const char* name(OpenFailure failure);

// Seals one payload as it arrives, in constant memory: one locked chunk, sealed in place.
//
//   while (!bytes.empty()) {
//       const auto taken = sealer.take(bytes);
//       if (taken == 0) send(sealer.seal());      // the chunk is full and more is known to follow
//       bytes = bytes.subspan(taken);
//   }
//   sealer.pad_to(size);
//   while (!sealer.done()) send(sealer.seal());
class Sealer {
public:
    // One slot for each recipient, in shuffled order, under a fresh file key. An error when a public key is not one.
    [[nodiscard]] static Result<Sealer> create(std::span<const XWingPublicKey> recipients);
    // The same with the randomness given: for test vectors, nothing else. `randomness` is the file key (32), then the
    // payload nonce (32), then 64 bytes of X-Wing encapsulation seed for each recipient; the order is kept.
    [[nodiscard]] static Result<Sealer> create_deterministic(std::span<const XWingPublicKey> recipients,
                                                             ByteView randomness);

    [[nodiscard]] ByteView header() const { return header_; }
    // How much of `plaintext` went into the current chunk; 0 when it is full.
    [[nodiscard]] std::size_t take(ByteView plaintext);
    // No more plaintext; zeros follow until the payload has `size` bytes, which must not be fewer than were taken.
    void pad_to(std::uint64_t size);
    // The next sealed chunk, valid until the next call.
    [[nodiscard]] ByteView seal();
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] std::uint64_t taken() const { return taken_; }

private:
    Sealer(Bytes header, SecretBuffer work) : header_(std::move(header)), work_(std::move(work)) {}

    Bytes header_;
    SecretBuffer work_;  // one chunk with its tag, then the payload key
    std::size_t filled_ = 0;
    std::uint64_t counter_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t padded_ = 0;   // final size, once pad_to() was called
    std::uint64_t sealed_ = 0;
    bool padding_ = false;
    bool done_ = false;
};

// A header whose shape is right. Says nothing of who can open it.
class Header {
public:
    // `bytes` starts with the envelope's first byte and may hold more than the header.
    [[nodiscard]] static Result<Header, OpenFailure> parse(ByteView bytes);

    [[nodiscard]] std::size_t slots() const { return slots_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] ByteView slot(std::size_t index) const;
    [[nodiscard]] ByteView payload_nonce() const;
    [[nodiscard]] ByteView commitment() const;
    // SHA-256 of all that stands before the commitment.
    [[nodiscard]] Hash hash() const;

private:
    Header(Bytes bytes, std::size_t slots) : bytes_(std::move(bytes)), slots_(slots) {}
    Bytes bytes_;
    std::size_t slots_;
};

// The public shape of an envelope of `total` bytes: its padded payload, or why it can't be one. What the server checks.
[[nodiscard]] Result<std::uint64_t, OpenFailure> padded_payload(const Header& header, std::uint64_t total);

struct RecipientSecret {
    const SecretBuffer* secret;  // X-Wing seed
    XWingPublicKey public_key;
};

// Tries every secret on every slot. The file key, 32 bytes; no_slot or bad_commitment otherwise.
[[nodiscard]] Result<SecretBuffer, OpenFailure> unwrap_file_key(const Header& header,
                                                                std::span<const RecipientSecret> secrets);

// Opens the payload of one envelope chunk by chunk, in constant memory. What it returns is provisional until the last
// chunk has verified.
class Opener {
public:
    // Checks the commitment before anything is opened. `total`: the whole envelope's size.
    [[nodiscard]] static Result<Opener, OpenFailure> create(const Header& header, const SecretBuffer& file_key,
                                                            std::uint64_t total);

    // The size of the next sealed chunk; 0 when all are open.
    [[nodiscard]] std::size_t next_chunk() const;
    // Plaintext in locked memory, valid until the next call.
    [[nodiscard]] Result<ByteView, OpenFailure> open(ByteView sealed);
    [[nodiscard]] bool done() const { return left_ == 0; }

private:
    Opener(SecretBuffer work, std::uint64_t padded) : work_(std::move(work)), left_(padded) {}

    SecretBuffer work_;  // one chunk, then the payload key
    std::uint64_t left_;
    std::uint64_t counter_ = 0;
};

}  // namespace amana::crypto
