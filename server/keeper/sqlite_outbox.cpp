// SPDX-License-Identifier: AGPL-3.0-or-later
// What the SQLite store keeps beside the file `outbox`: which was taken last, and the erased keys (docs/INBOX.md).
#include "server/keeper/sqlite_store.hpp"

#include "server/keeper/sqlite_rows.hpp"

namespace amana::keeper {

Stored<TakenOutbox> SqliteStore::outbox()
{
    auto& statement = statements_.outbox;
    const auto there = statement.step();
    if (!there) return failed(there.error());
    if (!*there) return StoreFailure{false, Error{"the store has lost what it knew of the outbox", "Restore it from a backup."}};
    const TakenOutbox taken{static_cast<std::uint64_t>(statement.integer(0)), hash_of(statement.blob(1))};
    statement.reset();
    return taken;
}

Stored<void> SqliteStore::set_outbox(const TakenOutbox& taken)
{
    if (const auto open = open_group(); !open) return open.error();
    return done(statements_.set_outbox.bind(1, static_cast<std::int64_t>(taken.serial)).bind(2, taken.note).run());
}

Stored<bool> SqliteStore::keep_erased(const ErasedKey& erased, std::size_t most)
{
    if (const auto open = open_group(); !open) return open.error();
    auto& keep = statements_.keep_erased.bind(1, erased.key)
                     .bind(2, std::int64_t{erased.bucket})
                     .bind(3, std::int64_t{erased.buckets})
                     .bind(4, static_cast<std::int64_t>(erased.log_size))
                     .bind(5, static_cast<std::int64_t>(most));
    if (const auto kept = done(keep.run()); !kept) return kept.error();
    const auto rows = count_changes();
    if (!rows) return rows.error();
    return *rows > 0;
}

Stored<void> SqliteStore::mark_held(std::uint64_t serial, std::span<const crypto::SigningPublicKey> keys)
{
    if (const auto open = open_group(); !open) return open.error();
    for (const auto& key : keys) {
        auto& mark = statements_.mark_held.bind(1, static_cast<std::int64_t>(serial)).bind(2, key);
        if (const auto marked = done(mark.run()); !marked) return marked.error();
    }
    return {};
}

Stored<void> SqliteStore::all_held(std::uint64_t serial, std::uint64_t seen)
{
    if (const auto open = open_group(); !open) return open.error();
    if (const auto forgotten = done(statements_.forget_erased.bind(1, static_cast<std::int64_t>(seen)).run()); !forgotten) return forgotten.error();
    return done(statements_.all_held.bind(1, static_cast<std::int64_t>(serial)).run());
}

Stored<std::vector<ErasedKey>> SqliteStore::erased_keys(std::optional<std::uint64_t> unheld_by)
{
    std::vector<ErasedKey> all;
    auto& statement = statements_.erased_keys.bind(1, unheld_by ? static_cast<std::int64_t>(*unheld_by) : std::int64_t{-1});
    for (;;) {
        const auto there = statement.step();
        if (!there) return failed(there.error());
        if (!*there) return all;
        all.push_back({hash_of(statement.blob(0)), static_cast<std::uint32_t>(statement.integer(1)),
                       static_cast<std::uint32_t>(statement.integer(2)), static_cast<std::uint64_t>(statement.integer(3))});
    }
}

}  // namespace amana::keeper
