// SPDX-License-Identifier: AGPL-3.0-or-later
// Who finds a place: connections, reports and requests, as many as there may be.
#include "tests/server/front/asking.hpp"
#include "tests/support/catch.hpp"

#include <future>

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("As many connections as there may be; for the next the longest idle goes, never one that sends a report")
{
    auto config = limits();
    config.max_connections = 3;
    Front front(with(config));
    UnderWay sending(front);
    const auto idle = front.connect();
    const auto used = front.connect();
    used->write(get("/en/"));
    CHECK(status(used->read_answer()) == 200);
    // Each stays: one that has gone makes room without anybody's end.
    std::vector<std::unique_ptr<Client>> others;
    const auto one_more = [&] {
        others.push_back(front.connect());
        others.back()->write(get("/en/"));
        CHECK(status(others.back()->read_answer()) == 200);
    };
    one_more();
    CHECK(idle->read().empty());
    used->write(get("/en/"));
    CHECK(status(used->read_answer()) == 200);
    for (int i = 0; i < 5; ++i) one_more();
    CHECK(used->read().empty());
    sending.end();
    CHECK(status(sending.client->read_answer()) == 200);
}

TEST_CASE("Who finds no place in time gets the form back with what was typed")
{
    auto config = limits();
    config.max_uploads = 1;
    Front front(with(config));
    const UnderWay slow(front);
    const auto answer = front.ask(post_form(FormBody().story(story).end()));
    CHECK(status(answer) == 503);
    CHECK(gives_back(answer));
    CHECK(front.stored() == 0);
}

TEST_CASE("A connection carries so many requests, and no more")
{
    auto config = limits();
    config.max_requests = 3;
    Front front(with(config));
    const auto client = front.connect();
    std::string many;
    for (int i = 0; i < 5; ++i) many += get("/en/help");
    client->write(many);
    CHECK(!has(client->read_answer(), "Connection: close"));
    CHECK(!has(client->read_answer(), "Connection: close"));
    CHECK(has(client->read_answer(), "Connection: close"));
    CHECK(client->read().empty());
}

TEST_CASE("One more report than may come in at once waits its turn, and takes no place of its own network's")
{
    auto config = limits();
    config.max_uploads = 1;
    Front front(with(config));
    UnderWay slow(front);
    auto other = std::async(std::launch::async, [&] { return status(front.ask(post_form(FormBody().file("f", std::string(50'000, 'x')).story(story).end()))); });
    CHECK(other.wait_for(3s) == std::future_status::timeout);
    slow.end();
    CHECK(status(slow.client->read_answer()) == 200);
    CHECK(other.get() == 200);
}

}  // namespace amana::front::test
