// SPDX-License-Identifier: AGPL-3.0-or-later
// Who is ended for one more: the longest idle, of the source that has most; never one with a shield.
#include "server/front/connections.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace amana::front::test {

namespace {

struct Hall {
    explicit Hall(std::uint32_t most) : connections(most) {}
    ~Hall()
    {
        for (auto& seat : seats)
            if (seat) connections.leave(*seat);
    }
    std::size_t enter(const std::shared_ptr<const Source>& from)
    {
        const auto number = seats.size();
        seats.push_back(connections.enter(from, [this, number] { ended.push_back(number); }));
        return number;
    }
    void leave(std::size_t number)
    {
        connections.leave(*seats[number]);
        seats[number].reset();
    }
    Connections connections;
    std::vector<std::shared_ptr<Connections::Seat>> seats;
    std::vector<std::size_t> ended;
};
using Numbers = std::vector<std::size_t>;

}  // namespace

TEST_CASE("Of who has most, the longest idle, whether it has shaken hands or not")
{
    Hall hall(30);
    const auto many = source(1);
    const auto more = source(2);
    for (int i = 0; i < 12; ++i) hall.enter(many);  // 0 to 11, the longest of all
    for (int i = 0; i < 18; ++i) hall.seats[hall.enter(more)]->touch();  // 12 to 29
    CHECK(hall.ended.empty());
    hall.seats[12]->touch();
    hall.enter(source(3));
    CHECK(hall.ended == Numbers{13});
    for (std::size_t i = 21; i < 30; ++i) hall.leave(i);
    for (std::size_t i = 0; i < 9; ++i) hall.enter(source(10 + i));
    CHECK(hall.ended == Numbers{13});
    hall.leave(13);
    hall.enter(source(30));  // many has twelve, more has eight
    CHECK(hall.ended == Numbers{13, 0});
    CHECK(hall.connections.count() == 31);  // one of them leaving
}

TEST_CASE("The few that a browser opens are not held against it, whoever floods: with connections, or with handshakes")
{
    Hall hall(40);
    const auto browser = source(1);
    for (std::uint32_t i = 0; i < few_connections; ++i) hall.seats[hall.enter(browser)]->touch();
    for (std::uint64_t i = 0; i < 100; ++i) hall.enter(source(100 + i));
    CHECK(hall.ended.size() == 100 - 32);
    CHECK(*std::min_element(hall.ended.begin(), hall.ended.end()) == few_connections);

    Hall other(40);
    for (std::uint64_t i = 0; i < 40; ++i) other.seats[other.enter(source(100 + i))]->touch();
    const auto fresh = other.enter(source(1));
    for (std::uint64_t i = 0; i < 39; ++i) {
        other.enter(source(200 + i));
        other.seats.back()->touch();
    }
    CHECK(std::find(other.ended.begin(), other.ended.end(), fresh) == other.ended.end());
}

TEST_CASE("Of sources that have as many each, the longest idle goes: whoever has just come is safe for a whole round")
{
    Hall hall(100);
    for (std::uint64_t i = 0; i < 100; ++i) hall.enter(source(i));
    const auto honest = hall.enter(source(1000));
    for (std::uint64_t i = 0; i < 99; ++i) hall.enter(source(2000 + i));
    CHECK(hall.ended.size() == 100);
    CHECK(std::find(hall.ended.begin(), hall.ended.end(), honest) == hall.ended.end());
    hall.enter(source(5000));
    CHECK(hall.ended.back() == honest);
}

TEST_CASE("One that brings a report is not ended, and may be again when it has")
{
    Hall hall(2);
    hall.enter(source(1));
    hall.enter(source(2));
    {
        const Connections::Shield first(hall.seats[0]);
        {
            const Connections::Shield again(hall.seats[0]);
        }
        Connections::Shield second(hall.seats[1]);
        CHECK(!hall.connections.room());
        second = {};
        CHECK(hall.connections.room());
        hall.enter(source(3));
        CHECK(hall.ended == Numbers{1});
    }
    hall.leave(1);
    hall.enter(source(4));
    CHECK(hall.ended == Numbers{1, 2});  // the first is idle only since it has no shield any more
    hall.leave(2);
    // A shield that outlives its connection, and one of a connection that was told to end.
    Connections::Shield late(hall.seats[0]);
    hall.leave(0);
    late = {};
    hall.enter(source(5));
    hall.enter(source(6));
    CHECK(hall.ended.size() == 3);
    const Connections::Shield of_leaving(hall.seats[hall.ended.back()]);
    hall.enter(source(7));
    CHECK(hall.ended.size() == 4);
}

TEST_CASE("So many may be leaving, and no more come meanwhile")
{
    Hall hall(10);
    std::size_t entered = 0;
    while (hall.connections.room() && entered < 1000) {
        hall.enter(source(entered));
        ++entered;
    }
    CHECK(entered == 10 + leaving_connections);
    Hall large(1000);
    entered = 0;
    while (large.connections.room() && entered < 10'000) {
        large.enter(source(1));
        ++entered;
    }
    CHECK(entered == 1000 + leaving_connections);
    CHECK(large.ended.size() == leaving_connections);
}

TEST_CASE("From many threads")
{
    constexpr std::uint32_t most = 15;
    Connections connections(most);
    std::atomic<int> ended = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int round = 0; round < 500; ++round) {
                std::vector<std::shared_ptr<Connections::Seat>> mine;
                for (int i = 0; i < 20; ++i) {
                    mine.push_back(connections.enter(source(static_cast<std::uint64_t>(t * 3 + i % 3)), [&] { ++ended; }));
                    const Connections::Shield shield(mine[static_cast<std::size_t>(i / 2)]);
                    mine[static_cast<std::size_t>(i)]->touch();
                }
                for (const auto& seat : mine) connections.leave(*seat);
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(connections.count() == 0);
    CHECK(ended > 0);
}

}  // namespace amana::front::test
