// SPDX-License-Identifier: AGPL-3.0-or-later
// The casebook's tree: the leaves seen, and the roots of full subtrees of 256, 256^2, ... of them.
#include "desk/casebook.hpp"

#include "desk/casebook_rows.hpp"

namespace amana::desk {

namespace {

constexpr unsigned height_of_level = 8;  // 256 = 2^8
constexpr unsigned levels = 7;
constexpr unsigned number_bits = 56;

std::int64_t subtree_key(unsigned level, std::uint64_t number)
{
    return static_cast<std::int64_t>(std::uint64_t{level} << number_bits | number);
}

Error lacks()
{
    return Error{"the casebook lacks entries of the log it has seen", "Put it back from your backup."};
}

}  // namespace

// The root over `count` hashes of a level, a power of two, from `number` on.
Result<crypto::Hash> Casebook::root_over(unsigned level, std::uint64_t number, std::uint64_t count)
{
    auto statement = level == 0
                         ? database_->prepare("SELECT leaf FROM leaf WHERE position >= ? AND position < ? ORDER BY position")
                         : database_->prepare("SELECT root FROM subtree WHERE key >= ? AND key < ? ORDER BY key");
    statement.bind(1, subtree_key(level, number)).bind(2, subtree_key(level, number + count));
    crypto::Frontier subtree;
    for (;;) {
        const auto row = statement.step();
        if (!row) return row.error();
        if (!*row) break;
        subtree.append(hash_from(statement.blob(0)));
    }
    if (subtree.size() != count) return lacks();
    return subtree.root();
}

Result<crypto::Frontier> Casebook::frontier_at(std::uint64_t size)
{
    auto now = seen();
    if (!now) return now.error();
    if (now->size() == size) return std::move(now->frontier);
    if (size > now->size()) return lacks();
    Bytes edge;
    std::uint64_t first = 0;
    for (unsigned height = 64; height-- > 0;) {
        if ((size >> height & 1) == 0) continue;
        const auto level = std::min(height / height_of_level, levels);
        const auto below = level * height_of_level;
        const auto root = root_over(level, first >> below, std::uint64_t{1} << (height - below));
        if (!root) return root.error();
        append(edge, *root);
        first += std::uint64_t{1} << height;
    }
    return crypto::Frontier::restore(size, edge);
}

Result<void> Casebook::add_leaf(std::uint64_t position, const crypto::Hash& leaf)
{
    auto insert = database_->prepare("INSERT INTO leaf(position, leaf) VALUES (?, ?)");
    if (const auto added = insert.bind(1, static_cast<std::int64_t>(position)).bind(2, leaf).run(); !added) return added.error();
    return close_subtrees(position + 1);
}

// Of a tree that has just reached this size: every full subtree that ends there.
Result<void> Casebook::close_subtrees(std::uint64_t size)
{
    for (unsigned level = 1; level <= levels; ++level) {
        const auto below = level * height_of_level;
        if ((size & ((std::uint64_t{1} << below) - 1)) != 0) return {};
        const auto number = (size >> below) - 1;
        const auto root = root_over(level - 1, number << height_of_level, std::uint64_t{1} << height_of_level);
        if (!root) return root.error();
        auto insert = database_->prepare("INSERT OR REPLACE INTO subtree VALUES (?, ?)");
        if (const auto added = insert.bind(1, subtree_key(level, number)).bind(2, *root).run(); !added) return added.error();
    }
    return {};
}

// Version 3 had no messages. Version 2 had no lanes: what came before counts as calm. The first had no subtrees and no canaries
// either.
Result<void> Casebook::migrate(std::int64_t version)
{
    auto transaction = begin();
    if (!transaction) return transaction.error();
    const auto added = database_->execute("CREATE TABLE message(number INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;"
                                          "CREATE TABLE outbox(id INTEGER PRIMARY KEY CHECK (id = 1), record BLOB NOT NULL) STRICT;"
                                          "PRAGMA user_version = 4");
    if (!added) return added.error();
    if (version == 3) return transaction->commit();
    const auto laned = database_->execute("ALTER TABLE envelope ADD COLUMN lane INTEGER NOT NULL DEFAULT 0");
    if (!laned) return laned.error();
    if (version == 2) return transaction->commit();
    const auto made = database_->execute("CREATE TABLE subtree(key INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT;"
                                         "CREATE TABLE canary(number INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;"
                                         "ALTER TABLE log ADD COLUMN day INTEGER NOT NULL DEFAULT 0;");
    if (!made) return made.error();
    const auto now = seen();
    if (!now) return now.error();
    for (auto size = std::uint64_t{1} << height_of_level; size <= now->size(); size += std::uint64_t{1} << height_of_level)
        if (const auto closed = close_subtrees(size); !closed) return closed.error();
    return transaction->commit();
}

}  // namespace amana::desk
