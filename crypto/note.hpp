// SPDX-License-Identifier: AGPL-3.0-or-later
// Signed notes (C2SP signed-note): a text that people can read, a blank line, and one line for each signature. Used for
// the key set and for the log's checkpoints. Ed25519
// (algorithm 1) and cosignatures (algorithm 4) are written; other signature lines are kept and
// ignored, as the specification asks.
#pragma once

#include "crypto/primitives.hpp"

#include <string>
#include <vector>

namespace amana::crypto {

inline constexpr Byte note_ed25519 = 1;
inline constexpr Byte note_cosignature = 4;  // C2SP tlog-cosignature: Ed25519 over a checkpoint and a time
inline constexpr std::size_t note_key_id_bytes = 4;
inline constexpr std::size_t max_note_signatures = 16;

using NoteKeyId = ByteArray<note_key_id_bytes>;

// A name and a key: "verifier key" in the specification, whose text form is NAME+HEXID+BASE64.
struct NoteVerifier {
    std::string name;
    SigningPublicKey key{};

    [[nodiscard]] NoteKeyId id() const;
    // The same key as a witness's.
    [[nodiscard]] NoteKeyId cosigner_id() const;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string cosigner_text() const;
    [[nodiscard]] static Result<NoteVerifier> parse(std::string_view text);
};

// A name fit for a note: 1 to 128 bytes of printable ASCII without spaces or '+'.
[[nodiscard]] bool is_note_name(std::string_view name);

struct NoteSignature {
    std::string name;
    NoteKeyId id{};
    Bytes signature;
};

struct Note {
    std::string text;  // ends with a newline
    std::vector<NoteSignature> signatures;

    [[nodiscard]] static Result<Note> parse(ByteView bytes, std::size_t max);
    [[nodiscard]] std::string encode() const;
    // Appends a signature by this name and seed.
    void sign(const std::string& name, ByteView seed);
    // Appends a cosignature/v1 by this witness; `time` in seconds since 1970.
    void cosign(const std::string& name, ByteView seed, std::uint64_t time);
    // Whether this witness's cosignature is there and good.
    [[nodiscard]] bool cosigned_by(const NoteVerifier& witness) const;
    // Whether this verifier's signature is there and good.
    [[nodiscard]] bool verified_by(const NoteVerifier& verifier) const;
};

}  // namespace amana::crypto
