// SPDX-License-Identifier: AGPL-3.0-or-later
// An outbox as it lies in a file (docs/INBOX.md, sections 1 and 5), read and erased in place. Nothing of the store. The rules:
//
//   - what a piece costs does not depend on how many inboxes there are;
//   - what is erased is gone from the disk before what said whose it was: an erasure that is cut off is found again by its key;
//   - file times are one whole day of the outbox's own, whenever it was written.
#pragma once

#include "base/file.hpp"
#include "crypto/outbox.hpp"
#include "server/keeper/store.hpp"

namespace amana::keeper {

// An outbox expires so long after the Monday before it was made: the day that its file is dated.
inline constexpr UnixTime outbox_kept_for = 13 * one_week;

// Whose outboxes are believed.
struct Courier {
    std::string deployment;
    crypto::SigningPublicKey key{};
};

// All that stands before the body.
struct OutboxHead {
    Bytes bytes;
    [[nodiscard]] ByteView note() const { return ByteView(bytes).subspan(crypto::outbox_preamble_bytes); }
    // The file's length, when it is of this note.
    [[nodiscard]] std::uint64_t file_bytes(const crypto::OutboxNote& note) const { return bytes.size() + note.body_bytes() + crypto::hash_bytes; }
};
[[nodiscard]] Result<OutboxHead> read_outbox_head(int fd);

class OutboxFile {
public:
    // An error when the note is not the courier's, or the length not the note's. That the body is what was signed is import's
    // question: later it differs by what was erased.
    [[nodiscard]] static Result<OutboxFile> open(UniqueFd fd, const Courier& courier);

    [[nodiscard]] const crypto::OutboxNote& note() const { return note_; }
    [[nodiscard]] ByteView signed_note() const { return head_.note(); }
    [[nodiscard]] crypto::Hash note_hash() const { return crypto::sha256(signed_note()); }
    [[nodiscard]] int fd() const { return fd_.get(); }

    // As wire::Asked has them: the whole's length and piece `index`; empty when there is no such bucket, file or piece.
    [[nodiscard]] Result<Bytes> bucket_piece(std::uint32_t bucket, std::uint64_t index) const;
    [[nodiscard]] Result<Bytes> file_piece(const crypto::Item& id, std::uint64_t index) const;
    // An error when files of a class do not stand in the order of their ids, by which they are found.
    [[nodiscard]] Result<void> check_order() const;

    // --- erasing: outbox_erasing.cpp ----------------------------------------------------------------------------------
    struct Found {
        std::vector<std::uint64_t> slots;
        std::vector<std::uint64_t> files;
        [[nodiscard]] bool empty() const { return slots.empty() && files.empty(); }
    };
    // Called with keys done and keys in all; false ends it with an error.
    using Progress = std::function<bool(std::uint64_t, std::uint64_t)>;
    // What these keys can erase: of the slots of their buckets, and of all files.
    [[nodiscard]] Result<Found> find(std::span<const ErasedKey> keys, const Progress& progress = {}) const;
    // Returns when it is on disk.
    [[nodiscard]] Result<void> wipe(const Found& found) const;
    [[nodiscard]] Result<void> hold(std::span<const ErasedKey> keys, const Progress& progress = {}) const;
    // Sets the file's times. When the kernel last changed what it knows of the file (ctime) can't be set: whoever calls this
    // with every tick makes it say the tick.
    void date() const;

private:
    // What stands in the body.
    struct Stretch {
        std::uint64_t at;
        std::uint64_t bytes;
    };
    struct Named {
        crypto::Item name{};
        crypto::Verifier verifier{};
    };

    OutboxFile(UniqueFd fd, OutboxHead head, crypto::OutboxNote note) : fd_(std::move(fd)), head_(std::move(head)), note_(std::move(note)) {}

    [[nodiscard]] Result<void> read(std::uint64_t at, MutableBytes out) const;
    [[nodiscard]] Result<void> write(std::uint64_t at, ByteView bytes) const;
    [[nodiscard]] Result<Bytes> piece(std::span<const Stretch> stretches, std::uint64_t index) const;
    [[nodiscard]] Result<std::optional<std::uint64_t>> file_of(const crypto::Item& id) const;
    [[nodiscard]] Result<std::vector<Named>> slots_of(std::uint32_t bucket) const;
    [[nodiscard]] Result<std::vector<Named>> files() const;
    [[nodiscard]] Result<void> fill_file(std::uint64_t file) const;

    UniqueFd fd_;
    OutboxHead head_;
    crypto::OutboxNote note_;
};

}  // namespace amana::keeper
