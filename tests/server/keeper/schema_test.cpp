// SPDX-License-Identifier: AGPL-3.0-or-later
// Stores of every earlier version (schemas/), as the programs of their time made them, in this one.
#include "base/sqlite.hpp"
#include "server/keeper/fsck.hpp"
#include "server/keeper/storage.hpp"
#include "server/keeper/sqlite_store.hpp"
#include "tests/server/keeper/support.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>

namespace amana::keeper::test {

namespace {

constexpr int versions = 4;  // the last is the present one: a fixture for those to come

void make_store(const Scratch& scratch, int version)
{
    const auto source = std::filesystem::path(std::getenv("AMANA_SOURCE")) / "tests/server/keeper/schemas";
    const auto sql = read_file(source / ("version-" + std::to_string(version) + ".sql"), 1 << 20).value();
    const auto database = Database::open(scratch.path() / "amana.db", Database::Mode::read_write_create).value();
    database->execute(std::string(as_text(sql))).value();
}

std::vector<std::string> columns(const Scratch& scratch)
{
    const auto database = Database::open(scratch.path() / "amana.db", Database::Mode::read_write_create).value();
    auto rows = database->prepare("SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk FROM sqlite_schema t, "
                                  "pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1");
    std::vector<std::string> found;
    while (rows.step().value()) found.emplace_back(as_text(rows.blob(0)));
    return found;
}

Storage open_as_sequencer_does(const Scratch& scratch)
{
    Storage storage{SqliteStore::open(scratch.path()).value(), test_sequencer()};
    storage.sequencer.adopt(*storage.store).value();
    return storage;
}

}  // namespace

TEST_CASE("SQLite: a store of every earlier version is brought to this one, whole, and goes on")
{
    const int version = GENERATE(range(1, versions + 1));
    INFO("version " << version);
    const Scratch scratch;
    make_store(scratch, version);
    const std::uint64_t size = version == 1 ? 259 : 6;
    for (int opened = 0; opened < 2; ++opened) {
        auto storage = open_as_sequencer_does(scratch);
        const auto report = fsck(*storage.store, storage.sequencer.verifier(), {}).value();
        CHECK(report.faults == std::vector<std::string>{});
        CHECK(report.leaves == size);
        CHECK(report.erased == (version == 1 ? 0 : 2));
        CHECK(report.envelopes == size - report.erased);
        CHECK(report.pending == 2);
        CHECK(storage.store->orphans().value() == std::vector{UploadKey{42}});
    }
    auto storage = open_as_sequencer_does(scratch);
    auto& store = *storage.store;
    const auto tree = store.tree().value();
    CHECK(tree.size == size);
    CHECK(tree.witnessed_size == (version == 1 ? 0 : 4));
    CHECK(tree.long_from == (version == 1 ? size : 4));
    const auto lanes = lanes_in_log(store, tree.erased_below);
    CHECK(lanes.back() == (version < 3 ? 0 : 2));
    CHECK(tree.lanes.peak == (version < 3 ? 0 : 3));
    CHECK(store.outbox().value().serial == (version < 4 ? 0 : 9));
    CHECK(store.erased_keys().value().size() == (version < 4 ? 0 : 1));

    // What waited enters the log, the files of a version that promised nothing at once.
    (void)stage_and_accept(store, seal_envelope());
    store.commit().value();
    CHECK(storage.sequencer.tick(store, version == 1 ? Take::due : Take::all).value() == 3);
    CHECK(fsck(*storage.store, storage.sequencer.verifier(), {}).value().faults == std::vector<std::string>{});
}

TEST_CASE("SQLite: a store that was brought up has the tables of one that was made")
{
    const int version = GENERATE(range(1, versions + 1));
    const Scratch made;
    const Scratch brought;
    make_store(brought, version);
    (void)SqliteStore::open(made.path()).value();
    (void)SqliteStore::open(brought.path()).value();
    CHECK(columns(brought) == columns(made));
}

TEST_CASE("SQLite: a store of the first version whose entries are not its tree's stays as it is")
{
    const Scratch scratch;
    make_store(scratch, 1);
    const auto path = scratch.path() / "amana.db";
    const auto* change = GENERATE("DELETE FROM log WHERE idx = 100", "UPDATE log SET leaf_hash = zeroblob(32) WHERE idx = 258");
    Database::open(path, Database::Mode::read_write_create).value()->execute(change).value();
    const auto before = columns(scratch);
    const auto opened = SqliteStore::open(scratch.path());
    REQUIRE(opened.has_error());
    CHECK(opened.error().message.find("not those of its tree") != std::string::npos);
    CHECK(columns(scratch) == before);
}

}  // namespace amana::keeper::test
