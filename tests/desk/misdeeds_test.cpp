// SPDX-License-Identifier: AGPL-3.0-or-later
// A dishonest keeper, who has the log's key and signs what it likes: each of the five misdeeds is named, one by one and
// in random combinations, as many as AMANA_TIER asks for (docs/LOG.md, section 5.1). A bundle of a log that was kept
// honestly is never accused.
#include "tests/desk/fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

namespace {

constexpr std::size_t seen = 8;
constexpr std::size_t all = 14;

// A desk that has seen eight entries of a log of fourteen.
struct Watched {
    Log log;
    Desk desk{log};
    Desk::State before;

    Watched()
    {
        for (std::size_t i = 0; i < all; ++i) log.entries.push_back(seal({}, desk.recipients()));
        REQUIRE(desk.import(log.bundle(0, seen)).has_value());
        before = desk.state();
    }
    [[nodiscard]] Bytes foreign() { return seal({.story = "It was never sent."}, desk.recipients()); }

    [[nodiscard]] std::vector<Finding> findings(const BundlePlan& plan)
    {
        const auto verified = desk.verify(written(plan));
        CHECK(desk.state() == before);
        if (verified) return {};
        REQUIRE(desk.evidence().has_value());
        for (const auto& finding : desk.evidence()->found)
            CHECK_THAT(verified.error().message, Catch::Contains(name(finding.what)));
        return desk.evidence()->found;
    }
};

std::set<Misdeed> names(const std::vector<Finding>& findings)
{
    std::set<Misdeed> names;
    for (const auto& finding : findings) names.insert(finding.what);
    return names;
}

std::string text_of(const std::set<Misdeed>& misdeeds)
{
    std::string text;
    for (const auto misdeed : misdeeds) text += std::string(" ") + name(misdeed);
    return text;
}

}  // namespace

TEST_CASE("each misdeed is named by itself", "[misdeeds]")
{
    Watched watched;
    auto plan = watched.log.plan(0, all);
    SECTION("dropped: the content of a new entry is not there")
    {
        plan.entries[10].clear();
        CHECK(watched.findings(plan) == std::vector<Finding>{{Misdeed::dropped, {10}}});
    }
    SECTION("dropped: a leaf that was seen is listed no more, and the rest is signed again")
    {
        watched.log.entries.erase(watched.log.entries.begin() + 3);
        CHECK(watched.findings(watched.log.plan(0, all - 1)) == std::vector<Finding>{{Misdeed::forked, {}}, {Misdeed::dropped, {3}}});
    }
    SECTION("swapped: other bytes under a signed leaf")
    {
        plan.entries[9] = watched.foreign();
        CHECK(watched.findings(plan) == std::vector<Finding>{{Misdeed::swapped, {9}}});
    }
    SECTION("swapped: one bit of an entry that was seen")
    {
        plan.entries[2].back() ^= 1;
        CHECK(watched.findings(plan) == std::vector<Finding>{{Misdeed::swapped, {2}}});
    }
    SECTION("swapped: another entry where one was seen, and signed again")
    {
        watched.log.entries[5] = watched.foreign();
        CHECK(watched.findings(watched.log.plan(0, all)) == std::vector<Finding>{{Misdeed::forked, {}}, {Misdeed::swapped, {5}}});
    }
    SECTION("reordered: two entries under each other's leaves")
    {
        std::swap(plan.entries[8], plan.entries[13]);
        CHECK(watched.findings(plan) == std::vector<Finding>{{Misdeed::reordered, {8, 13}}});
    }
    SECTION("reordered: leaves that were seen, and signed again")
    {
        std::swap(watched.log.entries[1], watched.log.entries[2]);
        const auto found = watched.findings(watched.log.plan(0, all));
        CHECK(names(found) == std::set{Misdeed::forked, Misdeed::reordered});
    }
    SECTION("rolled back: a checkpoint of less than was seen")
    {
        for (std::size_t size = 0; size < seen; ++size)
            CHECK(watched.findings(watched.log.plan(0, size)) == std::vector<Finding>{{Misdeed::rolled_back, {}}});
    }
    SECTION("forked: another tree at a size that was seen, which the checkpoint alone shows")
    {
        watched.log.entries[0] = watched.foreign();
        CHECK(names(watched.findings(watched.log.plan(seen, seen))) == std::set{Misdeed::forked});
    }
    SECTION("forked: the leaves after those seen do not give what was signed")
    {
        plan.leaves[12][0] ^= 1;
        CHECK(names(watched.findings(plan)) == std::set{Misdeed::forked, Misdeed::swapped});
        watched.log.entries[12] = watched.foreign();
        const auto other = watched.log.checkpoint(all);
        watched.log.entries[12] = plan.entries[12];
        plan = watched.log.plan(0, all);
        plan.head.note.assign(other.begin(), other.end());
        CHECK(watched.findings(plan) == std::vector<Finding>{{Misdeed::forked, {}}});
    }
    SECTION("none: what an honest keeper writes, from any entry on")
    {
        for (std::size_t first = 0; first <= seen; ++first) CHECK(watched.findings(watched.log.plan(first, all)).empty());
    }
    SECTION("none: what was erased after this desk had it")
    {
        for (std::size_t i = 0; i < seen; ++i) plan.entries[i].clear();
        CHECK(watched.findings(plan).empty());
    }
}

