// SPDX-License-Identifier: AGPL-3.0-or-later
// The front as a browser meets it: pages, reports, and problems that give the story back.
#include "server/wire/room.hpp"
#include "tests/server/front/asking.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

// But for the date, which may change between two.
std::string head_of(const Client::Answer& answer)
{
    auto head = answer.head;
    const auto at = head.find("Date: ");
    return at == std::string::npos ? head : head.erase(at, head.find("\r\n", at) - at);
}

}  // namespace

TEST_CASE("Pages, by GET and by HEAD, on one connection")
{
    Front front;
    const auto client = front.connect();
    for (const auto* target : {"/", "/ar/", "/en/", "/en/help", "/ar/received-1", "/en/received-2"}) {
        INFO(target);
        client->write(get(target));
        const auto page = client->read_answer();
        CHECK(status(page) == 200);
        CHECK(page.body.starts_with("<!DOCTYPE html>"));
        CHECK(page.body.ends_with("\n"));
        client->write(get(target, "", "HEAD"));
        CHECK(head_of(client->read_answer(true)) == head_of(page));
    }
    client->write(get("/en"));
    const auto moved = client->read_answer();
    CHECK(status(moved) == 308);
    CHECK(has(moved, "Location: /en/"));
    // Several at once are answered in order; the last ends the connection.
    client->write(get("/en/") + get("/nowhere") + get("/", "Connection: close\r\n"));
    CHECK(status(client->read_answer()) == 200);
    CHECK(status(client->read_answer()) == 404);
    const auto last = client->read_answer();
    CHECK(status(last) == 200);
    CHECK(has(last, "Connection: close"));
    CHECK(client->read().empty());
    CHECK(client->ended_politely());
}

TEST_CASE("The keeper is told the step of pressure at start and when it changes, on the first channel alone")
{
    auto given = with(limits());
    given.threads = 2;
    given.limits.max_uploads = 1;
    given.gate.pressure.rise = 600s;  // once
    Front front(given);
    // One has the only place, and another waits for it.
    const auto whole = post_form(FormBody().story(story).end());
    const auto slow = front.connect(1);
    const auto waiting = front.connect(1);
    slow->write(whole.substr(0, whole.size() - 20));
    std::this_thread::sleep_for(200ms);
    waiting->write(whole);
    const std::vector<std::vector<unsigned>> wanted{{0, 1}, {}};
    for (const auto end = SteadyClock::now() + 60s; SteadyClock::now() < end && front.pressure() != wanted;) std::this_thread::sleep_for(20ms);
    CHECK(front.pressure() == wanted);
}

