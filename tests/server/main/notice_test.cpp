// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/notice.hpp"

namespace amana::server::test {

using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("the notice is as long for yes as for no, and says nothing else")
{
    const auto yes = notice_text("reports.example.org", true);
    const auto no = notice_text("reports.example.org", false);
    CHECK(yes.size() == no.size());
    CHECK(yes.starts_with("Subject: "));
    std::string difference;
    for (std::size_t i = 0; i < yes.size(); ++i)
        if (yes[i] != no[i]) difference += yes[i];
    CHECK(difference == "yes");
    for (const char digit : std::string("0123456789")) CHECK(yes.find(digit) == std::string::npos);
}

TEST_CASE("a round is due by whole days since the courier was here")
{
    const auto now = 100 * one_day + 7 * one_hour;
    CHECK(is_round_due(std::nullopt, now, hours(24)));
    CHECK_FALSE(is_round_due(100, now, hours(24)));
    CHECK(is_round_due(99, now, hours(24)));
    CHECK_FALSE(is_round_due(99, now, hours(48)));
    CHECK(is_round_due(99, now, hours(2)));
    CHECK_FALSE(is_round_due(100, now, hours(2)));
    CHECK_FALSE(is_round_due(94, now, hours(24 * 7)));
    CHECK(is_round_due(93, now, hours(24 * 7)));
}

TEST_CASE("a notice is sent once a day, at its time")
{
    const auto day = 20'000 * one_day;
    CHECK(next_notice(day, minutes(420)) == day + 7 * one_hour);
    CHECK(next_notice(day + 7 * one_hour - 1, minutes(420)) == day + 7 * one_hour);
    CHECK(next_notice(day + 7 * one_hour, minutes(420)) == day + one_day + 7 * one_hour);
    CHECK(next_notice(day + 5, minutes(0)) == day + one_day);
}

TEST_CASE("the command gets the notice on its standard input, and its failure is said")
{
    const TemporaryDirectory directory;
    const auto file = (directory.path() / "got").string();
    CHECK(hand_to({"/bin/sh", "-c", "cat > \"$0\"", file}, "the notice\n").has_value());
    CHECK(as_text(read_file(file, 100).value()) == "the notice\n");
    const auto failed = hand_to({"/bin/sh", "-c", "exit 3"}, "the notice\n");
    REQUIRE(failed.has_error());
    CHECK_THAT(failed.error().message, Catch::Contains("ended with status 3"));
    CHECK(hand_to({"/no/such/program"}, "the notice\n").has_error());
}

}  // namespace amana::server::test
