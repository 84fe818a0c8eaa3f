// SPDX-License-Identifier: AGPL-3.0-or-later
// Signed notes, verifier keys and checkpoints. What is read is written again to the byte.
#include "base/require.hpp"
#include "crypto/checkpoint.hpp"
#include "crypto/promise.hpp"
#include "tests/crypto/opening.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto seed = testing::seeded_bytes("log", 32);
    static const NoteVerifier log{"log.example", signing_public_key(seed)};
    const ByteView input(data, size);
    if (const auto note = Note::parse(input, 64 * 1024)) {
        require(note->encode() == as_text(input), "one note, one text");
        (void)note->verified_by(log);
    }
    if (const auto verifier = NoteVerifier::parse(as_text(input))) require(verifier->text() == as_text(input), "one key, one text");
    (void)Checkpoint::parse(input, log);

    // The input as the signed text, which no fuzzer could sign by itself.
    const auto end = as_text(input).find("\n\n");
    Note signed_note{std::string(as_text(input).substr(0, end)) + "\n", {}};
    signed_note.sign(log.name, seed);
    const auto encoded = signed_note.encode();
    const auto again = Note::parse(as_bytes(encoded), 64 * 1024);
    if (again) require(again->verified_by(log), "a note that was signed is verified");
    if (const auto checkpoint = Checkpoint::parse(as_bytes(encoded), log))
        require(signed_note.text.starts_with(checkpoint->text()), "one checkpoint, one text");
    (void)Promise::parse(input, log);
    if (const auto promise = Promise::parse(as_bytes(encoded), log)) require(signed_note.text == promise->text(), "one promise, one text");
    signed_note.cosign(log.name, seed, size);
    require(signed_note.cosigned_by(log), "a note that was co-signed is");
    return 0;
}
