// SPDX-License-Identifier: AGPL-3.0-or-later
// How a bundle stands to the log that this desk has seen: it goes on, repeats, falls behind, leaves a gap or contradicts.
#include "tests/desk/halfway.hpp"

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

TEST_CASE("a good bundle is imported, from the beginning, from where we were, or from between", "[intake]")
{
    for (const std::size_t first : {0u, 1u, 3u}) {
        Halfway half;
        const auto summary = half.desk.import(half.log.bundle(first, 5));
        REQUIRE(summary.has_value());
        CHECK(summary->entries == 2);
        CHECK(summary->reports == 2);
        CHECK(half.desk.state() == Desk::State{5, 5, 5, 0});
        CHECK(half.desk.casebook().seen().value().frontier.root() == half.desk.casebook().frontier_at(5).value().root());
    }
}

TEST_CASE("importing twice changes nothing", "[intake]")
{
    Halfway half;
    for (const std::size_t first : {0u, 2u, 3u}) {
        const auto verified = half.desk.verify(half.log.bundle(first, 3));
        REQUIRE(verified.has_value());
        CHECK_FALSE(verified->holds_news());
        CHECK(half.desk.state() == half.before);
    }
    REQUIRE(half.desk.import(half.log.bundle()).has_value());
    const auto again = half.desk.import(half.log.bundle());
    REQUIRE(again.has_value());
    CHECK(again->entries == 0);
    CHECK(half.desk.state() == Desk::State{5, 5, 5, 0});
}

TEST_CASE("an older bundle is good and brings nothing", "[intake]")
{
    Halfway half;
    for (const std::size_t size : {0u, 1u, 2u}) {
        const auto verified = half.desk.verify(half.log.bundle(0, size));
        REQUIRE(verified.has_value());
        CHECK_FALSE(verified->holds_news());
        CHECK(verified->checkpoint().size < verified->seen());
        CHECK(half.desk.state() == half.before);
    }
}

TEST_CASE("an empty log's bundle is good", "[intake]")
{
    const Log log;
    Desk desk(log);
    const auto verified = desk.verify(log.bundle());
    REQUIRE(verified.has_value());
    CHECK_FALSE(verified->holds_news());
}

TEST_CASE("a gap is refused: what came before is needed first", "[intake]")
{
    Halfway half;
    half.refused(half.log.bundle(4, 5), "begins at entry 4, but this desk has seen only 3");
}

TEST_CASE("a log whose past was changed is named as that", "[intake]")
{
    // The log's own key signs another history.
    const auto rewrite = [](Halfway& half, std::size_t entry) {
        half.log.entries[entry] = seal({.story = "Something else happened."}, half.desk.recipients());
    };
    SECTION("forked and longer")
    {
        Halfway half;
        rewrite(half, 1);
        half.refused(half.log.bundle(), "THE LOG'S PAST WAS CHANGED");
        half.refused(half.log.bundle(), "entry 1 is another one");
    }
    SECTION("forked at the size we saw: the checkpoint alone says so")
    {
        Halfway half;
        rewrite(half, 2);
        half.refused(half.log.bundle(0, 3), "THE LOG'S PAST WAS CHANGED");
        half.refused(half.log.bundle(3, 3), "THE LOG'S PAST WAS CHANGED");
    }
    SECTION("rolled back and forked")
    {
        Halfway half;
        rewrite(half, 0);
        half.refused(half.log.bundle(0, 2), "THE LOG'S PAST WAS CHANGED");
    }
    SECTION("from the middle, where it may be damage too")
    {
        Halfway half;
        rewrite(half, 1);
        half.refused(half.log.bundle(3, 5), "does not continue the log this desk has seen");
    }
    SECTION("an entry removed")
    {
        Halfway half;
        half.log.entries.erase(half.log.entries.begin() + 1);
        half.refused(half.log.bundle(), "THE LOG'S PAST WAS CHANGED");
    }
}
