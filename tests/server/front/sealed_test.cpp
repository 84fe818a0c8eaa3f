// SPDX-License-Identifier: AGPL-3.0-or-later
// Envelopes from browsers, as the front takes them: in pieces, over broken lines, by any thread, and cover.
#include "tests/server/front/sealing_client.hpp"

#include <algorithm>

namespace amana::front::test {

using namespace std::chrono_literals;

TEST_CASE("A sealed report of one piece is stored as it came, after its second")
{
    auto given = options();
    given.timing.answer = 400ms;
    Front front(given);
    const auto client = front.connect();
    const Sealed report(crypto::text_class);
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = report.send(*client);
    CHECK(answer.state == "stored");
    CHECK(answer.promise.empty());
    CHECK(std::chrono::steady_clock::now() - begun >= 400ms);
    CHECK(front.envelopes() == std::vector<Bytes>{report.envelope});
    // The connection goes on, also for a form.
    client->write("GET /en/ HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client->read_answer().head.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("Every answer has one length, one type, and nothing of the form's policy")
{
    Front front(options());
    const auto client = front.connect();
    const Sealed report(crypto::text_class);
    for (const auto& body : {report.body(), std::string("short"), Sealed(crypto::text_class, 0).body()}) {
        client->write(post(body));
        const auto answer = client->read_answer();
        CHECK(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(answer.head.find("\r\nContent-Type: application/octet-stream\r\n") != std::string::npos);
        CHECK(answer.head.find("\r\nContent-Length: 2048\r\n") != std::string::npos);
        CHECK(answer.body.size() == sealed_answer_bytes);
        CHECK(answer.body.find_first_not_of(' ', answer.body.rfind('}') + 1) == std::string::npos);
    }
}

TEST_CASE("The promise comes with stored, when it was asked for, and again when the answer was lost")
{
    auto given = options();
    given.promise = "reports.example.org/\"promise\"\nline\n\n\u2014 reports.example.org AAAA\n";
    Front front(given);
    Sealed report(crypto::text_class);
    report.head.promise = 1;
    CHECK(report.send(*front.connect()).promise == given.promise);
    CHECK(front.promised() == 1);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto again = report.send(*front.connect());
        CHECK(again.state == "stored");
        CHECK(again.promise == given.promise);
    }
    CHECK(front.begun() == 1);
    // Another envelope of the same name is another's, and not stored by having that name.
    Sealed other = report;
    other.head.promise = 0;
    CHECK(other.send(*front.connect()).state == "bad");
    Sealed unasked(crypto::text_class);
    CHECK(unasked.send(*front.connect()).promise.empty());
}

TEST_CASE("The longest promise fits into an answer, all of it escaped")
{
    auto given = options();
    given.promise = std::string(980, '\n');
    Front front(given);
    Sealed report(crypto::text_class);
    report.head.promise = 1;
    CHECK(report.send(*front.connect()).promise == given.promise);
}

TEST_CASE("An envelope of several pieces, over one connection, is one envelope, cut for the keeper where it wants")
{
    Front front(options());
    const auto client = front.connect();
    const Sealed report(2 * crypto::mebibyte);
    REQUIRE(report.pieces() == 5);
    for (std::size_t i = 0; i + 1 < report.pieces(); ++i) {
        const auto answer = report.send(*client, i);
        CHECK(answer.state == "more");
        CHECK(answer.have == (i + 1) * sealed_piece_bytes);
    }
    CHECK(front.stored() == 0);
    CHECK(report.send(*client, 4).state == "stored");
    CHECK(front.envelopes() == std::vector<Bytes>{report.envelope});
    // Any piece of what is stored is answered so.
    CHECK(report.send(*client, 1).state == "stored");
    CHECK(front.begun() == 1);
}

TEST_CASE("A piece that is here is read and not taken twice; one that would leave a gap is told where to begin")
{
    Front front(options());
    const auto client = front.connect();
    const Sealed report(crypto::mebibyte);
    CHECK(report.send(*client, 0).have == sealed_piece_bytes);
    CHECK(report.send(*client, 0).have == sealed_piece_bytes);
    const auto gap = report.send(*client, 2);
    CHECK(gap.state == "more");
    CHECK(gap.have == sealed_piece_bytes);
    CHECK(report.send(*client, 1).have == 2 * sealed_piece_bytes);
    CHECK(report.send(*client, 2).state == "stored");
    CHECK(front.envelopes() == std::vector<Bytes>{report.envelope});
}

TEST_CASE("A line that breaks anywhere costs the piece that was on it")
{
    Front front(options());
    const Sealed report(crypto::mebibyte);
    for (std::size_t i = 0; i < report.pieces(); ++i) {
        const auto request = post(report.body(i));
        for (const auto sent : {std::size_t{250}, request.size() / 2, request.size() - 1}) {
            const auto broken = front.connect();
            broken->write(request.substr(0, sent));
            broken->close();
        }
        const auto answer = report.send(*front.connect(), i);
        CHECK(answer.state == (i + 1 == report.pieces() ? "stored" : "more"));
    }
    CHECK(front.envelopes() == std::vector<Bytes>{report.envelope});
}

TEST_CASE("A newer request for a piece takes over from one whose line nobody has seen break")
{
    Front front(options());
    const Sealed report(crypto::mebibyte);
    for (std::size_t i = 0; i < report.pieces(); ++i) {
        const auto request = post(report.body(i));
        const auto silent = front.connect();
        silent->write(request.substr(0, request.size() / 2));
        std::this_thread::sleep_for(100ms);
        CHECK(report.send(*front.connect(), i).state == (i + 1 == report.pieces() ? "stored" : "more"));
        // The older one comes back to life: nothing of it is taken, and it gets no answer that could be taken for one.
        silent->write(request.substr(request.size() / 2));
        CHECK(silent->read_all().empty());
    }
    CHECK(front.envelopes() == std::vector<Bytes>{report.envelope});
    CHECK(front.begun() == 1);
}

TEST_CASE("Pieces may come to any thread")
{
    auto given = options();
    given.threads = 3;
    Front front(given);
    const Sealed report(4 * crypto::mebibyte);
    for (std::size_t i = 0; i < report.pieces(); ++i)
        CHECK(report.send(*front.connect(i % 3), i).state == (i + 1 == report.pieces() ? "stored" : "more"));
    CHECK(front.envelopes() == std::vector<Bytes>{report.envelope});
    // The outcome is known to each of them.
    for (std::size_t thread = 0; thread < 3; ++thread) CHECK(report.send(*front.connect(thread), report.pieces() - 1).state == "stored");
    CHECK(front.begun() == 1);
}

TEST_CASE("Many uploads at once, from many threads to many threads, lines broken at random: each is stored, once")
{
    auto given = options();
    given.threads = 2;
    given.timing.answer = 10ms;
    Front front(given);
    auto random = seeded_generator();
    const auto senders = static_cast<std::size_t>(tiered(6, 40));
    std::vector<Bytes> sent;
    std::vector<std::jthread> running;
    std::atomic<int> failed = 0;
    for (std::size_t i = 0; i < senders; ++i) {
        auto report = std::make_shared<const Sealed>(i % 3 == 0 ? crypto::text_class : crypto::mebibyte);
        sent.push_back(report->envelope);
        running.emplace_back([&, report, seed = random()] { failed += send_over_bad_lines(front, *report, seed) ? 0 : 1; });
    }
    running.clear();
    CHECK(failed == 0);
    auto stored = front.envelopes();
    std::ranges::sort(stored);
    std::ranges::sort(sent);
    CHECK(stored == sent);
}

TEST_CASE("A cover body is read as a report is, answered as one is, and goes no further")
{
    auto given = options();
    given.timing.answer = 300ms;
    given.limits.max_uploads = 1;
    Front front(given);
    for (std::size_t i = 0; i < 3; ++i) {
        const Sealed cover(crypto::text_class, 0);
        const auto begun = std::chrono::steady_clock::now();
        const auto answer = cover.send(*front.connect());
        CHECK(answer.state == "stored");
        CHECK(answer.promise.empty());
        CHECK(std::chrono::steady_clock::now() - begun >= 300ms);
        CHECK(cover.send(*front.connect()).state == "stored");  // remembered, as a report's outcome is
        CHECK(front.asked() == static_cast<int>(i) + 1);        // it waits where a report waits, once
    }
    CHECK(front.begun() == 0);
    // It is held to all that a report is held to.
    Sealed stale(crypto::text_class, 0);
    stale.head.keys[0] ^= 1;
    CHECK(stale.send(*front.connect()).state == "keys");
    Sealed shapeless(crypto::text_class, 0);
    shapeless.envelope[1] = 2;
    CHECK(shapeless.send(*front.connect()).state == "bad");
    CHECK(Sealed(64 * crypto::kibibyte, 0).send(*front.connect()).state == "bad");
    // And it needs the same place: with the only one taken, it waits for it.
    const auto holding = front.connect();
    const auto request = post(Sealed(crypto::text_class).body());
    holding->write(request.substr(0, 1000));
    std::this_thread::sleep_for(100ms);
    auto waiting = std::async(std::launch::async, [&] {
        const auto client = front.connect();
        client->write(post(Sealed(crypto::text_class, 0).body()));
        return client->read_answer();
    });
    CHECK(waiting.wait_for(600ms) == std::future_status::timeout);
    holding->close();
    CHECK(told(waiting.get()).state == "stored");
    CHECK(front.begun() == 0);
}

TEST_CASE("An epoch that ends while an envelope is under way does not end it")
{
    Front front(options());
    Sealed report(crypto::mebibyte);
    CHECK(report.send(*front.connect(), 0).state == "more");
    Sealed otherwise = report;
    otherwise.head.keys[0] ^= 1;
    CHECK(otherwise.send(*front.connect(), 1).state == "bad");
    CHECK(report.send(*front.connect(), 1).state == "more");
    CHECK(report.send(*front.connect(), 2).state == "stored");
}

TEST_CASE("Who asks before sending is invited")
{
    Front front(options());
    const auto client = front.connect();
    const auto request = post(Sealed(crypto::text_class).body(), "Expect: 100-continue\r\n");
    const auto head = request.find("\r\n\r\n") + 4;
    client->write(request.substr(0, head));
    CHECK(client->read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client->write(request.substr(head));
    CHECK(told(client->read_answer()).state == "stored");
}

TEST_CASE("A front that ends lets a piece under way finish, and leaves nothing")
{
    auto given = options();
    given.threads = 2;
    Front front(given);
    const Sealed report(crypto::mebibyte);
    const Sealed other(crypto::mebibyte);
    CHECK(report.send(*front.connect(0), 0).state == "more");
    CHECK(other.send(*front.connect(1), 0).state == "more");  // stays half way
    const auto waiting = front.connect(0);
    const auto request = post(report.body(1));
    waiting->write(request.substr(0, 1000));
    std::this_thread::sleep_for(100ms);
    front.drain(5s);
    std::this_thread::sleep_for(100ms);
    waiting->write(request.substr(1000));
    const auto answer = waiting->read_answer();
    CHECK(told(answer).state == "more");
    CHECK(answer.head.find("\r\nConnection: close\r\n") != std::string::npos);
    front.wait_until_ended();
    front.destroy_worker();
}

}  // namespace amana::front::test
