// SPDX-License-Identifier: AGPL-3.0-or-later
// The SQLite store's log: the tree and its tiles, the entries, and their erasure.
#include "server/keeper/sqlite_store.hpp"

#include "base/require.hpp"
#include "server/keeper/sqlite_rows.hpp"

#include <algorithm>

namespace amana::keeper {

// --- the tree ------------------------------------------------------------------------------------------------------------

Stored<Tree> SqliteStore::tree()
{
    auto& statement = statements_.tree;
    const auto there = statement.step();
    if (!there) return failed(there.error());
    if (!*there) return StoreFailure{false, Error{"the store has lost its tree", "Restore it from a backup."}};
    Tree tree;
    tree.size = static_cast<std::uint64_t>(statement.integer(0));
    append(tree.frontier, statement.blob(1));
    append(tree.checkpoint, statement.blob(2));
    tree.long_from = static_cast<std::uint64_t>(statement.integer(3));
    tree.ticks_to_long = static_cast<std::uint32_t>(statement.integer(4));
    append(tree.witnessed, statement.blob(5));
    tree.witnessed_size = static_cast<std::uint64_t>(statement.integer(6));
    tree.erased_below = static_cast<std::uint64_t>(statement.integer(7));
    tree.lanes = {static_cast<unsigned>(statement.integer(8)), static_cast<unsigned>(statement.integer(9)),
                  static_cast<unsigned>(statement.integer(10)), static_cast<unsigned>(statement.integer(11))};
    statement.reset();
    return tree;
}

Stored<Bytes> SqliteStore::tile(unsigned level, std::uint64_t index)
{
    auto& statement = statements_.tile.bind(1, tile_row(level, index));
    const auto there = statement.step();
    if (!there) return failed(there.error());
    Bytes hashes;
    if (*there) append(hashes, statement.blob(0));
    statement.reset();
    return hashes;
}

// The largest size marked up to that day, and no more than any later day's: marks that do not rise are of a clock that was wrong.
Stored<std::uint64_t> SqliteStore::size_on(std::int64_t day)
{
    auto& statement = statements_.size_on.bind(1, day);
    const auto there = statement.step();
    if (!there) return failed(there.error());
    const auto size = *there ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
    statement.reset();
    return size;
}

Stored<void> SqliteStore::keep(const Batch& batch)
{
    const auto& tree = batch.tree;
    auto& set = statements_.set_tree.bind(1, static_cast<std::int64_t>(tree.size))
                    .bind(2, tree.frontier)
                    .bind(3, tree.checkpoint)
                    .bind(4, static_cast<std::int64_t>(tree.long_from))
                    .bind(5, static_cast<std::int64_t>(tree.ticks_to_long))
                    .bind(6, std::int64_t{tree.lanes.peak})
                    .bind(7, std::int64_t{tree.lanes.text})
                    .bind(8, std::int64_t{tree.lanes.files});
    if (const auto kept = done(set.run()); !kept) return kept.error();
    for (const auto& tile : batch.tiles) {
        auto& put = statements_.set_tile.bind(1, tile_row(tile.level, tile.index)).bind(2, tile.hashes);
        if (const auto kept = done(put.run()); !kept) return kept.error();
    }
    if (tree.size == 0) return {};  // of a log that only begins: the first entries of the day are still to come
    return done(statements_.mark.bind(1, batch.day).bind(2, static_cast<std::int64_t>(tree.size)).run());
}

Stored<void> SqliteStore::set_witnessed(ByteView note, std::uint64_t size)
{
    if (const auto open = open_group(); !open) return open.error();
    return done(statements_.set_witnessed.bind(1, note).bind(2, static_cast<std::int64_t>(size)).run());
}

Stored<void> SqliteStore::press(unsigned now, unsigned highest)
{
    if (const auto open = open_group(); !open) return open.error();
    return done(statements_.press.bind(1, std::int64_t{now}).bind(2, std::int64_t{std::max(now, highest)}).run());
}

// --- a batch -------------------------------------------------------------------------------------------------------------

Stored<std::vector<PendingEnvelope>> SqliteStore::pending()
{
    std::vector<PendingEnvelope> all;
    auto& statement = statements_.pending;
    for (;;) {
        const auto there = statement.step();
        if (!there) return failed(there.error());
        if (!*there) return all;
        all.push_back({UploadKey{static_cast<std::uint64_t>(statement.integer(0))},
                       static_cast<std::uint64_t>(statement.integer(1)), hash_of(statement.blob(2))});
    }
}

Stored<void> SqliteStore::append_entry(std::uint64_t index, const PendingEnvelope& envelope)
{
    const auto entry = done(statements_.log_entry.bind(1, static_cast<std::int64_t>(index))
                                .bind(2, static_cast<std::int64_t>(envelope.size_class))
                                .bind(3, std::int64_t{envelope.lane})
                                .run());
    if (!entry) return entry.error();
    return done(statements_.log_chunks.bind(1, chunk_row(envelope.key, 0))
                    .bind(2, chunk_row(envelope.key, chunk_numbers - 1))
                    .bind(3, chunk_row(index, 0))
                    .run());
}

Stored<void> SqliteStore::forget_staged(const std::vector<PendingEnvelope>& sequenced)
{
    std::vector<UploadKey> keys;
    for (const auto& envelope : sequenced) keys.push_back(envelope.key);
    std::sort(keys.begin(), keys.end());
    for (const auto key : keys) {
        auto& staged = statements_.delete_staged.bind(1, chunk_row(key, 0)).bind(2, chunk_row(key, chunk_numbers - 1));
        if (const auto deleted = done(staged.run()); !deleted) return deleted.error();
        auto& pending = statements_.delete_pending.bind(1, static_cast<std::int64_t>(key));
        if (const auto deleted = done(pending.run()); !deleted) return deleted.error();
    }
    return {};
}

Stored<std::uint64_t> SqliteStore::sequence(const Arrange& arrange)
{
    if (const auto open = open_group(); !open) return open.error();
    const auto before = tree();
    if (!before) return before.error();
    auto waiting = pending();
    if (!waiting) return waiting.error();
    const auto batch = arrange(*before, *waiting);
    if (!batch) return StoreFailure{false, batch.error()};
    require(batch->tree.size == before->size + waiting->size(), "a tree of another size than its log");
    auto index = before->size;
    for (const auto& envelope : *waiting)
        if (const auto appended = append_entry(index++, envelope); !appended) return appended.error();
    if (const auto forgotten = forget_staged(*waiting); !forgotten) return forgotten.error();
    if (const auto kept = keep(*batch); !kept) return kept.error();
    return std::uint64_t{waiting->size()};
}

// --- entries -------------------------------------------------------------------------------------------------------------

Stored<void> SqliteStore::read_chunks(Statement& statement, std::int64_t first, const LogEntry& entry, const EntrySink& sink)
{
    for (std::int64_t chunk = 0; chunk < static_cast<std::int64_t>(chunk_numbers); ++chunk) {
        const auto found = statement.bind(1, first + chunk).step();
        if (!found) return failed(found.error());
        if (!*found) break;
        const auto taken = sink(entry, statement.blob(0));
        statement.reset();
        if (!taken) return StoreFailure{false, taken.error()};
    }
    return {};
}

Stored<LogEntry> SqliteStore::entry(std::uint64_t index)
{
    const auto there = statements_.entry.bind(1, static_cast<std::int64_t>(index)).step();
    if (!there) return failed(there.error());
    if (*there) {
        const LogEntry found{static_cast<std::uint64_t>(statements_.entry.integer(0)),
                             static_cast<unsigned>(statements_.entry.integer(1))};
        statements_.entry.reset();
        return found;
    }
    const auto now = tree();
    if (!now) return now.error();
    if (index < now->erased_below) return LogEntry{};
    if (index >= now->size) return StoreFailure{false, Error{"the log has no entry " + std::to_string(index), ""}};
    return StoreFailure{false, Error{"entry " + std::to_string(index) + " of the log is missing in the store",
                                     "Restore the store from a backup."}};
}

Stored<std::uint64_t> SqliteStore::size_class(std::uint64_t index)
{
    const auto found = entry(index);
    if (!found) return found.error();
    return found->size_class;
}

Stored<bool> SqliteStore::read(std::uint64_t index, const EntrySink& sink)
{
    const auto found = entry(index);
    if (!found) return found.error();
    if (found->size_class == 0) return false;
    const auto read = read_chunks(statements_.chunk, chunk_row(index, 0), *found, sink);
    if (!read) return read.error();
    return true;
}

Stored<void> SqliteStore::read_pending(const PendingEnvelope& envelope, const EntrySink& sink)
{
    return read_chunks(statements_.staged, chunk_row(envelope.key, 0), {envelope.size_class, 0}, sink);
}

// Zeros in place of content, row by row; how many rows. secure_delete overwrites what is deleted where it lies, but when pages
// are balanced SQLite leaves behind copies of rows that it moved. So no row is deleted while one that is to be erased still
// has something to copy.
Stored<std::size_t> SqliteStore::blank(std::int64_t below, std::size_t max)
{
    auto& last = statements_.last_to_blank.bind(1, blanked_below_).bind(2, below).bind(3, static_cast<std::int64_t>(max));
    if (const auto found = last.step(); !found) return failed(found.error());
    const auto row = last.integer(0);
    last.reset();
    if (row < 0) return std::size_t{0};
    auto& zeros = statements_.blank_chunks.bind(1, blanked_below_).bind(2, row);
    if (const auto blanked = done(zeros.run()); !blanked) return blanked.error();
    blanked_below_ = row + 1;
    return count_changes();
}

Stored<std::size_t> SqliteStore::erase(std::uint64_t below, std::size_t max)
{
    if (const auto open = open_group(); !open) return open.error();
    const auto bound = static_cast<std::int64_t>(below);
    if (const auto set = done(statements_.set_erased.bind(1, bound).run()); !set) return set.error();
    if (const auto erased = done(statements_.erase_entries.bind(1, bound).run()); !erased) return erased.error();
    if (blanked_below_ < chunk_row(below, 0)) {
        const auto blanked = blank(chunk_row(below, 0), max);
        if (!blanked || *blanked == max) return blanked;
        blanked_below_ = chunk_row(below, 0);
    }
    auto& chunks = statements_.erase_chunks.bind(1, chunk_row(below, 0)).bind(2, static_cast<std::int64_t>(max));
    if (const auto erased = done(chunks.run()); !erased) return erased.error();
    return count_changes();
}

}  // namespace amana::keeper
