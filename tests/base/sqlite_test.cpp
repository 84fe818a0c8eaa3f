// SPDX-License-Identifier: AGPL-3.0-or-later
// SQLite as we use it: rollback, bytes in and out, a full disk.
#include "base/sqlite.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <filesystem>

namespace amana {

namespace {

namespace fs = std::filesystem;

struct Store {
    Store()
    {
        auto name = (fs::temp_directory_path() / "amana-sqlite-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        database = Database::open(folder / "db", Database::Mode::read_write_create).value();
        REQUIRE(database->execute("CREATE TABLE t(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)").has_value());
    }
    ~Store()
    {
        database.reset();
        fs::remove_all(folder);
    }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] Result<void> insert(std::int64_t id, ByteView bytes) const
    {
        auto statement = database->prepare("INSERT INTO t VALUES(?, ?)");
        return statement.bind(1, id).bind(2, bytes).run();
    }
    [[nodiscard]] std::int64_t count() const
    {
        auto statement = database->prepare("SELECT count(*) FROM t");
        REQUIRE(statement.step().value());
        return statement.integer(0);
    }

    fs::path folder;
    std::unique_ptr<Database> database;
};

}  // namespace

TEST_CASE("what is written is read, empty blobs and zeros too")
{
    const Store store;
    const Bytes bytes{0, 1, 0, 255};
    REQUIRE(store.insert(1, bytes).has_value());
    REQUIRE(store.insert(2, {}).has_value());
    REQUIRE(store.insert(INT64_MIN, bytes).has_value());
    auto statement = store.database->prepare("SELECT id, bytes, typeof(bytes) = 'blob' FROM t ORDER BY id");
    REQUIRE(statement.step().value());
    CHECK(statement.integer(0) == INT64_MIN);
    REQUIRE(statement.step().value());
    const auto blob = statement.blob(1);
    CHECK(Bytes(blob.begin(), blob.end()) == bytes);
    REQUIRE(statement.step().value());
    CHECK(statement.blob(1).empty());
    CHECK(statement.integer(2) == 1);
    CHECK_FALSE(statement.step().value());
    // Done is reset: it runs again.
    CHECK(statement.step().value());
}

TEST_CASE("a transaction that is not committed leaves nothing")
{
    const Store store;
    {
        auto transaction = Transaction::begin(*store.database).value();
        REQUIRE(store.insert(1, {}).has_value());
        CHECK(store.count() == 1);
    }
    CHECK(store.count() == 0);
    {
        auto first = Transaction::begin(*store.database).value();
        auto moved = std::move(first);
        REQUIRE(store.insert(1, {}).has_value());
        REQUIRE(moved.commit().has_value());
    }
    CHECK(store.count() == 1);
    {
        auto outer = Transaction::begin(*store.database).value();
        CHECK_FALSE(Transaction::begin(*store.database).has_value());
    }
}

TEST_CASE("a failed statement says why, and the next works")
{
    const Store store;
    REQUIRE(store.insert(1, {}).has_value());
    const auto again = store.insert(1, {});
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().message.find("UNIQUE") != std::string::npos);
    CHECK_FALSE(store.database->out_of_space());
    CHECK(store.insert(2, {}).has_value());
}

TEST_CASE("a full disk is told from other failures, rolls back, and passes")
{
    const Store store;
    REQUIRE(store.database->execute("PRAGMA max_page_count = 20").has_value());
    const Bytes large(4096, 'x');
    std::int64_t kept = 0;
    bool full = false;
    for (std::int64_t id = 1; id < 100 && !full; ++id) {
        auto transaction = Transaction::begin(*store.database).value();
        const auto inserted = store.insert(id, large);
        full = !inserted.has_value();
        if (full) {
            CHECK(store.database->out_of_space());
            break;
        }
        REQUIRE(transaction.commit().has_value());
        ++kept;
    }
    REQUIRE(full);
    CHECK(kept > 0);
    CHECK(store.count() == kept);
    REQUIRE(store.database->execute("PRAGMA max_page_count = 1000").has_value());
    CHECK(store.insert(1000, large).has_value());
    // Another failure is not one of space.
    CHECK_FALSE(store.insert(1000, large).has_value());
    CHECK_FALSE(store.database->out_of_space());
}

TEST_CASE("opening what is not there or not a database")
{
    const Store store;
    CHECK_FALSE(Database::open(store.folder / "missing", Database::Mode::read_only).has_value());
    CHECK_FALSE(Database::open(store.folder, Database::Mode::read_only).has_value());
    fs::create_symlink("db", store.folder / "link");
    CHECK_FALSE(Database::open(store.folder / "link", Database::Mode::read_only).has_value());
    const auto reader = Database::open(store.folder / "db", Database::Mode::read_only);
    REQUIRE(reader.has_value());
    CHECK_FALSE((*reader)->execute("DELETE FROM t").has_value());
}

}  // namespace amana
