// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/schema.hpp"

#include "server/keeper/sqlite_rows.hpp"
#include "server/keeper/tree_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace amana::keeper {

namespace {

constexpr std::int64_t schema_version = 4;
constexpr std::int64_t application = 0x414d4e41;  // "AMNA", shown by file(1)

// A staged chunk's key is upload key * 4096 + number, a log chunk's is index * 4096 + number: a chunk is found, and an
// envelope read in order, without an index. A tile's is level * 2^56 + number. No column of a
// report holds a time, and no key follows the order of arrival.
constexpr const char* tables = R"(
CREATE TABLE staged_chunk(key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE pending(key INTEGER PRIMARY KEY CHECK(key BETWEEN 0 AND 2251799813685247), size_class INTEGER NOT NULL,
                     leaf_hash BLOB NOT NULL) STRICT;
CREATE TABLE log(idx INTEGER PRIMARY KEY, size_class INTEGER NOT NULL) STRICT;
CREATE TABLE log_chunk(key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
)";
constexpr const char* trees = R"(
CREATE TABLE tile(key INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
CREATE TABLE mark(day INTEGER PRIMARY KEY, size INTEGER NOT NULL) STRICT;
CREATE TABLE tree(one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL, frontier BLOB NOT NULL,
                  checkpoint BLOB NOT NULL, long_from INTEGER NOT NULL, ticks_to_long INTEGER NOT NULL,
                  witnessed BLOB NOT NULL, witnessed_size INTEGER NOT NULL, erased_below INTEGER NOT NULL) STRICT;
INSERT INTO tree VALUES(1, 0, x'', x'', 0, 0, x'', 0, 0);
)";

// What version 2 did not have; an entry of before counts as calm.
constexpr const char* lanes = R"(
ALTER TABLE log ADD COLUMN lane INTEGER NOT NULL DEFAULT 0 CHECK(lane BETWEEN 0 AND 4);
ALTER TABLE tree ADD COLUMN pressure INTEGER NOT NULL DEFAULT 0 CHECK(pressure BETWEEN 0 AND 4);
ALTER TABLE tree ADD COLUMN peak INTEGER NOT NULL DEFAULT 0 CHECK(peak BETWEEN 0 AND 4);
ALTER TABLE tree ADD COLUMN text_lane INTEGER NOT NULL DEFAULT 0 CHECK(text_lane BETWEEN 0 AND 4);
ALTER TABLE tree ADD COLUMN file_lane INTEGER NOT NULL DEFAULT 0 CHECK(file_lane BETWEEN 0 AND 4);
)";

// What version 3 did not have (docs/INBOX.md). Erased keys lie in their own order.
constexpr const char* outbox = R"(
CREATE TABLE outbox(one INTEGER PRIMARY KEY CHECK(one = 1), serial INTEGER NOT NULL, note BLOB NOT NULL) STRICT;
INSERT INTO outbox VALUES(1, 0, x'');
CREATE TABLE erased(key BLOB PRIMARY KEY CHECK(length(key) = 32), bucket INTEGER NOT NULL CHECK(bucket BETWEEN 0 AND buckets - 1),
                    buckets INTEGER NOT NULL CHECK(buckets BETWEEN 1 AND 65536), log_size INTEGER NOT NULL,
                    held INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)";

// What counts only while the file is empty. Free pages go back to the disk when it is short of space (reclaim), which
// auto_vacuum must be told before the first table. Later it would only take the write lock.
constexpr const char* new_file = R"(
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
)";

// wal_autocheckpoint is in pages: 4 MiB.
constexpr const char* connection = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -2048;
PRAGMA wal_autocheckpoint = 256;
PRAGMA trusted_schema = OFF;
)";

Result<std::int64_t> ask(Database& database, std::string_view question)
{
    auto statement = database.prepare(question);
    const auto row = statement.step();
    if (!row) return row.error();
    return *row ? statement.integer(0) : 0;
}

