// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/sqlite_store.hpp"

#include "base/file.hpp"
#include "server/keeper/free_space.hpp"
#include "server/keeper/schema.hpp"
#include "server/keeper/sqlite_rows.hpp"

namespace amana::keeper {

namespace {

// SQLite does not always say that space was the reason (a WAL index that can't grow, for one); so little left says it.
constexpr std::uint64_t hardly_any_space = 256 * 1024;

}  // namespace

SqliteStore::Statements::Statements(Database& database)
    : stage(database.prepare("INSERT INTO staged_chunk VALUES(?1, ?2)")),
      accept(database.prepare("INSERT INTO pending VALUES(?1, ?2, ?3)")),
      discard(database.prepare("DELETE FROM staged_chunk WHERE key IN "
                               "(SELECT key FROM staged_chunk WHERE key BETWEEN ?1 AND ?2 LIMIT ?3)")),
      next_orphan(database.prepare("SELECT key >> 12 FROM staged_chunk WHERE key >= ?1 "
                                   "AND key >> 12 NOT IN (SELECT key FROM pending) LIMIT 1")),
      pending(database.prepare("SELECT key, size_class, leaf_hash FROM pending ORDER BY key")),
      log_entry(database.prepare("INSERT INTO log(idx, size_class, lane) VALUES(?1, ?2, ?3)")),
      log_chunks(database.prepare("INSERT INTO log_chunk SELECT key - ?1 + ?3, data FROM staged_chunk "
                                  "WHERE key BETWEEN ?1 AND ?2 ORDER BY key")),
      delete_staged(database.prepare("DELETE FROM staged_chunk WHERE key BETWEEN ?1 AND ?2")),
      delete_pending(database.prepare("DELETE FROM pending WHERE key = ?1")),
      tree(database.prepare("SELECT size, frontier, checkpoint, long_from, ticks_to_long, witnessed, witnessed_size, "
                            "erased_below, pressure, peak, text_lane, file_lane FROM tree")),
      set_tree(database.prepare("UPDATE tree SET size = ?1, frontier = ?2, checkpoint = ?3, long_from = ?4, "
                                "ticks_to_long = ?5, peak = ?6, text_lane = ?7, file_lane = ?8")),
      press(database.prepare("UPDATE tree SET pressure = ?1, peak = max(peak, ?2)")),
      set_witnessed(database.prepare("UPDATE tree SET witnessed = ?1, witnessed_size = ?2")),
      set_erased(database.prepare("UPDATE tree SET erased_below = ?1 WHERE erased_below < ?1")),
      erase_entries(database.prepare("DELETE FROM log WHERE idx < ?1")),
      last_to_blank(database.prepare("SELECT coalesce(max(key), -1) FROM "
                                     "(SELECT key FROM log_chunk WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3)")),
      blank_chunks(database.prepare("UPDATE log_chunk SET data = zeroblob(length(data)) WHERE key BETWEEN ?1 AND ?2")),
      erase_chunks(database.prepare("DELETE FROM log_chunk WHERE key IN "
                                    "(SELECT key FROM log_chunk WHERE key < ?1 LIMIT ?2)")),
      tile(database.prepare("SELECT hashes FROM tile WHERE key = ?1")),
      set_tile(database.prepare("INSERT OR REPLACE INTO tile VALUES(?1, ?2)")),
      mark(database.prepare("INSERT OR IGNORE INTO mark VALUES(?1, ?2)")),
      size_on(database.prepare("SELECT min((SELECT max(size) FROM mark WHERE day <= ?1), coalesce((SELECT min(size) FROM mark WHERE day > ?1), 9223372036854775807))")),
      entry(database.prepare("SELECT size_class, lane FROM log WHERE idx = ?1")),
      chunk(database.prepare("SELECT data FROM log_chunk WHERE key = ?1")),
      staged(database.prepare("SELECT data FROM staged_chunk WHERE key = ?1")),
      stats(database.prepare("SELECT count(*), coalesce(sum(size_class), 0), (SELECT size FROM tree), "
                             "(SELECT erased_below FROM tree), (SELECT witnessed_size FROM tree) FROM pending")),
      changes(database.prepare("SELECT changes()")),
      outbox(database.prepare("SELECT serial, note FROM outbox")),
      set_outbox(database.prepare("UPDATE outbox SET serial = ?1, note = ?2")),
      // Counts only where the key is not there already.
      keep_erased(database.prepare("INSERT INTO erased SELECT ?1, ?2, ?3, ?4, 0 WHERE EXISTS (SELECT 1 FROM erased WHERE key = ?1) "
                                   "OR (SELECT count(*) FROM erased) < ?5 ON CONFLICT(key) DO UPDATE SET bucket = excluded.bucket, "
                                   "buckets = excluded.buckets, log_size = excluded.log_size, held = 0")),
      mark_held(database.prepare("UPDATE erased SET held = ?1 WHERE key = ?2")),
      forget_erased(database.prepare("DELETE FROM erased WHERE log_size < ?1")),
      all_held(database.prepare("UPDATE erased SET held = ?1 WHERE held <> ?1")),
      erased_keys(database.prepare("SELECT key, bucket, buckets, log_size FROM erased WHERE held <> ?1 ORDER BY key"))
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
    blanked_below_ = 0;
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
    return done(statements_.stage.bind(1, chunk_row(key, number)).bind(2, chunk).run());
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
    auto& discard = statements_.discard.bind(1, chunk_row(key, 0)).bind(2, chunk_row(key, chunk_numbers - 1));
    const auto deleted = done(discard.bind(3, static_cast<std::int64_t>(max)).run());
    if (!deleted) return deleted.error();
    return count_changes();
}

Stored<std::size_t> SqliteStore::count_changes()
{
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
        from = chunk_row(found.back(), chunk_numbers - 1);
    }
}

}  // namespace amana::keeper
