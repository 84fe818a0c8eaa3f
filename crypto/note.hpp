// SPDX-License-Identifier: AGPL-3.0-or-later
// Signed notes (C2SP signed-note): a text that people can read, a blank line, and one line for each signature. Used for
// the key set and for the log's checkpoints. Only Ed25519 (algorithm 1) is written; other signature lines are kept and
// ignored, as the specification asks.
#pragma once

#include "crypto/primitives.hpp"

#include <string>
#include <vector>

namespace amana::crypto {

inline constexpr Byte note_ed25519 = 1;
inline constexpr std::size_t note_key_id_bytes = 4;
inline constexpr std::size_t max_note_signatures = 16;

using NoteKeyId = ByteArray<note_key_id_bytes>;

// A name and a key: "verifier key" in the specification, whose text form is NAME+HEXID+BASE64.
struct NoteVerifier {
    std::string name;
    SigningPublicKey key{};

    [[nodiscard]] NoteKeyId id() const;
    [[nodiscard]] std::string text() const;
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
    // Whether this verifier's signature is there and good.
    [[nodiscard]] bool verified_by(const NoteVerifier& verifier) const;
};

}  // namespace amana::crypto
