// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/sqlite_store.hpp"

#include "base/file.hpp"
#include "base/require.hpp"
#include "server/keeper/free_space.hpp"
#include "server/keeper/schema.hpp"

#include <algorithm>

namespace amana::keeper {

namespace {

// SQLite does not always say that space was the reason (a WAL index that can't grow, for one); so little left says it.
constexpr std::uint64_t hardly_any_space = 256 * 1024;

std::int64_t row(std::uint64_t key, std::uint64_t number)
{
    require(key < (std::uint64_t{1} << upload_key_bits) && number < chunk_numbers, "a row key out of range");
    return static_cast<std::int64_t>(key * chunk_numbers + number);
}
std::int64_t row(UploadKey key, std::uint64_t number)
{
    return row(static_cast<std::uint64_t>(key), number);
}

crypto::Hash hash_of(ByteView bytes)
{
    crypto::Hash hash{};
    // A row of another size is damage; the entry's hash will not fit its bytes, and that is what is reported.
    std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
    return hash;
}

}  // namespace

SqliteStore::Statements::Statements(Database& database)
    : stage(database.prepare("INSERT INTO staged_chunk VALUES(?1, ?2)")),
      accept(database.prepare("INSERT INTO pending VALUES(?1, ?2, ?3)")),
      discard(database.prepare("DELETE FROM staged_chunk WHERE key IN "
                               "(SELECT key FROM staged_chunk WHERE key BETWEEN ?1 AND ?2 LIMIT ?3)")),
      next_orphan(database.prepare("SELECT key >> 12 FROM staged_chunk WHERE key >= ?1 "
                                   "AND key >> 12 NOT IN (SELECT key FROM pending) LIMIT 1")),
      pending(database.prepare("SELECT key, size_class, leaf_hash FROM pending ORDER BY key")),
      log_entry(database.prepare("INSERT INTO log VALUES(?1, ?2, ?3)")),
      log_chunks(database.prepare("INSERT INTO log_chunk SELECT key - ?1 + ?3, data FROM staged_chunk "
                                  "WHERE key BETWEEN ?1 AND ?2 ORDER BY key")),
      delete_staged(database.prepare("DELETE FROM staged_chunk WHERE key BETWEEN ?1 AND ?2")),
      delete_pending(database.prepare("DELETE FROM pending WHERE key = ?1")),
      tree(database.prepare("SELECT size, frontier, checkpoint FROM tree")),
      set_tree(database.prepare("UPDATE tree SET size = ?1, frontier = ?2, checkpoint = ?3")),
      entry(database.prepare("SELECT size_class, leaf_hash FROM log WHERE idx = ?1")),
      chunk(database.prepare("SELECT data FROM log_chunk WHERE key = ?1")),
      stats(database.prepare("SELECT count(*), coalesce(sum(size_class), 0), (SELECT size FROM tree) FROM pending")),
      changes(database.prepare("SELECT changes()"))
{
}

SqliteStore::SqliteStore(std::filesystem::path directory, std::unique_ptr<Database> database)
    : directory_(std::move(directory)), database_(std::move(database)), statements_(*database_)
{
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& directory)
{
    const auto path = directory / "amana.db";
    auto database = Database::open(path, Database::Mode::read_write_create);
    if (!database) return database.error();
    if (const auto prepared = prepare_schema(**database); !prepared)
        return Error{"can't use " + path.string() + ": " + prepared.error().message, prepared.error().hint};
    if (const auto synced = sync_directory(directory); !synced) return synced.error();
    return std::unique_ptr<SqliteStore>(new SqliteStore(directory, *std::move(database)));
}

Result<void> SqliteStore::limit_file_bytes(std::uint64_t bytes)
{
    const auto page = number("PRAGMA page_size");
    if (!page) return page.error().error;
    const auto pages = bytes == 0 ? 0xfffffffe : bytes / static_cast<std::uint64_t>(*page) + 1;
    return database_->execute("PRAGMA max_page_count = " + std::to_string(pages));
}

// --- groups --------------------------------------------------------------------------------------------------------------

Stored<void> SqliteStore::open_group()
{
    if (group_) return {};
    auto begun = Transaction::begin(*database_);
    if (!begun) return failed(begun.error());
    group_.emplace(*std::move(begun));
    return {};
}

Stored<void> SqliteStore::commit()
{
    if (!group_) return {};
    const auto committed = done(group_->commit());
    group_.reset();
    return committed;
}

void SqliteStore::roll_back()
{
    group_.reset();
}

StoreFailure SqliteStore::failed(const Error& error) const
{
    const auto space = free_space(directory_);
    return {database_->out_of_space() || (space && *space < hardly_any_space), error};
}

Stored<void> SqliteStore::done(const Result<void>& outcome) const
{
    if (!outcome) return failed(outcome.error());
    return {};
}

Stored<std::int64_t> SqliteStore::number(const std::string& pragma)
{
    auto statement = database_->prepare(pragma);
    const auto there = statement.step();
    if (!there) return failed(there.error());
    return *there ? statement.integer(0) : 0;
}

// --- uploads -------------------------------------------------------------------------------------------------------------

Stored<void> SqliteStore::stage(UploadKey key, std::uint32_t number, ByteView chunk)
{
    if (const auto open = open_group(); !open) return open.error();
    return done(statements_.stage.bind(1, row(key, number)).bind(2, chunk).run());
}

Stored<void> SqliteStore::accept(const PendingEnvelope& envelope)
{
    if (const auto open = open_group(); !open) return open.error();
    return done(statements_.accept.bind(1, static_cast<std::int64_t>(envelope.key))
                    .bind(2, static_cast<std::int64_t>(envelope.size_class))
                    .bind(3, envelope.leaf)
                    .run());
}

Stored<std::size_t> SqliteStore::discard(UploadKey key, std::size_t max)
{
    if (const auto open = open_group(); !open) return open.error();
    auto& discard = statements_.discard.bind(1, row(key, 0)).bind(2, row(key, chunk_numbers - 1));
    const auto deleted = done(discard.bind(3, static_cast<std::int64_t>(max)).run());
    if (!deleted) return deleted.error();
    const auto counted = statements_.changes.step();
    if (!counted) return failed(counted.error());
    const auto count = static_cast<std::size_t>(statements_.changes.integer(0));
    statements_.changes.reset();
    return count;
}

Stored<std::vector<UploadKey>> SqliteStore::orphans()
{
    std::vector<UploadKey> found;
    for (std::int64_t from = 0;;) {
        auto& next = statements_.next_orphan;
        const auto there = next.bind(1, from).step();
        if (!there) return failed(there.error());
        if (!*there) return found;
        found.push_back(UploadKey{static_cast<std::uint64_t>(next.integer(0))});
        next.reset();
        from = row(found.back(), chunk_numbers - 1);
    }
}

// --- the log -------------------------------------------------------------------------------------------------------------

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
    statement.reset();
    return tree;
}