// Version 1 had a leaf with its entry, no tiles, and a tree of its size, edge and checkpoint alone. Nothing was promised under it, and
// nothing erased; what it holds counts from the next batch's day on.
constexpr const char* before_tiles = "ALTER TABLE tree RENAME TO first_tree";
constexpr const char* after_tiles = R"(
UPDATE tree SET (size, frontier, checkpoint, long_from) = (SELECT size, frontier, checkpoint, size FROM first_tree);
DROP TABLE first_tree;
ALTER TABLE log DROP COLUMN leaf_hash;
)";

Result<TreeBuilder> tree_of_first(Database& database)
{
    const Error damaged{"its entries are not those of its tree", "Restore the store from a backup."};
    auto builder = TreeBuilder::create({}, [damaged](unsigned, std::uint64_t) -> Result<Bytes> { return damaged; });
    if (!builder) return builder;
    auto leaves = database.prepare("SELECT idx, leaf_hash FROM log ORDER BY idx");
    for (;;) {
        const auto there = leaves.step();
        if (!there) return there.error();
        if (!*there) break;
        if (static_cast<std::uint64_t>(leaves.integer(0)) != builder->frontier().size()) return damaged;
        if (const auto appended = builder->append(hash_of(leaves.blob(1))); !appended) return appended.error();
    }
    auto tree = database.prepare("SELECT size, frontier FROM first_tree");
    const auto there = tree.step();
    if (!there) return there.error();
    const auto edge = builder->frontier().hashes();
    const bool same = *there && static_cast<std::uint64_t>(tree.integer(0)) == builder->frontier().size() &&
                      std::ranges::equal(tree.blob(1), edge);
    if (!same) return damaged;
    return builder;
}

Result<void> bring_up_first(Database& database)
{
    for (const auto* change : {before_tiles, trees})
        if (const auto changed = database.execute(change); !changed) return changed.error();
    const auto builder = tree_of_first(database);
    if (!builder) return builder.error();
    {
        auto insert = database.prepare("INSERT INTO tile VALUES(?1, ?2)");
        for (const auto& tile : builder->tiles()) {
            const auto kept = insert.bind(1, tile_row(tile.level, tile.index)).bind(2, tile.hashes).run();
            if (!kept) return kept.error();
        }
    }
    return database.execute(after_tiles);
}

Result<void> bring_up(Database& database, std::int64_t version)
{
    if (version == 0)
        for (const auto* made : {tables, trees})
            if (const auto created = database.execute(made); !created) return created.error();
    if (version == 1)
        if (const auto brought = bring_up_first(database); !brought) return brought.error();
    if (version < 3)
        if (const auto added = database.execute(lanes); !added) return added.error();
    if (version < 4)
        if (const auto added = database.execute(outbox); !added) return added.error();
    return database.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application, schema_version));
}

}  // namespace

Result<void> prepare_schema(Database& database)
{
    // Asked without the write lock first: `status` must answer while the serving keeper is writing all the time.
    const auto found = ask(database, "PRAGMA user_version");
    if (!found) return found.error();
    if (*found == 0)
        if (const auto set = database.execute(new_file); !set) return set.error();
    if (const auto set = database.execute(connection); !set) return set.error();
    if (*found == schema_version) return {};
    auto transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    const auto version = ask(database, "PRAGMA user_version");
    if (!version) return version.error();
    if (*version == schema_version) return {};  // another process was first
    const auto objects = ask(database, "SELECT count(*) FROM sqlite_schema");
    if (!objects) return objects.error();
    if (*version > schema_version)
        return Error{fmt::format("it has schema version {}, this program knows only up to {}", *version, schema_version),
                     "It was written by a newer Amana: install that version again, or a later one."};
    if (*version == 0 && *objects != 0)
        return Error{"it is a database, but not Amana's", "Set the storage directory to one that Amana has for itself."};
    if (const auto brought = bring_up(database, *version); !brought) return brought.error();
    return transaction->commit();
}

}  // namespace amana::keeper
