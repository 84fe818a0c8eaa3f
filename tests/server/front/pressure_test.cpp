// SPDX-License-Identifier: AGPL-3.0-or-later
// Pressure rises and falls by what is measured.
#include "server/front/pressure.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

const SteadyClock::time_point start{1000h};

}  // namespace

TEST_CASE("pressure rises by one every five seconds, falls when all is little for thirty")
{
    Pressure pressure;
    const std::uint64_t plenty = 1ULL << 50U;
    const Turns::Load calm{64, 3, 0, 0ms}, much{64, 64, 9, 2s}, some{64, 50, 0, 0ms};
    auto now = start;
    const auto seconds = [&](int count, const Turns::Load& load, std::chrono::seconds backlog = 0s) {
        for (int i = 0; i < count; ++i) pressure.measure(load, backlog, plenty, now += 1s);
    };
    seconds(5, calm);
    CHECK(pressure.step() == 0);
    seconds(1, much);
    CHECK(pressure.step() == 1);
    seconds(4, much);
    CHECK(pressure.step() == 1);
    seconds(1, much);
    CHECK(pressure.step() == 2);
    seconds(60, much);
    CHECK(pressure.step() == max_step);
    seconds(120, some);
    CHECK(pressure.step() == max_step);
    seconds(31, calm);
    CHECK(pressure.step() == max_step - 1);
    seconds(91, calm);
    CHECK(pressure.step() == 0);
}

TEST_CASE("a processor that is late for some seconds is pressure, one that stood still once is not")
{
    Pressure pressure;
    auto now = start;
    const auto seconds = [&](int count, std::chrono::milliseconds late) {
        for (int i = 0; i < count; ++i) {
            pressure.late(late);
            pressure.measure({64, 3, 0, 0ms}, 0s, 1ULL << 50U, now += 1s);
        }
    };
    for (int i = 0; i < 20; ++i) {
        seconds(1, 30s);
        seconds(9, 1ms);
        CHECK(pressure.step() == 0);
    }
    seconds(2, 500ms);
    CHECK(pressure.step() == 0);
    seconds(2, 500ms);
    CHECK(pressure.step() == 1);
    seconds(60, 150ms);
    CHECK(pressure.step() == max_step);
    seconds(300, 50ms);
    CHECK(pressure.step() == max_step);
    seconds(160, 5ms);
    CHECK(pressure.step() == 0);
}

TEST_CASE("what is stored is held to the pace that leaves a day of room")
{
    Pressure pressure;
    auto now = start;
    const std::uint64_t room = 86'400ULL * 40 * 1024 * 5;  // five a second
    for (int i = 0; i < 30; ++i) {
        for (int j = 0; j < 20; ++j) pressure.stored();
        pressure.measure({64, 1, 0, 0ms}, 0s, room, now += 1s);
    }
    CHECK(pressure.pace() > 4.9);
    CHECK(pressure.pace() < 5.1);
    CHECK(pressure.step() > 0);
    (void)pressure.may_call(now);
    CHECK(pressure.may_call(now += 1s) == 5);
    pressure.called(5);
    CHECK(pressure.may_call(now) == 0);
    CHECK(pressure.may_call(now += 10s) == 5);
    Pressure least(3);
    least.measure({}, 0s, room, now);
    CHECK(least.pace() == 3);
    least.measure({}, 0s, 0, now);
    CHECK(least.pace() == 1);
}

}  // namespace amana::front::test