TEST_CASE("misdeeds are named in any combination", "[misdeeds]")
{
    const char* given = std::getenv("AMANA_SEED");
    const std::string seed = given != nullptr ? given : "20260101";
    std::seed_seq mixed(seed.begin(), seed.end());
    std::mt19937_64 engine(mixed);
    const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine); };
    const char* tier = std::getenv("AMANA_TIER");
    const std::size_t rounds = tier != nullptr && std::string_view(tier) == "full" ? 5000 : 500;

    std::map<std::set<Misdeed>, std::size_t> met;
    Watched watched;
    const auto honest = watched.log.entries;
    const auto foreign = watched.foreign();
    const auto other = watched.foreign();
    for (std::size_t round = 0; round < rounds; ++round) {
        INFO("round " << round << ", AMANA_SEED=" << seed);
        std::set<Misdeed> expected;
        watched.log.entries = honest;
        // What is signed. Two neighbours change places, so that no other deed can hide between them.
        const auto neighbour = below(seen - 2);
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < seen - 1; ++i)
            if (i != neighbour && i != neighbour + 1) places.push_back(i);
        std::shuffle(places.begin(), places.end(), engine);
        if (below(4) == 0) {
            expected.insert({Misdeed::forked, Misdeed::swapped});
            watched.log.entries[places[0]] = foreign;
        }
        if (below(4) == 0) {
            expected.insert({Misdeed::forked, Misdeed::reordered});
            std::swap(watched.log.entries[neighbour], watched.log.entries[neighbour + 1]);
        }
        std::size_t size = all;
        if (below(4) == 0) {
            expected.insert({Misdeed::forked, Misdeed::dropped});
            watched.log.entries.erase(watched.log.entries.begin() + static_cast<std::ptrdiff_t>(places[1]));
            --size;
        }
        if (expected.empty() && below(3) == 0) {
            expected.insert(Misdeed::rolled_back);
            size = below(seen);
        }
        auto plan = watched.log.plan(0, size);
        // What is carried under it: among the entries this desk has not seen.
        std::vector<std::size_t> carried;
        for (std::size_t i = seen; i < size; ++i) carried.push_back(i);
        std::shuffle(carried.begin(), carried.end(), engine);
        if (carried.size() >= 4) {
            if (below(3) == 0) {
                expected.insert(Misdeed::dropped);
                plan.entries[carried[0]].clear();
            }
            if (below(3) == 0) {
                expected.insert(Misdeed::swapped);
                plan.entries[carried[1]] = other;
            }
            if (below(3) == 0) {
                expected.insert(Misdeed::reordered);
                std::swap(plan.entries[carried[2]], plan.entries[carried[3]]);
            }
        }
        const auto found = names(watched.findings(plan));
        INFO("expected" << text_of(expected) << ", found" << text_of(found));
        REQUIRE(found == expected);
        ++met[expected];
    }
    watched.log.entries = honest;
    CHECK(watched.desk.import(watched.log.bundle()).value().reports == all - seen);
    std::cout << rounds << " bundles of a dishonest keeper, " << met.size() << " combinations, each named\n";
    CHECK(met.size() > 15);
}
