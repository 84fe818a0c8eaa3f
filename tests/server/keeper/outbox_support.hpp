// SPDX-License-Identifier: AGPL-3.0-or-later
// Outboxes for the keeper's tests: their letters and files are random bytes, which the keeper can't tell from real ones; what
// they are found and erased by is real.
#pragma once

#include "crypto/outbox.hpp"
#include "server/keeper/outbox_file.hpp"
#include "server/keeper/outbox_import.hpp"
#include "tests/server/keeper/process.hpp"

namespace amana::keeper::test {

// An inbox whose keys all come from one number.
struct Owner {
    explicit Owner(std::uint32_t number);
    SecretBuffer seed;  // of its erasure key
    crypto::SigningPublicKey key{};
    crypto::InboxId id{};

    [[nodiscard]] Bytes erase(std::uint64_t serial, std::uint32_t buckets, const std::vector<crypto::Item>& items) const;
};

// Of the key set that give_keys() makes.
[[nodiscard]] crypto::Hash test_root();
[[nodiscard]] Courier test_courier();

struct MadeOutbox {
    crypto::OutboxNote note;
    Byte courier = 8;  // what its seed is made of; 8 is the key set's
    Bytes body;
    Bytes bytes;       // the whole; after sign()

    // Signs the body as it is, and makes the whole of it.
    MadeOutbox& sign();
    // The next part of the owner's letter, in the first free place of its bucket.
    crypto::Item put_letter(const Owner& owner);
    crypto::Item put_file(const Owner& owner, std::uint64_t file);
    [[nodiscard]] ByteView slot(std::uint64_t number) const;
    [[nodiscard]] ByteView verifier_of(std::uint64_t slot) const;
    [[nodiscard]] Bytes bucket(std::uint32_t number) const;  // as it is fetched
    [[nodiscard]] Bytes file(std::uint64_t number) const;
    [[nodiscard]] std::filesystem::path write(const std::filesystem::path& path) const;

    std::set<std::uint64_t> taken;
    std::map<crypto::InboxId, unsigned> parts;
};
// Of the serial; decoys in all places; signed.
[[nodiscard]] MadeOutbox make_outbox(std::uint64_t serial, std::uint32_t buckets = 4, std::vector<crypto::OutboxNote::Files> files = {{65536, 3}, {262144, 1}});

// How many slots and files of an outbox's file are this owner's.
[[nodiscard]] std::size_t places_of(const std::filesystem::path& outbox, const Owner& owner);

}  // namespace amana::keeper::test
