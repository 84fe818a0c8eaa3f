// SPDX-License-Identifier: AGPL-3.0-or-later
// The line: places are kept by asking, called by turns of sources, and nobody who stays is passed over.
#include "server/front/line.hpp"
#include "tests/support/catch.hpp"

#include <iostream>
#include <map>

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;
using Lane = Line::Lane;

const SteadyClock::time_point start{1000h};

TokenName name(std::uint32_t number)
{
    TokenName out{};
    for (std::size_t i = 0; i < 4; ++i) out.at(i) = static_cast<Byte>(number >> (8 * i));
    return out;
}

Line::Standing ask(Line& line, std::uint32_t number, std::uint64_t source, Lane lane, SteadyClock::time_point now)
{
    return line.ask(name(number), lane, source, true, now).value();
}

bool called(Line& line, std::uint32_t number, std::uint64_t source, Lane lane, SteadyClock::time_point now)
{
    return ask(line, number, source, lane, now).called;
}

bool stored(Line& line, std::uint32_t number, SteadyClock::time_point now)
{
    auto ticket = line.enter(name(number), now);
    if (ticket) ticket->use();
    return ticket.has_value();
}

}  // namespace

TEST_CASE("of a source the oldest is called first, and those before are told")
{
    Line line;
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(ask(line, i, 7, Lane::worked, start + i * 1s).before == i);
    CHECK(line.call(1, 2, start + 3s) == 2);
    CHECK(called(line, 0, 7, Lane::worked, start + 4s));
    CHECK(called(line, 1, 7, Lane::worked, start + 4s));
    CHECK_FALSE(called(line, 2, 7, Lane::worked, start + 4s));
    CHECK(stored(line, 0, start + 5s));
    CHECK_FALSE(stored(line, 0, start + 5s));
    CHECK_FALSE(stored(line, 2, start + 5s));
    CHECK(line.call(1, 2, start + 5s) == 1);
    CHECK(stored(line, 2, start + 6s));
    CHECK(stored(line, 1, start + 6s));
    CHECK(line.size() == 0);
}

TEST_CASE("who was called sends one report at a time, and may try again until it is stored")
{
    Line line;
    (void)ask(line, 1, 1, Lane::worked, start);
    CHECK(line.call(1, 1, start) == 1);
    {
        const auto ticket = line.enter(name(1), start + 1s);
        CHECK(ticket);
        CHECK_FALSE(line.enter(name(1), start + 1s));
        CHECK(line.call(1, 1, start + 90s) == 0);
        CHECK(line.size() == 1);  // it sends, however long that takes
        CHECK_FALSE(line.enter(name(1), start + 90s));
    }
    CHECK_FALSE(line.enter(name(1), start + 90s));  // but does not begin again, so late
    (void)line.call(1, 1, start + 91s);
    CHECK(line.size() == 0);

    (void)ask(line, 2, 1, Lane::waited, start);
    CHECK(line.call(1, 1, start + 20s) == 0);
    (void)ask(line, 2, 1, Lane::waited, start + 20s);
    CHECK(line.call(1, 1, start + 30s) == 1);
    for (int i = 0; i < 3; ++i) CHECK(line.enter(name(2), start + 31s));
    CHECK(stored(line, 2, start + 5min));
}

TEST_CASE("sources have turns, however many places one has")
{
    Line line;
    for (std::uint32_t i = 0; i < 1000; ++i) (void)ask(line, i, 1, Lane::worked, start);
    for (std::uint32_t i = 0; i < 3; ++i) (void)ask(line, 2000 + i, 2 + i, Lane::worked, start + 1s);
    CHECK(line.call(1, 8, start + 2s) == 8);
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(called(line, 2000 + i, 2 + i, Lane::worked, start + 3s));
    // One that comes later does not get the turns that it never had.
    for (std::uint32_t i = 0; i < 10; ++i) (void)ask(line, 3000 + i, 99, Lane::worked, start + 3s);
    CHECK(line.call(1, 10, start + 4s) == 10);
    int late = 0;
    for (std::uint32_t i = 0; i < 10; ++i) late += called(line, 3000 + i, 99, Lane::worked, start + 5s) ? 1 : 0;
    CHECK(late <= 6);
    CHECK(late >= 4);
}

