// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/witness.hpp"

#include "crypto/keyset.hpp"
#include "server/keeper/tree_reader.hpp"

#include <fmt/format.h>

namespace amana::keeper {

Result<std::uint64_t> take_cosigned(Storage& storage, const wire::KeeperSlice& slice, ByteView note)
{
    const auto checkpoint = crypto::Checkpoint::parse(note, storage.sequencer.verifier());
    if (!checkpoint)
        return Error{"this is no checkpoint of this log: " + checkpoint.error().message,
                     "Bring the file that 'amana-desk cosign' wrote."};
    const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return Error{"whether the desk signed it can't be told without the key set: " + keys.error().message, keys.error().hint};
    const auto parsed = crypto::Note::parse(note, crypto::max_checkpoint_bytes);
    if (!parsed) return parsed.error();
    const crypto::NoteVerifier witness{keys->deployment + "/witness", keys->witness.key};
    if (!parsed->cosigned_by(witness))
        return Error{"the checkpoint is not co-signed by this deployment's witness",
                     "If the desk's keys were renewed, set the new key set in [keys] first."};

    auto& store = *storage.store;
    const auto tree = store.tree();
    if (!tree) return tree.error().error;
    if (checkpoint->size > tree->size)
        return Error{fmt::format("the desk has seen {} entries, and this log has {}", checkpoint->size, tree->size),
                     "This store is older than the desk's: it was restored from a backup, or is another server's. Tell the desk."};
    if (checkpoint->size < tree->witnessed_size)
        return Error{fmt::format("a later checkpoint, of {} entries, is co-signed already", tree->witnessed_size),
                     "Nothing was changed; bring the desk's last one."};
    const auto then = frontier_at(store, checkpoint->size);
    if (!then) return then.error();
    if (then->root() != checkpoint->root)
        return Error{"the desk has seen another past than this store has", "Run 'amana-server fsck', and tell the desk."};
    if (const auto set = store.set_witnessed(note, checkpoint->size); !set) return set.error().error;
    if (const auto committed = store.commit(); !committed) return committed.error().error;
    return checkpoint->size;
}

}  // namespace amana::keeper
