// SPDX-License-Identifier: AGPL-3.0-or-later
// Places by turns: never more than there are, the source that holds fewest first, and nothing lost when who waits goes.
#include "server/front/limits.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;
using Held = std::optional<Turns::Place>;

// Waiters on one thread, by name, in the order in which they got their places.
struct Waiting {
    Turns turns;  // outlives who waits
    asio::io_context context;
    std::vector<std::string> order;
    std::map<std::string, Held> places;
    std::map<std::string, Turns::Bell> bells;

    explicit Waiting(std::uint32_t count, std::uint32_t most_of_one = UINT32_MAX) : turns(count, most_of_one) {}

    void want(const std::string& name, std::shared_ptr<const Source> from, std::chrono::milliseconds time = patience)
    {
        auto bell = bells[name] = std::make_shared<asio::steady_timer>(context);
        asio::co_spawn(context, get(name, std::move(from), bell, Turns::Clock::now() + time), asio::detached);
    }
    asio::awaitable<void> get(std::string name, std::shared_ptr<const Source> from, Turns::Bell bell, Turns::Clock::time_point until)
    {
        auto place = co_await turns.take(std::move(from), bell, until);
        order.push_back(place ? name : name + " in vain");
        places[name] = std::move(place);
    }
    void poll()
    {
        context.restart();
        context.poll();
    }
    // Whoever got a place gives it back as soon as the next one asks; so all get theirs, one after the other.
    void serve_all(std::size_t count)
    {
        for (std::size_t served = order.size(); served < count; ++served) {
            poll();
            if (order.size() <= served) return;
            places[order[served]].reset();
        }
    }
};

}  // namespace

TEST_CASE("One source alone is a queue")
{
    Waiting waiting(1);
    const auto one = source();
    auto first = waiting.turns.take(one);
    REQUIRE(first);
    std::vector<std::string> names;
    for (int i = 0; i < 20; ++i) {
        names.push_back("w" + std::to_string(i));
        waiting.want(names.back(), one);
    }
    waiting.poll();
    CHECK(waiting.order.empty());
    CHECK(waiting.turns.load().waiting == 20);
    CHECK(!waiting.turns.take(one));
    first.reset();
    waiting.serve_all(20);
    CHECK(waiting.order == names);
    CHECK(waiting.turns.load().taken == 0);
    CHECK(waiting.turns.load().waiting == 0);
}

TEST_CASE("So many at a time are one source's, though places are free; another has its own at once")
{
    Waiting waiting(4, 2);
    const auto many = source(1);
    auto first = waiting.turns.take(many);
    auto second = waiting.turns.take(many);
    REQUIRE((first && second));
    CHECK(!waiting.turns.take(many));
    for (const auto* name : {"m0", "m1", "m2"}) waiting.want(name, many);
    waiting.want("other", source(2));
    waiting.poll();
    CHECK(waiting.order == std::vector<std::string>{"other"});
    CHECK(waiting.turns.load().waiting == 3);
    first.reset();
    waiting.poll();
    CHECK(waiting.order == std::vector<std::string>{"other", "m0"});
    CHECK(waiting.turns.load().taken == 3);
    second.reset();
    waiting.poll();
    CHECK(waiting.order == std::vector<std::string>{"other", "m0", "m1"});
    waiting.places.erase("m0");
    waiting.poll();
    CHECK(waiting.order == std::vector<std::string>{"other", "m0", "m1", "m2"});
}

TEST_CASE("A source that comes late, with one, does not wait for all of another's")
{
    Waiting waiting(1);
    const auto many = source(1);
    auto held = waiting.turns.take(many);
    for (int i = 0; i < 100; ++i) waiting.want("m" + std::to_string(i), many);
    waiting.poll();
    const auto few = source(2);
    const auto fewer = source(3);
    waiting.want("few", few);
    waiting.want("few 2", few);
    waiting.want("fewer", fewer);
    waiting.poll();
    held.reset();
    waiting.serve_all(103);
    REQUIRE(waiting.order.size() == 103);
    // Of a hundred that came before, at most one goes before each.
    CHECK(std::find(waiting.order.begin(), waiting.order.begin() + 3, "few") != waiting.order.begin() + 3);
    CHECK(std::find(waiting.order.begin(), waiting.order.begin() + 3, "fewer") != waiting.order.begin() + 3);
    CHECK(std::find(waiting.order.begin(), waiting.order.begin() + 6, "few 2") != waiting.order.begin() + 6);
}

