// SPDX-License-Identifier: AGPL-3.0-or-later
// How the front stops: drained, at its deadline, or because its keeper has gone.
#include "tests/server/front/asking.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("Draining: who waits is let go, who is sending is thanked")
{
    Front front(with(limits()));
    const auto idle = front.connect();
    UnderWay sending(front);
    const auto begun = std::chrono::steady_clock::now();
    front.drain(60s);
    CHECK(idle->read().empty());
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    sending.end();
    const auto answer = sending.client->read_answer();
    CHECK(status(answer) == 200);
    CHECK(answer.body.find("class=\"receipt-code\"") != std::string::npos);
    CHECK(has(answer, "Connection: close"));
    CHECK(sending.client->read().empty());
    front.wait_until_ended();
    CHECK(front.stored() == 1);
    CHECK(front.lost == 0);
}

TEST_CASE("Draining: who has just come, and who is about to send on a kept connection, is answered once more")
{
    Front front(with(limits()));
    const auto fresh = front.connect();
    const auto kept = front.connect();
    kept->write(get("/en/"));
    CHECK(status(kept->read_answer()) == 200);
    front.drain(60s);
    std::this_thread::sleep_for(300ms);
    for (const auto& client : {fresh.get(), kept.get()}) {
        client->write(post_form(FormBody().story(story).end()));
        const auto answer = client->read_answer();
        CHECK(status(answer) == 200);
        CHECK(has(answer, "Connection: close"));
        CHECK(client->read().empty());
    }
    front.wait_until_ended();
    CHECK(front.stored() == 2);
}

TEST_CASE("Draining ends at its deadline, with reports under way or a client that reads nothing")
{
    Front front(with(limits()));
    const UnderWay sending(front);
    const auto waiting = front.connect();
    waiting->write("GET /");
    std::this_thread::sleep_for(200ms);
    const auto begun = std::chrono::steady_clock::now();
    front.drain(300ms);
    front.wait_until_ended();
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    front.destroy_worker();  // with all that hangs on it, in whatever order it holds it
    CHECK(sending.client->read().empty());
}

TEST_CASE("A keeper that goes: who is sending is told, and the front with it")
{
    Front front(with(limits()));
    UnderWay sending(front);
    front.lose_keeper();
    for (int i = 0; i < 100 && front.lost == 0; ++i) std::this_thread::sleep_for(50ms);
    CHECK(front.lost == 1);
    sending.end();
    const auto answer = sending.client->read_answer();
    CHECK(status(answer) == 500);
    CHECK(answer.body.find(escaped_story) != std::string::npos);
}

}  // namespace amana::front::test