TEST_CASE("who comes one by one has no more turns than who waits")
{
    Line line;
    for (std::uint32_t i = 0; i < 20; ++i) (void)ask(line, i, 1, Lane::worked, start);
    std::uint32_t next = 1000;
    std::uint32_t calls = 0;
    (void)ask(line, next, 2, Lane::worked, start);
    for (auto now = start; now < start + 2s; now += 100ms) {
        calls += static_cast<std::uint32_t>(line.call(1, 1, now));
        if (called(line, next, 2, Lane::worked, now)) {
            CHECK(stored(line, next, now));
            (void)ask(line, ++next, 2, Lane::worked, now);
        }
    }
    CHECK(calls == 20);
    CHECK(next - 1000 >= 9);
    CHECK(next - 1000 <= 11);
}

TEST_CASE("who has become due after the others had many turns does not bring their time back")
{
    Line line;
    std::map<std::uint32_t, SteadyClock::time_point> places;
    std::uint32_t next = 1;
    const auto come = [&](std::uint64_t source, std::uint32_t count, SteadyClock::time_point now) {
        for (std::uint32_t i = 0; i < count; ++i) {
            (void)ask(line, next, source, Lane::waited, now);
            places[next++] = now;
        }
    };
    come(1, 400, start);
    std::uint64_t source = 2;
    auto last = start + 30s;
    SteadyClock::duration longest{};
    for (auto now = start; now < start + 10min; now += 500ms) {
        if ((now - start) % 20s == 0ms) come(source++, 60, now);
        for (auto& [number, asked] : places)
            if (now - asked >= 20s) {
                (void)ask(line, number, number <= 400 ? 1 : 2 + (number - 401) / 60, Lane::waited, now);
                asked = now;
            }
        (void)line.call(1, 1, now);
        for (std::uint32_t i = 1; i <= 400; ++i)
            if (stored(line, i, now)) {
                places.erase(i);
                longest = std::max(longest, now - last);
                last = now;
            }
    }
    CHECK(longest <= 20s);  // thirty others at the most, with half a second each
}

TEST_CASE("a source that changes goes on where it stood by its age")
{
    Line line;
    for (std::uint32_t i = 0; i < 10; ++i) (void)ask(line, i, i < 5 ? 1 : 2, Lane::worked, start + i * 1s);
    CHECK(ask(line, 2, 2, Lane::worked, start + 10s).before == 0);
    CHECK(line.due_beside(1) == 6);
    CHECK(line.due_beside(2) == 4);
    CHECK(line.due_beside(7) == 10);
    CHECK(line.call(1, 2, start + 11s) == 2);
    CHECK(called(line, 0, 1, Lane::worked, start + 11s));
    CHECK(called(line, 2, 2, Lane::worked, start + 11s));
}

TEST_CASE("without a script one waits as long as the step says, and has a quarter of the calls")
{
    Line line;
    for (std::uint32_t i = 0; i < 100; ++i) {
        (void)ask(line, i, i, Lane::worked, start);
        (void)ask(line, 1000 + i, i, Lane::waited, start);
    }
    CHECK(line.call(1, 4, start + 1s) == 4);
    for (std::uint32_t i = 0; i < 100; ++i) CHECK_FALSE(called(line, 1000 + i, i, Lane::waited, start + 1s));
    for (auto now = start; now < start + 31s; now += 10s)
        for (std::uint32_t i = 0; i < 100; ++i) {
            (void)ask(line, i, i, Lane::worked, now);
            (void)ask(line, 1000 + i, i, Lane::waited, now);
        }
    CHECK(line.call(1, 40, start + 31s) == 40);
    int waited = 0;
    for (std::uint32_t i = 0; i < 100; ++i) waited += called(line, 1000 + i, i, Lane::waited, start + 31s) ? 1 : 0;
    CHECK(waited == 10);
}

TEST_CASE("a place for which nobody asks is lost, and who was called has its time")
{
    Line line;
    (void)ask(line, 1, 1, Lane::worked, start);
    (void)ask(line, 2, 1, Lane::worked, start);
    (void)ask(line, 2, 1, Lane::worked, start + 20s);
    CHECK(line.call(1, 1, start + 26s) == 1);
    CHECK(called(line, 2, 1, Lane::worked, start + 27s));
    CHECK(line.size() == 1);
    CHECK_FALSE(line.enter(name(2), start + 26s + 61s));
    (void)line.call(1, 1, start + 26s + 61s);
    CHECK(line.size() == 0);
}

