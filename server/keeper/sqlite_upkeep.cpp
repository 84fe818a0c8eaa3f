// SPDX-License-Identifier: AGPL-3.0-or-later
// The SQLite store's counts, and how what was deleted leaves the disk.
#include "base/require.hpp"
#include "server/keeper/sqlite_store.hpp"

namespace amana::keeper {

namespace {

// How much reclaim() moves at a time, so that its own WAL stays small on a disk with little room, and in all.
constexpr int reclaim_pages = 64;
constexpr int reclaim_steps = 64;

}  // namespace

Stored<Stats> SqliteStore::stats()
{
    const auto free_pages = number("PRAGMA freelist_count");
    if (!free_pages) return free_pages.error();
    const auto page = number("PRAGMA page_size");
    if (!page) return page.error();
    auto& statement = statements_.stats;
    const auto there = statement.step();
    if (!there) return failed(there.error());
    const Stats stats{static_cast<std::uint64_t>(statement.integer(0)), static_cast<std::uint64_t>(statement.integer(1)),
                      static_cast<std::uint64_t>(statement.integer(2)), static_cast<std::uint64_t>(statement.integer(3)),
                      static_cast<std::uint64_t>(statement.integer(4)), static_cast<std::uint64_t>(*free_pages * *page)};
    statement.reset();
    return stats;
}

Stored<void> SqliteStore::copy_to(const std::filesystem::path& file, const std::function<bool()>& go_on)
{
    require(!group_, "copying while a group is open");
    const auto copied = database_->copy_to(file, go_on);
    if (copied) return {};
    return StoreFailure{database_->out_of_space(), copied.error()};
}

Stored<bool> SqliteStore::settle()
{
    require(!group_, "settling while a group is open");
    const auto emptied = database_->empty_wal();
    if (!emptied) return failed(emptied.error());
    return *emptied;
}

Stored<void> SqliteStore::reclaim()
{
    require(!group_, "reclaiming while a group is open");
    for (int step = 0; step < reclaim_steps; ++step) {
        const auto left = number("PRAGMA freelist_count");
        if (!left) return left.error();
        if (*left == 0) break;
        const auto moved = database_->execute("PRAGMA incremental_vacuum(" + std::to_string(reclaim_pages) + ")");
        if (!moved) return failed(moved.error());
    }
    const auto emptied = settle();  // the file shrinks when the WAL is written back
    if (!emptied) return emptied.error();
    return {};
}

}  // namespace amana::keeper