TEST_CASE("What is not there, and what may not be done")
{
    Front front;
    for (const auto* target : {"/favicon.ico", "/xx/", "/en/report/", "/en/../", "/en/received", "/en/received-3", "*"}) {
        INFO(target);
        const auto answer = front.ask(get(target));
        CHECK(status(answer) == 404);
        CHECK(!answer.body.empty());
        CHECK(head_of(front.ask(get(target, "", "HEAD"), true)) == head_of(answer));
    }
    CHECK(has(front.ask(get("/en/report")), "Allow: POST"));
    CHECK(status(front.ask(get("/en/report", "", "PUT"))) == 405);
    for (const auto* method : {"DELETE", "OPTIONS", "TRACE", "BREW"}) {
        const auto answer = front.ask(get("/en/", "", method));
        CHECK(status(answer) == 405);
        CHECK(has(answer, "Allow: GET, HEAD"));
    }
    // A body nobody wants is read, so that the answer arrives and the connection goes on.
    const auto client = front.connect();
    client->write(post_form(std::string(50'000, 'x'), "", "/en/") + get("/en/"));
    CHECK(status(client->read_answer()) == 405);
    CHECK(status(client->read_answer()) == 200);
}

TEST_CASE("What is no HTTP is answered as far as it can be")
{
    auto config = limits();
    config.header_timeout = 1s;
    Front front(with(config));
    CHECK(status(front.ask("nonsense\r\n\r\n")) == 400);
    CHECK(status(front.ask("GET / HTTP/1.1\r\n\r\n")) == 400);
    CHECK(status(front.ask("POST /en/report HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n")) == 400);
    CHECK(status(front.ask(get("/", "X: " + std::string(20'000, 'x') + "\r\n"))) == 431);
    const auto client = front.connect();
    client->write("GET / HTTP/1.1\r\n");
    const auto late = client->read_answer();
    CHECK(status(late) == 408);
    CHECK(has(late, "Connection: close"));
    CHECK(client->read().empty());
}

TEST_CASE("A report is thanked for when it is stored")
{
    Front front(with(limits()));
    const auto client = front.connect();
    for (int i = 1; i <= 3; ++i) {
        client->write(post_form(FormBody().story(story).answer("no_receipt", "1").file("f", std::string(100'000, 'x')).end(), "", i == 2 ? "/ar/report" : "/en/report"));
        const auto answer = client->read_answer();
        CHECK(status(answer) == 303);
        CHECK(has(answer, i == 2 ? "Location: /ar/received-1" : "Location: /en/received-1"));
        CHECK(answer.body.empty());
        CHECK(front.stored() == i);
    }
    // In chunks, as some programs send.
    const auto body = FormBody().story(story).end();
    std::string chunks;
    for (const char c : body) chunks += std::string("1\r\n") + c + "\r\n";
    const auto answer = front.ask(get("/en/report", "Content-Type: " + std::string(form_type) + "\r\nTransfer-Encoding: chunked\r\n", "POST") + chunks + "0\r\n\r\n");
    CHECK(status(answer) == 200);
    CHECK(front.stored() == 4);
}

TEST_CASE("A problem gives the story back, escaped, and the connection goes on")
{
    Front front(with(limits()));
    const auto client = front.connect();
    const auto ask = [&](const std::string& body) {
        client->write(post_form(body));
        return client->read_answer();
    };
    auto answer = ask(FormBody().story(story).file("f", std::string(100'001, 'x')).end());
    CHECK(status(answer) == 413);
    CHECK(gives_back(answer));
    CHECK(answer.body.find(story) == std::string::npos);
    answer = ask(FormBody().story("too <b>").end());
    CHECK(status(answer) == 422);
    CHECK(answer.body.find(">\ntoo &lt;b&gt;</textarea>") != std::string::npos);
    // A long one, of what grows most.
    const std::string quotes(60'000, '"');
    answer = ask(FormBody().story(quotes).end());
    CHECK(status(answer) == 422);
    std::size_t entities = 0;
    for (auto at = answer.body.find("&quot;"); at != std::string::npos; at = answer.body.find("&quot;", at + 1)) ++entities;
    CHECK(entities == quotes.size());
    answer = ask(FormBody().story(std::string(100'000, 'x')).end());
    CHECK(status(answer) == 422);
    CHECK(answer.body.find("xxxx") == std::string::npos);
    answer = ask("no form at all");
    CHECK(status(answer) == 400);
    answer = ask(FormBody().story(story).end());
    CHECK(status(answer) == 200);
    CHECK(front.stored() == 1);

    answer = front.ask(get("/en/report", "Content-Type: text/plain\r\nContent-Length: 5\r\n", "POST") + "hello");
    CHECK(status(answer) == 400);
    answer = front.ask(get("/en/report", "", "POST"));
    CHECK(status(answer) == 400);
}

TEST_CASE("Too large a report is told, and its answer is read even by one who sends all of it first")
{
    Front front(with(limits()));
    const std::string large(8'000'000, 'x');
    const auto client = front.connect();
    client->write(post_form(FormBody().story(story).file("f", large).end()));  // its length says so: nothing is kept
    const auto answer = client->read_answer();
    CHECK(status(answer) == 413);
    CHECK(gives_back(answer));
    client->write(get("/en/"));
    CHECK(status(client->read_answer()) == 200);
    CHECK(front.stored() == 0);
    CHECK(front.aborted() == 0);  // not even begun
}

TEST_CASE("Who asks before sending is told, one way or the other")
{
    Front front(with(limits()));
    const auto body = FormBody().story(story).end();
    const auto head = post_form(body, "Expect: 100-continue\r\n").substr(0, post_form(body, "Expect: 100-continue\r\n").size() - body.size());
    auto client = front.connect();
    client->write(head);
    CHECK(client->read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client->write(body);
    CHECK(status(client->read_answer()) == 200);
    client->write(head);
    CHECK(client->read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client->write(body);
    CHECK(status(client->read_answer()) == 200);

    const std::string asks = "Content-Type: " + std::string(form_type) + "\r\nExpect: 100-continue\r\nContent-Length: ";
    auto answer = front.ask(get("/en/report", asks + "99999999999\r\n", "POST"));
    CHECK(status(answer) == 413);
    CHECK(has(answer, "Connection: close"));
    answer = front.ask(get("/nowhere", asks + "1000\r\n", "POST"));
    CHECK(status(answer) == 404);
    CHECK(has(answer, "Connection: close"));
}

TEST_CASE("A sender that stops is told, or forgotten")
{
    auto config = limits();
    config.idle_timeout = 1s;
    Front front(with(config));
    const auto body = post_form(FormBody().file("f", std::string(90'000, 'x')).story(story).end());
    auto client = front.connect();
    client->write(body.substr(0, 80'000));
    CHECK(status(client->read_answer()) == 408);
    client = front.connect();
    client->write(body.substr(0, 80'000));
    client->close();
    client = front.connect();
    client->close_notify();
    // One who only waits is let go without a word.
    client = front.connect();
    CHECK(client->read().empty());
    for (int i = 0; i < 100 && front.aborted() < 2; ++i) std::this_thread::sleep_for(50ms);
    CHECK(front.aborted() == 2);
    CHECK(front.stored() == 0);
}

TEST_CASE("Without a valid key the form is closed before anything is typed")
{
    auto closed = with(limits());
    closed.time = 3 * one_week;
    Front front(closed);
    CHECK(status(front.ask(get("/"))) == 200);
    CHECK(status(front.ask(get("/en/"))) == 503);
    const auto answer = front.ask(post_form(FormBody().story(story).end()));
    CHECK(status(answer) == 503);
    CHECK(gives_back(answer));
    CHECK(front.stored() == 0);
}

TEST_CASE("Where nothing can be stored the form says so before anything is typed; where only text can, a file's text comes back")
{
    for (const auto room : {std::uint64_t{0}, 100 * crypto::mebibyte}) {
        auto given = with(limits());
        given.room = room;
        Front front(given);
        for (int i = 0; i < 200 && front.site().common.room.bytes() != wire::told_room(room); ++i) std::this_thread::sleep_for(10ms);
        const bool full = room == 0;
        CHECK(status(front.ask(get("/en/"))) == (full ? 507 : 200));
        const auto text = front.ask(post_form(FormBody().story(story).end()));
        CHECK(status(text) == (full ? 507 : 200));
        if (full) CHECK(gives_back(text));
        const auto answer = front.ask(post_form(FormBody().story(story).file("f", "x").end()));
        CHECK(status(answer) == (full ? 507 : 413));
        CHECK(gives_back(answer));
        CHECK(front.stored() == (full ? 0 : 1));
    }
}

}  // namespace amana::front::test
