// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/fsck.hpp"

#include "crypto/checkpoint.hpp"
#include "server/keeper/sqlite_rows.hpp"
#include "server/keeper/tree_reader.hpp"

#include <fmt/format.h>

#include <array>

namespace amana::keeper {

namespace {

class Fsck {
public:
    Fsck(Store& store, const crypto::NoteVerifier& log, const FsckProgress& progress)
        : store_(store), log_(log), progress_(progress)
    {
    }

    Result<FsckReport> run()
    {
        const auto tree = store_.tree();
        if (!tree) return tree.error().error;
        if (const auto done = rows(); !done) return done.error();
        if (const auto done = hashes(*tree); !done) return done.error();
        if (leaves_readable_)
            if (const auto done = envelopes(*tree); !done) return done.error();
        if (const auto done = waiting(); !done) return done.error();
        return std::move(report_);
    }

private:
    void fault(std::string line)
    {
        if (report_.faults.size() < max_faults) report_.faults.push_back(std::move(line));
    }

    Result<void> rows()
    {
        auto damage = store_.damage();
        if (!damage) return damage.error().error;
        for (auto& line : *damage) fault(std::move(line));
        return {};
    }

    // Every level again from the leaves, held to what is stored; then the root.
    Result<void> hashes(const Tree& tree)
    {
        crypto::Frontier frontier;
        const auto read = for_each_leaf(store_, 0, tree.size, [&](std::uint64_t, const crypto::Hash& leaf) -> Result<void> {
            frontier.append(leaf);
            ++report_.leaves;
            return add(0, leaf);
        });
        if (!read) {
            fault(read.error().message);
            leaves_readable_ = false;  // so no envelope can be held to its leaf
            return {};
        }
        for (unsigned level = 0; level < tile_levels; ++level)
            if (!levels_[level].hashes.empty())
                if (const auto held = hold(level); !held) return held.error();
        const auto checkpoint = crypto::Checkpoint::parse(tree.checkpoint, log_);
        if (!checkpoint) fault("the checkpoint is not the log key's: " + checkpoint.error().message);
        else if (checkpoint->size != tree.size || checkpoint->root != frontier.root())
            fault("the checkpoint is not of these leaves");
        if (frontier.hashes() != tree.frontier) fault("the tree's right edge is not of these leaves");
        return {};
    }

    struct Level {
        std::uint64_t index = 0;
        Bytes hashes;
    };

    Result<void> add(unsigned level, const crypto::Hash& hash)
    {
        if (level == tile_levels) return {};
        auto& current = levels_[level];
        append(current.hashes, hash);
        if (current.hashes.size() < tile_width * crypto::hash_bytes) return {};
        if (const auto held = hold(level); !held) return held;
        crypto::Frontier subtree;
        for (std::size_t at = 0; at < current.hashes.size(); at += crypto::hash_bytes)
            subtree.append(hash_of(ByteView(current.hashes).subspan(at, crypto::hash_bytes)));
        current.hashes.clear();
        ++current.index;
        return add(level + 1, subtree.root());
    }

    Result<void> hold(unsigned level)
    {
        const auto& current = levels_[level];
        const auto stored = store_.tile(level, current.index);
        if (!stored) return stored.error().error;
        if (*stored != current.hashes) fault(fmt::format("tile {} of level {} is not of these leaves", current.index, level));
        return {};
    }

    // Whether the chunks that `read` shows are a whole envelope of its class, with this leaf.
    template <typename Read>
    Result<bool> whole(const crypto::Hash& expected, const Read& read)
    {
        crypto::LeafHash leaf;
        std::uint64_t bytes = 0;
        std::uint64_t wanted = 0;
        const auto done = read([&](const LogEntry& entry, ByteView chunk) -> Result<void> {
            if (bytes == 0) {
                const auto header = crypto::Header::parse(chunk);
                if (header && crypto::is_size_class(entry.size_class))
                    wanted = crypto::envelope_bytes(header->slots(), entry.size_class);
            }
            bytes += chunk.size();
            leaf.update(chunk);
            return {};
        });
        if (!done) return done.error().error;
        return bytes != 0 && bytes == wanted && leaf.finish() == expected;
    }

    Result<void> envelopes(const Tree& tree)
    {
        report_.erased = tree.erased_below;
        return for_each_leaf(store_, tree.erased_below, tree.size,
                             [&](std::uint64_t index, const crypto::Hash& expected) -> Result<void> {
            if (progress_ && !progress_(index - tree.erased_below, tree.size - tree.erased_below))
                return Error{"interrupted; nothing was changed", ""};
            const auto there = store_.size_class(index);
            if (!there) {
                fault(there.error().error.message);
                return {};
            }
            const auto sound = whole(expected, [&](const EntrySink& sink) { return store_.read(index, sink); });
            if (!sound) return sound.error();
            if (*sound) ++report_.envelopes;
            else fault(fmt::format("entry {} is not the envelope that its leaf was made of", index));
            return {};
        });
    }

    Result<void> waiting()
    {
        const auto pending = store_.pending();
        if (!pending) return pending.error().error;
        std::size_t broken = 0;
        for (const auto& envelope : *pending) {
            const auto sound = whole(envelope.leaf, [&](const EntrySink& sink) { return store_.read_pending(envelope, sink); });
            if (!sound) return sound.error();
            if (*sound) ++report_.pending;
            else ++broken;
        }
        if (broken != 0) fault(fmt::format("{} of the pending envelopes are not whole", broken));
        return {};
    }

    Store& store_;
    const crypto::NoteVerifier& log_;
    const FsckProgress& progress_;
    FsckReport report_;
    bool leaves_readable_ = true;
    std::array<Level, tile_levels> levels_;
};

}  // namespace

Result<FsckReport> fsck(Store& store, const crypto::NoteVerifier& log, const FsckProgress& progress)
{
    if (const auto frozen = store.freeze(); !frozen) return frozen.error().error;
    auto report = Fsck(store, log, progress).run();
    store.thaw();
    return report;
}

}  // namespace amana::keeper