Stored<void> SqliteStore::set_tree(const Tree& tree)
{
    return done(statements_.set_tree.bind(1, static_cast<std::int64_t>(tree.size))
                    .bind(2, tree.frontier)
                    .bind(3, tree.checkpoint)
                    .run());
}

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
                                .bind(3, envelope.leaf)
                                .run());
    if (!entry) return entry.error();
    return done(statements_.log_chunks.bind(1, row(envelope.key, 0))
                    .bind(2, row(envelope.key, chunk_numbers - 1))
                    .bind(3, row(index, 0))
                    .run());
}

Stored<void> SqliteStore::forget_staged(const std::vector<PendingEnvelope>& sequenced)
{
    std::vector<UploadKey> keys;
    for (const auto& envelope : sequenced) keys.push_back(envelope.key);
    std::sort(keys.begin(), keys.end());
    for (const auto key : keys) {
        auto& staged = statements_.delete_staged.bind(1, row(key, 0)).bind(2, row(key, chunk_numbers - 1));
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
    const auto after = arrange(*before, *waiting);
    if (!after) return StoreFailure{false, after.error()};
    require(after->size == before->size + waiting->size(), "a tree of another size than its log");
    auto index = before->size;
    for (const auto& envelope : *waiting)
        if (const auto appended = append_entry(index++, envelope); !appended) return appended.error();
    if (const auto forgotten = forget_staged(*waiting); !forgotten) return forgotten.error();
    if (after->size != before->size || after->checkpoint != before->checkpoint)
        if (const auto kept = set_tree(*after); !kept) return kept.error();
    return std::uint64_t{waiting->size()};
}

Stored<Bytes> SqliteStore::tile(unsigned level, std::uint64_t index)
{
    const auto size = tree();
    if (!size) return size.error();
    Bytes hashes;
    const unsigned shift = 8 * level;
    for (std::uint64_t i = 0; i < 256 && (index * 256 + i + 1) <= size->size >> shift; ++i) {
        crypto::Frontier subtree;
        for (auto leaf = (index * 256 + i) << shift; leaf < (index * 256 + i + 1) << shift; ++leaf) {
            const auto there = statements_.entry.bind(1, static_cast<std::int64_t>(leaf)).step();
            if (!there) return failed(there.error());
            if (!*there) return StoreFailure{false, Error{"the log has no entry " + std::to_string(leaf), ""}};
            subtree.append(hash_of(statements_.entry.blob(1)));
            statements_.entry.reset();
        }
        append(hashes, subtree.root());
    }
    return hashes;
}

Stored<void> SqliteStore::read(std::uint64_t index, const EntrySink& sink)
{
    const auto there = statements_.entry.bind(1, static_cast<std::int64_t>(index)).step();
    if (!there) return failed(there.error());
    if (!*there) return StoreFailure{false, Error{"the log has no entry " + std::to_string(index), ""}};
    const LogEntry entry{static_cast<std::uint64_t>(statements_.entry.integer(0)), hash_of(statements_.entry.blob(1))};
    statements_.entry.reset();
    for (std::uint64_t chunk = 0; chunk < chunk_numbers; ++chunk) {
        const auto found = statements_.chunk.bind(1, row(index, chunk)).step();
        if (!found) return failed(found.error());
        if (!*found) break;
        const auto taken = sink(entry, statements_.chunk.blob(0));
        statements_.chunk.reset();
        if (!taken) return StoreFailure{false, taken.error()};
    }
    return {};
}

}  // namespace amana::keeper
