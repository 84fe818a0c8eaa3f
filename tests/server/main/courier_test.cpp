// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/support/catch.hpp"

#include "server/main/courier.hpp"

namespace amana::server::test {

using std::chrono::hours;

TEST_CASE("the courier is late when a day more than the promise has gone by, and no sooner")
{
    const auto now = 100 * one_day + 7 * one_hour;
    const auto late = [&](std::int64_t day, hours promised) { return courier_lateness({day * one_day, 0}, now, promised); };
    CHECK(late(100, hours(24)).empty());
    CHECK(late(99, hours(24)).empty());
    CHECK(late(98, hours(24)).starts_with("the courier was here 2 days ago; the form promises that reports are read every "));
    CHECK(late(98, hours(48)).empty());
    CHECK_FALSE(late(97, hours(48)).empty());
    CHECK(late(93, hours(24 * 7)).empty());
    CHECK_FALSE(late(92, hours(24 * 7)).empty());
    CHECK(courier_lateness({98 * one_day, 0}, 100 * one_day, hours(24)).empty());
    CHECK_FALSE(courier_lateness({98 * one_day, 0}, 100 * one_day + 1, hours(24)).empty());
}

TEST_CASE("a courier that never was here is late by the log's age, and for an empty log nobody is")
{
    const auto now = 100 * one_day;
    CHECK(courier_lateness({}, now, hours(24)).empty());
    CHECK(courier_lateness({std::nullopt, 99 * one_day}, now, hours(24)).empty());
    CHECK(courier_lateness({std::nullopt, 90 * one_day}, now, hours(24)).starts_with("the courier never was here, and the log began 10 days ago; "));
    // A clock that was set back accuses nobody.
    CHECK(courier_lateness({200 * one_day, 0}, now, hours(24)).empty());
}

TEST_CASE("a day is read as it is written, and nothing else is one")
{
    CHECK(parse_day("1970-04-11") == 100 * one_day);
    for (const char* text : {"", "1970-04", "1970-04-11T00:00:00Z", "1970-13-01", "never"}) CHECK_FALSE(parse_day(text).has_value());
}

}  // namespace amana::server::test
