// SPDX-License-Identifier: AGPL-3.0-or-later
// The outbox: all open answers in one file, from the desk to the server (docs/INBOX.md, section 1).
//
//   outbox = "AMANA-OUTBOX\n" ‖ version (2) ‖ note length (4) ‖ note ‖ body ‖ SHA-256 of all before (32)
//   body   = notice (4096) ‖ slot (4096) × 32 B ‖ verifier (32) × 32 B ‖ (file id (16) ‖ verifier (32)) × F ‖ file × F
#pragma once

#include "base/clock.hpp"
#include "crypto/letter.hpp"
#include "crypto/note.hpp"

namespace amana::crypto {

inline constexpr std::string_view outbox_magic = "AMANA-OUTBOX\n";
inline constexpr std::uint16_t outbox_version = 1;
inline constexpr std::size_t outbox_preamble_bytes = 13 + 2 + 4;
inline constexpr std::size_t max_outbox_note_bytes = 2048;
inline constexpr std::size_t outbox_entry_bytes = item_bytes + hash_bytes;
inline constexpr std::uint32_t max_outbox_files = 4096;  // of one class

struct OutboxNote {
    std::string deployment;
    std::uint64_t serial = 1;
    std::uint64_t seen = 0;  // the log's size as far as the desk has imported it
    UnixTime expires = 0;
    std::uint32_t buckets = 1;
    struct Files {
        std::uint32_t size_class;
        std::uint32_t count;
        bool operator==(const Files&) const = default;
    };
    std::vector<Files> files;
    Hash body{};

    // The name it is signed under.
    [[nodiscard]] static std::string signer(std::string_view deployment);
    [[nodiscard]] std::string text() const;
    // The signed note.
    [[nodiscard]] std::string sign(ByteView courier_seed) const;
    // An error that says what is wrong: not a note, not signed by this deployment's courier, not an outbox's, out of bounds.
    [[nodiscard]] static Result<OutboxNote> parse(ByteView note, std::string_view deployment, const SigningPublicKey& courier);

    // Where things stand in the body.
    [[nodiscard]] std::uint64_t slots() const { return std::uint64_t{buckets} * bucket_slots; }
    [[nodiscard]] std::uint64_t slot_at(std::uint64_t slot) const { return answer_slot_bytes + slot * answer_slot_bytes; }
    [[nodiscard]] std::uint64_t verifier_at(std::uint64_t slot) const { return slot_at(slots()) + slot * hash_bytes; }
    [[nodiscard]] std::uint64_t file_count() const;
    [[nodiscard]] std::uint64_t entry_at(std::uint64_t file) const { return verifier_at(slots()) + file * outbox_entry_bytes; }
    // The file of this number, counted over all classes; `file` == file_count() gives the body's end.
    [[nodiscard]] std::uint64_t file_at(std::uint64_t file) const;
    [[nodiscard]] std::uint32_t class_of(std::uint64_t file) const;
    [[nodiscard]] std::uint64_t body_bytes() const { return file_at(file_count()); }
};

// Everything before the note, whose length it holds.
[[nodiscard]] Bytes outbox_preamble(std::size_t note_bytes);
// The note's length.
[[nodiscard]] Result<std::size_t> parse_outbox_preamble(ByteView preamble);
// Where the body begins.
[[nodiscard]] constexpr std::size_t outbox_head_bytes(std::size_t note_bytes) { return outbox_preamble_bytes + note_bytes; }

}  // namespace amana::crypto
