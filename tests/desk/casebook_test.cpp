// SPDX-License-Identifier: AGPL-3.0-or-later
// The casebook's tree: right at every size, however long the log, and after its first version was brought to this one.
#include "tests/desk/fixture.hpp"

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

namespace {

// Around every border of a subtree of 256, and of 65,536.
constexpr std::size_t leaves = 66'000;

crypto::Hash leaf(std::size_t position)
{
    return crypto::sha256(as_bytes(std::to_string(position)));
}

void check_frontiers(Casebook& casebook)
{
    crypto::Frontier tree;
    for (std::size_t size = 0;; ++size) {
        const auto near = size % 256;
        if (near <= 1 || near == 255 || size % 997 == 0 || size > leaves - 3) {
            INFO("size " << size);
            const auto there = casebook.frontier_at(size);
            REQUIRE(there.has_value());
            REQUIRE(there->size() == size);
            REQUIRE(there->root() == tree.root());
            REQUIRE(there->hashes() == tree.hashes());
        }
        if (size == leaves) break;
        tree.append(leaf(size));
    }
    CHECK_FALSE(casebook.frontier_at(leaves + 1).has_value());
}

}  // namespace

TEST_CASE("the tree as it was at any size", "[casebook]")
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "db";
    REQUIRE(Casebook::create(path).has_value());
    auto casebook = Casebook::open(path).value();
    crypto::Frontier tree;
    auto transaction = casebook.begin().value();
    for (std::size_t i = 0; i < leaves; ++i) {
        REQUIRE(casebook.add_leaf(i, leaf(i)).has_value());
        tree.append(leaf(i));
    }
    REQUIRE(casebook.set_seen({tree, {}, 0}).has_value());
    REQUIRE(transaction.commit().has_value());
    check_frontiers(casebook);

    SECTION("of a casebook of the first version, once it was opened")
    {
        auto database = Database::open(path, Database::Mode::read_write_create).value();
        REQUIRE(database->execute("DROP TABLE subtree; DROP TABLE canary; DROP TABLE message; DROP TABLE outbox; ALTER TABLE log DROP COLUMN day; ALTER TABLE envelope DROP COLUMN lane; PRAGMA user_version = 1").has_value());
        database.reset();
        for (int opened = 0; opened < 2; ++opened) {
            auto migrated = Casebook::open(path).value();
            check_frontiers(migrated);
        }
    }
}

TEST_CASE("what a casebook of version 2 holds counts as calm", "[casebook]")
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "db";
    REQUIRE(Casebook::create(path).has_value());
    REQUIRE(Casebook::open(path).value().add_envelope({leaf(1), 7, 8, 3, "no_slot", {9}}).has_value());
    REQUIRE(Database::open(path, Database::Mode::read_write_create).value()
                ->execute("ALTER TABLE envelope DROP COLUMN lane; DROP TABLE message; DROP TABLE outbox; PRAGMA user_version = 2").has_value());
    for (int opened = 0; opened < 2; ++opened) {
        auto casebook = Casebook::open(path).value();
        const auto found = casebook.find(to_hex(leaf(1)), 2).value();
        REQUIRE(found.size() == 1);
        CHECK(found.front().lane == 0);
        CHECK(found.front().size_class == 8);
        CHECK(found.front().record == Bytes{9});
    }
    auto casebook = Casebook::open(path).value();
    REQUIRE(casebook.add_envelope({leaf(2), 7, 8, 4, "no_slot", {}}).has_value());
    CHECK(casebook.find(to_hex(leaf(2)), 2).value().front().lane == 4);
}

TEST_CASE("a casebook of version 3 gets room for messages and keeps what it has", "[casebook]")
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "db";
    REQUIRE(Casebook::create(path).has_value());
    REQUIRE(Casebook::open(path).value().add_envelope({leaf(1), 7, 8, 3, "no_slot", {9}}).has_value());
    REQUIRE(Database::open(path, Database::Mode::read_write_create).value()
                ->execute("DROP TABLE message; DROP TABLE outbox; PRAGMA user_version = 3").has_value());
    for (int opened = 0; opened < 2; ++opened) {
        auto casebook = Casebook::open(path).value();
        CHECK(casebook.find(to_hex(leaf(1)), 2).value().front().lane == 3);
        CHECK(casebook.message_rows().value() == opened);
        REQUIRE(casebook.put_message(opened + 1, Bytes{7}).has_value());
        CHECK(casebook.message(opened + 1).value() == Bytes{7});
        CHECK(casebook.message(9).value().empty());
        REQUIRE(casebook.set_outbox(Bytes{8}).has_value());
        CHECK(casebook.outbox().value() == Bytes{8});
    }
}
