// SPDX-License-Identifier: AGPL-3.0-or-later
// An inbox as the desk knows it: what a report carries inside its seal so that an answer can reach whoever has its receipt
// code, and what is found by it in an outbox (docs/ENVELOPE.md, sections 8 and 9; docs/INBOX.md).
#pragma once

#include "crypto/receipt.hpp"

#include <vector>

namespace amana::crypto {

using InboxId = ByteArray<key_bytes>;

// The public halves of a receipt's keys. Whoever knows all three is its citizen or the desk.
struct InboxAddress {
    InboxId id{};
    XWingPublicKey reply{};
    SigningPublicKey erasure{};
    bool operator==(const InboxAddress&) const = default;

    [[nodiscard]] static InboxAddress of(const Receipt::Keys& keys);
};

inline constexpr std::uint32_t max_buckets = 65536;
inline constexpr std::uint32_t bucket_slots = 32;

// The number of an id's first log2(`buckets`) bits; `buckets` is a power of two, 1 to max_buckets.
[[nodiscard]] std::uint32_t bucket_of(const InboxId& id, std::uint32_t buckets);

// What a slot is found by, or a file: nothing to who has not the inbox's id.
inline constexpr std::size_t item_bytes = 16;
using Item = ByteArray<item_bytes>;
[[nodiscard]] Item slot_tag(const InboxId& id, std::uint64_t serial, unsigned part);

// What stands beside a slot or a file in the outbox, so that nobody but the inbox's erasure key can erase it.
using Verifier = Hash;
[[nodiscard]] Verifier verifier(const SigningPublicKey& erasure, const Item& item);

// The request to the server (docs/INBOX.md, section 5).
inline constexpr std::size_t max_erase_items = 255;
inline constexpr std::size_t min_erase_bytes = ed25519_public_bytes + ed25519_signature_bytes + 8 + 4 + 1;
inline constexpr std::size_t max_erase_bytes = min_erase_bytes + max_erase_items * item_bytes;
struct Erase {
    SigningPublicKey erasure{};
    std::uint64_t serial = 0;
    std::uint32_t bucket = 0;
    std::vector<Item> items;

    // `root`: the deployment's root fingerprint.
    [[nodiscard]] static Bytes sign(ByteView erasure_seed, const Hash& root, std::uint64_t serial, std::uint32_t bucket, std::span<const Item> items);
    // An error when it is not whole, or not signed by the key that it names.
    [[nodiscard]] static Result<Erase> parse(ByteView bytes, const Hash& root);
};

// What the desk is sent, as the answer `signature` of an envelope of kind erasure, 128 digits of hexadecimal.
[[nodiscard]] Signature sign_forget(ByteView erasure_seed, const Hash& root, const InboxId& id, ByteView submission);
[[nodiscard]] bool verify_forget(const InboxAddress& inbox, const Hash& root, ByteView submission, std::string_view signature_hex);

}  // namespace amana::crypto
