// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/days.hpp"
#include "base/clock.hpp"
#include "server/keeper/sqlite_store.hpp"
#include "tests/server/keeper/support.hpp"
#include "tests/support/catch.hpp"

namespace amana::keeper::test {

TEST_CASE("The day of the log's first batch is found, whatever day is asked for")
{
    const Scratch scratch;
    auto store = SqliteStore::open(scratch.path()).value();
    CHECK_FALSE(first_day(*store, 20'000).value());
    UnixTime now = 19'123 * one_day;
    auto sequencer = test_sequencer(5, "test.example/log", [&] { return now; });
    for (const int days : {0, 1, 300}) {
        now += days * one_day;
        (void)stage_and_accept(*store, seal_envelope());
        store->commit().value();
        (void)sequencer.tick(*store).value();
        CHECK(first_day(*store, sequencer.today()).value() == 19'123);
    }
    CHECK(first_day(*store, 19'123).value() == 19'123);
    CHECK_FALSE(first_day(*store, 19'122).value());
}

TEST_CASE("A day is kept as one, and what is no day is none")
{
    const Scratch scratch;
    const auto path = scratch.path() / "day";
    CHECK_FALSE(read_day(path));
    write_day(path, 20'000);
    write_day(path, 20'421);
    CHECK(read_day(path) == 20'421);
    CHECK(day_text(20'421) == "2025-11-29");
    for (const auto* text : {"", "\n", "x\n", "-1\n", "1", "1\n\n", "1 2\n", "99999999999999999999\n"}) {
        (void)write_durable(path, as_bytes(text), 0600, DurableFile::Existing::replace);
        CHECK_FALSE(read_day(path));
    }
}

}  // namespace amana::keeper::test