TEST_CASE("Who holds fewest is next, however long the places are held")
{
    Waiting waiting(4);
    const auto hog = source(1);
    const auto other = source(2);
    std::vector<Held> held;
    for (int i = 0; i < 4; ++i) held.push_back(waiting.turns.take(hog));
    for (int i = 0; i < 10; ++i) waiting.want("hog" + std::to_string(i), hog);
    waiting.poll();
    for (int i = 0; i < 3; ++i) waiting.want("other" + std::to_string(i), other);
    waiting.poll();
    held.clear();
    waiting.poll();
    // Two and two, of which none is given back.
    const auto others = std::count_if(waiting.order.begin(), waiting.order.end(), [](const auto& name) { return name.starts_with("other"); });
    CHECK(waiting.order.size() == 4);
    CHECK(others == 2);
    CHECK(waiting.order.front() == "other0");
}

TEST_CASE("Time that runs out, and a bell that is rung")
{
    Waiting waiting(1);
    auto held = waiting.turns.take(source());
    waiting.want("short", source(2), 20ms);
    waiting.want("rung", source(3));
    waiting.want("long", source(4));
    waiting.poll();
    waiting.bells["rung"]->cancel();
    waiting.context.restart();
    waiting.context.run_for(100ms);
    CHECK(waiting.order == std::vector<std::string>{"rung in vain", "short in vain"});
    CHECK(waiting.turns.load().waiting == 1);
    CHECK(waiting.turns.load().waited_longest >= 50ms);
    held.reset();
    waiting.poll();
    CHECK(waiting.order.back() == "long");
}

TEST_CASE("A place that was granted to one who is gone goes to the next")
{
    Turns turns(1);
    auto held = turns.take(source());
    auto gone = std::make_unique<asio::io_context>();
    const auto wait_in = [&](asio::io_context& context, bool& got) -> asio::awaitable<void> {
        auto place = co_await turns.take(source(2), std::make_shared<asio::steady_timer>(context), Turns::Clock::now() + patience);
        got = place.has_value();
    };
    bool first = false;
    bool second = false;
    asio::io_context stays;
    asio::co_spawn(*gone, wait_in(*gone, first), asio::detached);
    gone->poll();
    asio::co_spawn(stays, wait_in(stays, second), asio::detached);
    stays.poll();
    held.reset();  // to the first, who is never told
    gone.reset();
    stays.restart();
    stays.poll();
    CHECK(!first);
    CHECK(second);
    CHECK(turns.load().taken == 0);
}

TEST_CASE("Never more than there are, from many threads, and all get theirs")
{
    constexpr std::uint32_t places = 3;
    constexpr int threads = 4;
    constexpr int each = 60;
    const int rounds = tiered(5, 100);
    Turns turns(places);
    std::vector<std::shared_ptr<const Source>> sources{source(1), source(2), source(3), source(4), source(5)};
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> served = 0;
    std::list<asio::io_context> contexts;
    const auto worker = [&](asio::io_context& context, int number) -> asio::awaitable<void> {
        for (int round = 0; round < rounds; ++round) {
            const auto until = Turns::Clock::now() + (number % 7 == 0 ? std::chrono::milliseconds(1) : std::chrono::milliseconds(patience));
            auto place = co_await turns.take(sources[static_cast<std::size_t>(number) % sources.size()],
                                             std::make_shared<asio::steady_timer>(context), until);
            if (!place) continue;
            const int now = ++inside;
            for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
            asio::steady_timer working(context, std::chrono::microseconds(50));
            co_await working.async_wait(asio::use_awaitable);
            ++served;
            --inside;
        }
    };
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
        auto& context = contexts.emplace_back();
        for (int n = 0; n < each; ++n) asio::co_spawn(context, worker(context, i * each + n), asio::detached);
    }
    for (auto& context : contexts) running.emplace_back([&context] { context.run(); });
    for (auto& thread : running) thread.join();
    CHECK(most <= static_cast<int>(places));
    CHECK(served > threads * each * rounds / 2);
    const auto load = turns.load();
    CHECK(load.taken == 0);
    CHECK(load.waiting == 0);
}

