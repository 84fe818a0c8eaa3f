// SPDX-License-Identifier: AGPL-3.0-or-later
// What comes with an outbox or against one, signed by whoever may sign it: its note, its beginning, a request to erase.
#include "base/require.hpp"
#include "crypto/outbox.hpp"

#include <algorithm>
#include <string>

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Bytes seed(ed25519_seed_bytes, 1);
    static const auto courier = signing_public_key(seed);
    const ByteView bytes(data, size);
    (void)parse_outbox_preamble(bytes);

    Note note{std::string(as_text(bytes)) + "\n", {}};
    note.sign("d/courier", seed);
    if (const auto read = OutboxNote::parse(as_bytes(note.encode()), "d", courier)) {
        require(read->text() == note.text, "one note, one text");
        require(read->body_bytes() > read->slot_at(0) && read->file_count() <= answer_file_classes.size() * max_outbox_files, "bounds");
    }

    const Hash root{};
    require(!Erase::parse(bytes, root), "nothing is erased that nobody signed");
    if (size >= 12 && (size - 12) / item_bytes <= max_erase_items) {
        std::vector<Item> items((size - 12) / item_bytes);
        for (std::size_t i = 0; i < items.size(); ++i) std::copy_n(data + 12 + i * item_bytes, item_bytes, items[i].begin());
        const auto read = Erase::parse(Erase::sign(seed, root, size, data[0], items), root);
        require(read && read->items == items && read->erasure == courier, "what is signed is read");
    }
    return 0;
}
