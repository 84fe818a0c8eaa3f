// SPDX-License-Identifier: AGPL-3.0-or-later
// Bundles, read as an importer does: preamble, checkpoint, entries by their heads. The log's key is known here, so that a
// corpus can hold checkpoints that are signed.
#include "base/reader.hpp"
#include "base/require.hpp"
#include "crypto/bundle.hpp"
#include "crypto/envelope.hpp"
#include "tests/crypto/opening.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const NoteVerifier log{"log.example", signing_public_key(testing::seeded_bytes("log", 32))};
    Reader reader(ByteView(data, size));
    const auto note_size = parse_bundle_preamble(reader.bytes(std::min(bundle_preamble_bytes, size)));
    if (!note_size) return 0;
    require(*note_size <= max_checkpoint_bytes, "a note's bound");
    const auto note = reader.bytes(*note_size);
    const auto first = reader.integer<std::uint64_t>();
    if (!reader.ok()) return 0;
    const auto checkpoint = Checkpoint::parse(note, log);
    if (checkpoint) {
        require(checkpoint->origin == log.name, "a checkpoint's origin");
        // The head is the only way to write what was read.
        const auto again = encode_bundle_head(as_text(note), first);
        require(std::equal(again.begin(), again.end(), data), "one head, one text");
    }
    while (!reader.rest().empty()) {
        const auto entry = parse_bundle_entry_head(reader.bytes(std::min(bundle_entry_head_bytes, reader.rest().size())));
        if (!entry) return 0;
        require(*entry <= max_envelope_bytes && *entry >= envelope_bytes(1, text_class), "an entry's bounds");
        LeafHash leaf;
        leaf.update(reader.bytes(static_cast<std::size_t>(*entry)));
        if (!reader.ok()) return 0;
        (void)leaf.finish();
    }
    return 0;
}
