// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/sequencer.hpp"

#include "server/keeper/tree_builder.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace amana::keeper {

namespace {

void shuffle(std::vector<PendingEnvelope>& entries)
{
    for (std::size_t i = entries.size(); i > 1; --i)
        std::swap(entries[i - 1], entries[crypto::random_below(static_cast<std::uint32_t>(i))]);
}

}  // namespace

// What a batch will be.
struct Sequencer::Plan {
    bool long_batch = false;
    std::map<std::uint64_t, std::uint64_t> decoys;  // by size class
};

Result<Sequencer> Sequencer::create(std::string origin, SecretBuffer seed, Cover cover, Clock clock)
{
    if (!crypto::is_note_name(origin)) return Error{"'" + origin + "' can't be a log's name", ""};
    crypto::NoteVerifier verifier{std::move(origin), crypto::signing_public_key(seed.view())};
    return Sequencer(std::move(verifier), std::move(seed), std::move(cover), std::move(clock));
}

Result<void> Sequencer::check(const Tree& tree, const crypto::NoteVerifier& log)
{
    const auto checkpoint = crypto::Checkpoint::parse(tree.checkpoint, log);
    if (!checkpoint)
        return Error{"the log's last checkpoint is not signed by log.key under the name '" + log.name +
                         "': " + checkpoint.error().message,
                     "The log's name in the config and log.key must stay as they were when the log began."};
    const auto frontier = crypto::Frontier::restore(tree.size, tree.frontier);
    if (!frontier || checkpoint->size != tree.size || checkpoint->root != frontier->root())
        return Error{"the log's tree is damaged: it is not the one its checkpoint signs", "Restore the store from a backup."};
    return {};
}

std::string Sequencer::promise(const Tree& tree, const crypto::Hash& leaf) const
{
    return crypto::Promise{verifier_.name, tree.long_from, tree.long_from + promise_window, leaf}.sign(seed_.view());
}

Stored<Sequencer::Plan> Sequencer::plan(Store& store, Take take) const
{
    const auto tree = store.tree();
    if (!tree) return tree.error();
    const auto pending = store.pending();
    if (!pending) return pending.error();
    std::map<std::uint64_t, std::uint64_t> waiting;
    for (const auto& envelope : *pending) ++waiting[envelope.size_class];

    Plan plan;
    const auto cover = [&](std::uint64_t size_class) {
        plan.decoys[size_class] = cover_.count(size_class, waiting[size_class]);
    };
    cover(crypto::text_class);
    const auto text = waiting[crypto::text_class] + plan.decoys[crypto::text_class];
    // What was promised must be in before the tree has BY entries: then everything goes in.
    const bool promised = tree->size + text >= tree->long_from + promise_window;
    plan.long_batch = take == Take::all || tree->ticks_to_long <= 1 || promised;
    if (plan.long_batch)
        for (const auto size_class : crypto::size_classes)
            if (size_class != crypto::text_class) cover(size_class);
    return plan;
}

Stored<void> Sequencer::add_decoys(Store& store, const Plan& plan) const
{
    for (const auto& [size_class, count] : plan.decoys)
        for (std::uint64_t made = 0; made < count; ++made)
            if (const auto added = cover_.make(store, size_class); !added) return added.error();
    return {};
}

Result<Batch> Sequencer::extend(Store& store, const Tree& before, const std::vector<PendingEnvelope>& entries) const
{
    auto builder = TreeBuilder::create(before, [&store](unsigned level, std::uint64_t index) -> Result<Bytes> {
        auto tile = store.tile(level, index);
        if (!tile) return tile.error().error;
        return *std::move(tile);
    });
    if (!builder) return builder.error();
    for (const auto& entry : entries)
        if (const auto appended = builder->append(entry.leaf); !appended) return appended.error();
    const auto& frontier = builder->frontier();
    Batch batch;
    batch.tree = before;
    batch.tree.size = frontier.size();
    batch.tree.frontier = frontier.hashes();
    const crypto::Checkpoint checkpoint{verifier_.name, frontier.size(), frontier.root()};
    batch.tree.checkpoint.clear();
    append(batch.tree.checkpoint, as_bytes(checkpoint.sign(seed_.view())));
    batch.tiles = builder->tiles();
    batch.day = today();
    return batch;
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

Stored<std::uint64_t> Sequencer::tick(Store& store, Take take) const
{
    if (cover_.missing) return StoreFailure{false, *cover_.missing};
    if (const auto begun = store.begin(); !begun) return begun.error();
    const auto planned = plan(store, take);
    const auto added = planned ? add_decoys(store, *planned) : Stored<void>(planned.error());
    if (!added) {
        store.roll_back();
        return added.error();
    }
    return run(store, [&](const Tree& before, std::vector<PendingEnvelope>& pending) -> Result<Batch> {
        if (!planned->long_batch)
            std::erase_if(pending, [](const auto& envelope) { return envelope.size_class != crypto::text_class; });
        shuffle(pending);
        for (auto& envelope : pending) envelope.lane = before.lanes.of(envelope.size_class);
        auto batch = extend(store, before, pending);
        if (!batch) return batch;
        auto& tree = batch->tree;
        tree.lanes.close(planned->long_batch);
        if (planned->long_batch) {
            tree.long_from = tree.size;
            tree.ticks_to_long = cover_.file_ticks;
        } else {
            --tree.ticks_to_long;
        }
        return batch;
    });
}

Result<void> Sequencer::begin_from(Store& store, const crypto::NoteVerifier& lost) const
{
    const auto tree = store.tree();
    if (!tree) return tree.error().error;
    if (const auto sound = check(*tree, lost); !sound) return sound;
    if (const auto unsaid = store.set_witnessed({}, tree->witnessed_size); !unsaid) return unsaid.error().error;
    const auto begun = run(store, [&](const Tree& before, std::vector<PendingEnvelope>& pending) -> Result<Batch> {
        pending.clear();
        return extend(store, before, {});
    });
    if (!begun) return begun.error().error;
    return {};
}

// Writes only when the log begins: whoever asks beside a serving keeper must not have to wait for its tick.
Result<void> Sequencer::adopt(Store& store) const
{
    const auto tree = store.tree();
    if (!tree) return tree.error().error;
    if (!tree->checkpoint.empty()) return check(*tree, verifier_);
    const auto begun = run(store, [&](const Tree& before, std::vector<PendingEnvelope>& pending) -> Result<Batch> {
        pending.clear();  // a batch belongs to a tick, not to a start
        auto batch = extend(store, before, {});
        if (batch) batch->tree.ticks_to_long = cover_.file_ticks;
        return batch;
    });
    if (!begun) return begun.error().error;
    return {};
}

}  // namespace amana::keeper
