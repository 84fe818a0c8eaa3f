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

TEST_CASE("an older bundle is named: an old medium, or a log that was rolled back", "[intake]")
{
    Halfway half;
    for (const std::size_t size : {0u, 1u, 2u}) {
        half.refused(half.log.bundle(0, size), "THE LOG IS NOT WHAT WAS SIGNED: rolled-back. This desk has seen 3 entries");
        REQUIRE(half.desk.evidence().has_value());
        CHECK(half.desk.evidence()->found == std::vector<Finding>{{Misdeed::rolled_back, {}}});
        CHECK(half.desk.evidence()->seen.size == 3);
        CHECK(half.desk.evidence()->claimed.size == size);
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
