// SPDX-License-Identifier: AGPL-3.0-or-later
// What SQLite and the tables' own rules can tell of damage, for fsck.
#include "base/require.hpp"
#include "server/keeper/sqlite_store.hpp"

#include <array>

namespace amana::keeper {

namespace {

// Each gives a line for every fault it finds.
constexpr std::array questions{
    "PRAGMA integrity_check(100)",
    "SELECT 'log_chunk: a chunk belongs to entry ' || (key >> 12) || ', which the log does not have' FROM log_chunk "
    "WHERE key >> 12 NOT IN (SELECT idx FROM log) AND key >> 12 >= (SELECT erased_below FROM tree) LIMIT 100",
    "SELECT 'log: entry ' || idx || ' is outside what the tree says is there' FROM log "
    "WHERE idx >= (SELECT size FROM tree) OR idx < (SELECT erased_below FROM tree) LIMIT 100",
    "SELECT 'log: ' || (size - erased_below - (SELECT count(*) FROM log)) || ' entries are missing' FROM tree "
    "WHERE size - erased_below <> (SELECT count(*) FROM log)",
    // Marks that do not rise are no damage: the clock was wrong for a while (SqliteStore::size_on).
    "SELECT 'mark: the mark of day ' || day || ' is beyond the log' FROM mark WHERE size > (SELECT size FROM tree) LIMIT 100",
    "SELECT 'erased: a key that was erased when the log was larger than it is' FROM erased WHERE log_size > (SELECT size FROM tree) LIMIT 1",
    "SELECT 'tree: co-signed or erased beyond its size' FROM tree WHERE witnessed_size > size OR erased_below > "
    "witnessed_size OR long_from > size",
};

}  // namespace

Stored<void> SqliteStore::freeze()
{
    require(!group_, "freezing while a group is open");
    return done(database_->execute("BEGIN; SELECT size FROM tree"));
}

void SqliteStore::thaw()
{
    (void)database_->execute("ROLLBACK");
}

Stored<std::vector<std::string>> SqliteStore::damage()
{
    std::vector<std::string> found;
    for (const auto* question : questions) {
        auto statement = database_->prepare(question);
        for (;;) {
            const auto there = statement.step();
            if (!there) return failed(there.error());
            if (!*there) break;
            std::string line(as_text(statement.blob(0)));
            if (line != "ok") found.push_back(std::move(line));
        }
    }
    return found;
}

}  // namespace amana::keeper
