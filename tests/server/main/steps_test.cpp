// SPDX-License-Identifier: AGPL-3.0-or-later
// What the admin is told of pressure and storage, and how seldom.
#include "server/main/steps.hpp"
#include "tests/support/catch.hpp"

#include <vector>

namespace amana::server::test {

namespace {

using Time = Steps::Time;
using std::chrono::seconds;

struct Told {
    Steps steps{seconds{900}, [this](const std::string& line) { journal.push_back(line); },
                [this](const Steps::Told& now) { shown = std::to_string(now.pressure) + " " + std::string(storage_steps.at(now.storage)); }};
    Time due = Time::max();
    std::vector<std::string> journal;
    std::string shown;

    void at(int second, std::string_view line = {})
    {
        if (!line.empty()) steps.hear(line);
        due = steps.advance(Time(seconds{second}));
    }
};

}  // namespace

TEST_CASE("worse is told at once, better a tick after the last change, and a journal has a line for begin and end")
{
    Told told;
    told.at(10'000);
    CHECK(told.shown.empty());
    CHECK(told.due == Time::max());
    told.at(10'000, "pressure 1");
    CHECK(told.shown == "1 all");
    REQUIRE(told.journal.size() == 1);
    CHECK_THAT(told.journal[0], Catch::Contains("there is pressure"));
    told.at(10'010, "pressure 3");
    CHECK(told.shown == "3 all");
    told.at(10'020, "pressure 0");
    CHECK(told.shown == "3 all");
    CHECK(told.due == Time(seconds{10'910}));
    told.at(10'500, "pressure 2");
    CHECK(told.shown == "3 all");
    told.at(10'909, "pressure 0");
    CHECK(told.shown == "3 all");
    told.at(10'910);
    CHECK(told.shown == "0 all");
    CHECK(told.due == Time::max());
    REQUIRE(told.journal.size() == 2);
    CHECK_THAT(told.journal[1], Catch::Contains("the pressure is over"));
    // However it goes up and down, begin and end come once in a tick.
    for (int second = 11'000; second < 11'900; second += 10) told.at(second, second % 20 == 0 ? "pressure 4" : "pressure 0");
    CHECK(told.journal.size() == 3);
}

TEST_CASE("storage has a line for each step")
{
    Told told;
    told.at(1000, "storage text");
    CHECK(told.shown == "0 text");
    REQUIRE(told.journal.size() == 1);
    CHECK_THAT(told.journal[0], Catch::Contains("only text"));
    told.at(1001, "storage nothing");
    CHECK(told.shown == "0 nothing");
    told.at(1002, "storage all");
    CHECK(told.shown == "0 nothing");
    told.at(1902);
    CHECK(told.shown == "0 all");
    REQUIRE(told.journal.size() == 3);
    CHECK_THAT(told.journal[2], Catch::Contains("there is room again"));
}

TEST_CASE("a front that is replaced begins calm, and what it may not say changes nothing")
{
    Told told;
    for (const auto* line : {"pressure 5", "pressure -1", "pressure 10", "pressure", "pressure ", "storage", "storage ALL", "storage text ", "pressure 1 ", "x"})
        told.at(1000, line);
    CHECK(told.shown.empty());
    CHECK(told.journal.empty());
    told.at(1000, "pressure 2");
    told.steps.begin_anew();
    told.at(1001);
    CHECK(told.shown == "2 all");
    told.at(1900);
    CHECK(told.shown == "0 all");
}

TEST_CASE("a generation that ended is counted at once")
{
    unsigned shown = 0;
    int showings = 0;
    Steps steps(seconds{900}, [](const std::string&) {}, [&](const Steps::Told& now) {
        shown = now.restarts;
        ++showings;
    });
    (void)steps.advance(Time(seconds{1}));
    CHECK(showings == 0);
    steps.begin_anew();
    (void)steps.advance(Time(seconds{2}));
    CHECK((shown == 1 && showings == 1));
    (void)steps.advance(Time(seconds{3}));
    CHECK(showings == 1);
}

}  // namespace amana::server::test
