// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/sequencer.hpp"

#include <utility>

namespace amana::keeper {

namespace {

void shuffle(std::vector<PendingEnvelope>& entries)
{
    for (std::size_t i = entries.size(); i > 1; --i)
        std::swap(entries[i - 1], entries[crypto::random_below(static_cast<std::uint32_t>(i))]);
}

}  // namespace

Result<Sequencer> Sequencer::create(std::string origin, SecretBuffer seed)
{
    if (!crypto::is_note_name(origin)) return Error{"'" + origin + "' can't be a log's name", ""};
    crypto::NoteVerifier verifier{std::move(origin), crypto::signing_public_key(seed.view())};
    return Sequencer(std::move(verifier), std::move(seed));
}

Result<void> Sequencer::check(const Tree& tree) const
{
    const auto checkpoint = crypto::Checkpoint::parse(tree.checkpoint, verifier_);
    if (!checkpoint)
        return Error{"the log's last checkpoint is not signed by log.key under the name '" + verifier_.name +
                         "': " + checkpoint.error().message,
                     "The log's name in the config and log.key must stay as they were when the log began."};
    const auto frontier = crypto::Frontier::restore(tree.size, tree.frontier);
    if (!frontier || checkpoint->size != tree.size || checkpoint->root != frontier->root())
        return Error{"the log's tree is damaged: it is not the one its checkpoint signs", "Restore the store from a backup."};
    return {};
}

Result<Tree> Sequencer::extend(const Tree& before, const std::vector<PendingEnvelope>& entries) const
{
    auto frontier = crypto::Frontier::restore(before.size, before.frontier);
    if (!frontier) return frontier.error();
    for (const auto& entry : entries) frontier->append(entry.leaf);
    const crypto::Checkpoint checkpoint{verifier_.name, frontier->size(), frontier->root()};
    Tree after;
    after.size = frontier->size();
    after.frontier = frontier->hashes();
    append(after.checkpoint, as_bytes(checkpoint.sign(seed_.view())));
    return after;
}

std::string Sequencer::promise(const Tree& tree, const crypto::Hash& leaf) const
{
    crypto::Note note;
    note.text = "amana promise v1\n" + verifier_.name + "\n" + std::to_string(tree.long_from) + "\n" +
                std::to_string(tree.long_from + 4096) + "\n" + to_base64(leaf) + "\n";
    note.sign(verifier_.name, seed_.view());
    return note.encode();
}

Stored<std::uint64_t> Sequencer::run(Store& store, const Arrange& arrange) const
{
    const auto sequenced = store.sequence(arrange);
    if (!sequenced) {
        store.roll_back();
        return sequenced.error();
    }
    if (const auto committed = store.commit(); !committed) {
        store.roll_back();
        return committed.error();
    }
    return *sequenced;
}

Stored<std::uint64_t> Sequencer::tick(Store& store) const
{
    return run(store, [this](const Tree& before, std::vector<PendingEnvelope>& pending) -> Result<Tree> {
        if (pending.empty()) return before;
        shuffle(pending);
        return extend(before, pending);
    });
}

// Writes only when the log begins: whoever asks beside a serving keeper must not have to wait for its tick.
Result<void> Sequencer::adopt(Store& store) const
{
    const auto tree = store.tree();
    if (!tree) return tree.error().error;
    if (!tree->checkpoint.empty()) return check(*tree);
    const auto begun = run(store, [this](const Tree& before, std::vector<PendingEnvelope>& pending) -> Result<Tree> {
        pending.clear();  // a batch belongs to a tick, not to a start
        if (before.checkpoint.empty()) return extend(before, {});
        if (const auto sound = check(before); !sound) return sound.error();
        return before;
    });
    if (!begun) return begun.error().error;
    return {};
}

}  // namespace amana::keeper