TEST_CASE("A source that holds more than its share, while another waits, has its slowest give way")
{
    wire::Limits config;
    config.max_uploads = 5;  // one of them a form's that goes back
    Limits limits(config, {true, SIZE_MAX}, {20ms, 20ms, 0ms});
    const auto hog = source(1);
    std::vector<std::optional<Admitted>> held;
    std::vector<int> ended;
    for (int i = 0; i < 4; ++i) {
        held.push_back(limits.report(hog));
        held.back()->received(i == 2 ? 10 : 1000);
        held.back()->ends_by([&ended, &held, i] {
            ended.push_back(i);
            held[static_cast<std::size_t>(i)].reset();
        });
    }
    asio::io_context context;
    std::vector<std::optional<Admitted>> got;
    const auto wait = [&](std::shared_ptr<const Source> from) -> asio::awaitable<void> {
        got.push_back(co_await limits.report(std::move(from), std::make_shared<asio::steady_timer>(context), Turns::Clock::now() + patience, false));
    };
    const auto rest = [&] {
        context.restart();
        context.run_for(40ms);
        limits.tend();
        context.restart();
        context.poll();
    };
    // Its own next ones have a queue, nothing else.
    asio::co_spawn(context, wait(hog), asio::detached);
    rest();
    CHECK(ended.empty());
    CHECK(limits.crowded());
    const auto other = source(2);
    asio::co_spawn(context, wait(other), asio::detached);
    context.restart();
    context.poll();
    limits.tend();  // too soon
    CHECK(ended.empty());
    rest();
    CHECK(ended == std::vector{2});
    REQUIRE(got.size() == 1);
    CHECK(got[0]);
    // Two and two is fair: the other's third waits as the hog's do.
    asio::co_spawn(context, wait(other), asio::detached);
    asio::co_spawn(context, wait(other), asio::detached);
    rest();
    rest();
    CHECK(ended.size() == 2);
    CHECK(got.size() == 2);
    held.clear();
    got.clear();
}

TEST_CASE("Forms that go back have a quarter of the places, and always one")
{
    wire::Limits config;
    config.max_uploads = 8;
    Limits limits(config, {true, SIZE_MAX});
    asio::io_context context;
    std::vector<std::optional<Admitted>> got;
    const auto wait = [&](bool returned) -> asio::awaitable<void> {
        got.push_back(co_await limits.report(source(), std::make_shared<asio::steady_timer>(context), Turns::Clock::now() + 20ms, returned));
    };
    for (int i = 0; i < 5; ++i) asio::co_spawn(context, wait(true), asio::detached);
    context.run_for(60ms);
    CHECK(std::count_if(got.begin(), got.end(), [](const auto& one) { return one.has_value(); }) == 2);
    CHECK(limits.report_load().taken == 0);
    CHECK(limits.report_load().places == 6);
    CHECK_FALSE(limits.crowded());
    got.clear();
    config.max_uploads = 1;
    Limits least(config, {true, SIZE_MAX});
    CHECK(least.report_load().places == 1);
}

TEST_CASE("Who waits in the line to be called counts as waiting, and who was told to end is told once")
{
    wire::Limits config;
    config.max_uploads = 5;
    Limits limits(config, {true, SIZE_MAX}, {20ms, 20ms, 0ms});
    const auto hog = source(1);
    std::vector<std::optional<Admitted>> held;
    int told = 0;
    for (int i = 0; i < 4; ++i) {
        held.push_back(limits.report(i < 3 ? hog : source(2)));
        held.back()->ends_by([&told] { ++told; });  // and does not end: its answer is read slowly, say
    }
    std::this_thread::sleep_for(30ms);
    std::size_t due = 0;
    const auto in_line = [&](const Source* beside) { return beside == nullptr || beside == hog.get() ? due : 100; };
    limits.tend(in_line);
    CHECK(told == 0);
    CHECK_FALSE(limits.crowded());
    due = 9;
    for (int i = 0; i < 3; ++i) limits.tend(in_line);
    CHECK(told == 1);  // two are its share
    CHECK(limits.crowded());
}

}  // namespace amana::front::test
