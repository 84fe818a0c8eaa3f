// SPDX-License-Identifier: AGPL-3.0-or-later
// How a generation ends that has done nothing wrong: by draining, at a stop or for a reload.
#include "tests/server/main/stage.hpp"

#include <algorithm>

namespace amana::server::test {

TEST_CASE("a drain takes as long as the front needs, and no longer than it may")
{
    SECTION("an upload finishes") {
        Stage stage{{"ready term sleep=250 exit=0", good_keeper}};
        CHECK(stage.run() == 0);
        CHECK(stage.took >= milliseconds(250));
        CHECK_THAT(stage.journal, !Contains("killed"));
    }
    SECTION("a front that never ends") {
        Stage stage{{"ignore ready sleep=60000", good_keeper}};
        CHECK(stage.run() == 0);
        CHECK(stage.took >= milliseconds(2000));
        CHECK(stage.took < milliseconds(10'000));
        CHECK_THAT(stage.journal, Contains("not drained in time: killed"));
    }
    SECTION("a keeper that never ends") {
        Stage stage{{good_front, "ready sleep=60000"}};
        CHECK(stage.run() == 0);
        CHECK(stage.took < milliseconds(10'000));
        CHECK_THAT(stage.journal, Contains("killed"));
    }
    SECTION("stopped before anything is ready") {
        Stage stage{{"stop ready term exit=0", "sleep=50 ready channels exit=0"}};
        CHECK(stage.run() == 0);
        CHECK_THAT(stage.journal, !Contains("killed"));
    }
}

TEST_CASE("a hangup replaces the generation by draining it")
{
    Stage stage{{"ready term sleep=100 exit=0", good_keeper}, {good_front, good_keeper}};
    stage.hangup_in = 1;
    CHECK(stage.run() == 0);
    REQUIRE(stage.starts.size() == 2);
    CHECK(stage.starts[1] - stage.starts[0] >= milliseconds(100));
    CHECK_THAT(stage.journal, Contains("reloading") && Contains("serving again") && !Contains("killed"));
    std::string told;
    for (const auto& state : stage.told) told += state.substr(0, state.find('\n')) + " ";
    CHECK(told == "READY=1 RELOADING=1 READY=1 STOPPING=1 ");
}

TEST_CASE("a reload that can't be is refused, one that changes nothing is not made: what was served is served on")
{
    Stage stage{{good_front, good_keeper}};
    stage.hangup_in = 1;
    stage.reload = GENERATE(Reload::refused, Reload::unchanged);
    CHECK(stage.run() == 0);
    CHECK(stage.starts.size() == 1);
    CHECK_THAT(stage.journal, Contains("not reloaded") && !Contains("again"));
    REQUIRE(stage.told.size() == 4);
    CHECK_THAT(stage.told[2], Contains("READY=1"));
    CHECK((stage.told[2].find("refused") != std::string::npos) == (stage.reload == Reload::refused));
}

TEST_CASE("a hangup at a terminal stops; the manager hears that the warden lives")
{
    Stage stage{{"ready term sleep=200 exit=0", good_keeper}, {good_front, good_keeper}};
    stage.hangup_in = 1;
    stage.hangup = Hangup::stops;
    stage.heartbeat = milliseconds(10);
    CHECK(stage.run() == 0);
    CHECK(stage.starts.size() == 1);
    CHECK(std::count(stage.told.begin(), stage.told.end(), "WATCHDOG=1") >= 3);
}

}  // namespace amana::server::test