TEST_CASE("a puzzle that was used is not used again; one that may not begin keeps the place it has")
{
    Line line;
    (void)ask(line, 1, 1, Lane::worked, start);
    CHECK(line.call(1, 1, start) == 1);
    CHECK(stored(line, 1, start));
    CHECK_FALSE(line.ask(name(1), Lane::worked, 1, true, start + 1s));
    CHECK_FALSE(line.ask(name(1), Lane::worked, 1, true, start + 10min));

    CHECK_FALSE(line.ask(name(2), Lane::worked, 1, false, start));
    (void)ask(line, 2, 1, Lane::worked, start);
    CHECK(line.ask(name(2), Lane::worked, 1, false, start + 20s));
    CHECK(line.call(1, 1, start + 21s) == 1);
    CHECK(line.ask(name(2), Lane::worked, 1, false, start + 22s)->called);
}

TEST_CASE("a line that is full drops the newest of the source that has most, and before that who was called and did not come")
{
    Line line;
    for (std::uint32_t i = 0; i < max_places_in_line; ++i) (void)ask(line, i, i % 3 == 0 ? 1 : 2, Lane::worked, start);
    CHECK(line.size() == max_places_in_line);
    (void)ask(line, 100'000, 2, Lane::worked, start + 1s);  // of the largest: it is the newest itself
    for (std::uint32_t i = 0; i < 1000; ++i) (void)ask(line, 100'001 + i, 3 + i, Lane::worked, start + 1s);
    CHECK(line.size() == max_places_in_line);
    CHECK(line.call(1, 1002, start + 2s) == 1002);
    for (std::uint32_t i = 0; i < 1000; ++i) CHECK(called(line, 100'001 + i, 3 + i, Lane::worked, start + 2s));

    Line empty;
    for (std::uint32_t i = 0; i < max_places_in_line; ++i) (void)ask(empty, i, i, Lane::worked, start);
    CHECK(empty.call(1, max_places_in_line, start) == max_places_in_line);
    CHECK(ask(empty, 100'000, 1, Lane::waited, start + 1s).before == 0);
    CHECK(empty.size() == max_places_in_line);
    std::uint32_t gone = 0;
    for (std::uint32_t i = 0; i < max_places_in_line; ++i) gone += empty.enter(name(i), start + 1s) ? 0U : 1U;
    CHECK(gone == 1);
}

// The bound of docs/ADMISSION.md: a flood of F times what is received can hold F × 25 s of places, a request each, however long it
// lasts; four times that of those who have no script, while who has one keeps the line full.
std::optional<std::chrono::seconds> longest_wait(std::uint32_t flood, Lane floods_in, Lane lane)
{
    constexpr std::uint32_t a_second = 2;  // received
    Line line;
    std::map<std::uint32_t, SteadyClock::time_point> held;
    std::uint32_t next = 1;
    const std::uint32_t honest = 0;
    std::optional<SteadyClock::time_point> came;
    for (auto now = start; now < start + 5h; now += 500ms) {
        // Each request keeps a place that would be lost soon, or takes a new one; those called send.
        std::uint32_t requests = flood * a_second / 2;
        for (auto at = held.begin(); at != held.end() && requests > 0;) {
            if (now - at->second < 24s) {
                ++at;
                continue;
            }
            --requests;
            if (called(line, at->first, 1, floods_in, now)) {
                (void)stored(line, at->first, now);
                at = held.erase(at);
            } else {
                at->second = now;
                ++at;
            }
        }
        for (; requests > 0; --requests) {
            (void)ask(line, next, 1, floods_in, now);
            held[next++] = now;
        }
        if (now - start > 1h) {
            if (!came) came = now;
            if (called(line, honest, 1, lane, now)) return std::chrono::duration_cast<std::chrono::seconds>(now - *came);
        }
        (void)line.call(1, 1, now);
    }
    return std::nullopt;
}

TEST_CASE("who stays in the line is called after F times the time a place is kept, at most")
{
    const auto worked = longest_wait(50, Lane::worked, Lane::worked);
    REQUIRE(worked);
    std::cout << "worked, behind a flood of the same source of 50 times what is received: " << worked->count() << " s\n";
    CHECK(*worked <= std::chrono::seconds(50 * 25 + 25));
    const auto waited = longest_wait(50, Lane::waited, Lane::waited);
    REQUIRE(waited);
    CHECK(*waited <= std::chrono::seconds(50 * 25 + 25));
    const auto beside = longest_wait(50, Lane::worked, Lane::waited);
    REQUIRE(beside);
    CHECK(*beside <= 60s);  // the other lane is its own
}

}  // namespace amana::front::test
