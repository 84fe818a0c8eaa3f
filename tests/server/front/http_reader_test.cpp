// SPDX-License-Identifier: AGPL-3.0-or-later
// Requests over a real TLS connection: one buffer, wiped as it is used, there only while a request is; and every deadline.
#include "server/front/http.hpp"
#include "tests/server/front/tls_pair.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <future>
#include <thread>

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

constexpr MemoryProtection plenty{true, SIZE_MAX};
const std::string get = "GET /ar/ HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& body)
{
    return "POST /ar/report HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A connection and its reader, with what limits it.
struct Reading {
    asio::io_context context;
    wire::Limits config;
    Limits limits;
    TlsPair pair{context};
    HttpReader reader{*pair.server, config, limits, source()};

    explicit Reading(const wire::Limits& given = {}, const MemoryProtection& memory = plenty) : config(given), limits(given, memory) {}

    [[nodiscard]] Result<Request, HttpFailure> head() { return run(context, reader.head(config.idle_timeout)); }
    [[nodiscard]] Result<ByteView, HttpFailure> piece() { return run(context, reader.body()); }
    [[nodiscard]] std::string body()
    {
        std::string all;
        for (;;) {
            const auto next = must(piece());
            if (next.empty()) return all;
            all += as_text(next);
        }
    }
};

template <typename T>
std::optional<HttpFailure> failure(const Result<T, HttpFailure>& result)
{
    if (result.has_value()) return std::nullopt;
    return result.error();
}

}  // namespace

TEST_CASE("Request after request on one connection")
{
    Reading reading;
    REQUIRE(reading.pair.client->write(get));
    CHECK(must(reading.head()).target == "/ar/");
    CHECK(reading.body().empty());
    CHECK(reading.reader.keeps_alive());
    // Three at once, the last in two pieces.
    REQUIRE(reading.pair.client->write(post("first") + post("second") + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-"));
    CHECK(must(reading.head()).verb == http::verb::post);
    CHECK(reading.body() == "first");
    CHECK(must(reading.head()).content_length == 6u);
    CHECK(reading.body() == "second");
    REQUIRE(reading.pair.client->write("Encoding: chunked\r\nConnection: close\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n"));
    CHECK(must(reading.head()).target == "/3");
    CHECK(!reading.reader.keeps_alive());
    CHECK(reading.body() == "abc");
    CHECK(!reading.reader.keeps_alive());
}

TEST_CASE("A chunked body's end, drop by drop")
{
    Reading reading;
    auto dripping = std::async(std::launch::async, [&] {
        for (const std::string_view drop : {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n", "\r", "\n"}) {
            reading.pair.client->write(drop);
            std::this_thread::sleep_for(50ms);
        }
    });
    (void)must(reading.head());
    CHECK(reading.body().empty());
    CHECK(reading.reader.keeps_alive());
    dripping.wait();
}

TEST_CASE("A body much larger than the buffer, in order")
{
    Reading reading;
    std::string sent(1'000'000, ' ');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * i >> 7);
    auto sending = std::async(std::launch::async, [&] { return reading.pair.client->write(post(sent) + get); });
    CHECK(must(reading.head()).content_length == sent.size());
    CHECK((reading.body() == sent));
    CHECK(must(reading.head()).target == "/ar/");
    CHECK(sending.get());
}

TEST_CASE("What was handed on is wiped when the next bytes come")
{
    Reading reading;
    const std::string secret(1000, 's');
    REQUIRE(reading.pair.client->write(post(secret + "tail").substr(0, post(secret + "tail").size() - 4)));
    (void)must(reading.head());
    const auto first = must(reading.piece());
    REQUIRE(first.size() == secret.size());
    const auto where = std::span(first.data(), first.size());
    REQUIRE(reading.pair.client->write("tail"));
    CHECK(as_text(must(reading.piece())) == "tail");
    // The same buffer, which stays while the request does.
    CHECK(std::count(where.begin(), where.end(), 's') == 0);
}

TEST_CASE("A request behind another does not keep what the other said")
{
    Reading reading;
    const std::string secret(1000, 's');
    // Its buffer stays while something of it is to come.
    const auto next = post("ab");
    REQUIRE(reading.pair.client->write(post(secret) + next.substr(0, 10)));
    (void)must(reading.head());
    const auto body = must(reading.piece());
    const auto where = std::span(body.data(), body.size());
    REQUIRE(must(reading.piece()).empty());
    REQUIRE(reading.pair.client->write(next.substr(10, next.size() - 11)));
    CHECK(must(reading.head()).target == "/ar/report");
    CHECK(std::count(where.begin(), where.end(), 's') == 0);
}

TEST_CASE("One that only waits holds no buffer, and too many wait for theirs")
{
    constexpr MemoryProtection scarce{false, 0};
    wire::Limits config;
    config.max_connections = 1;  // one buffer, then
    config.header_timeout = 1s;
    Reading first(config, scarce);
    REQUIRE(first.limits.requests().take(source()));
    auto sending = std::async(std::launch::async, [&] {
        std::this_thread::sleep_for(100ms);
        return first.pair.client->write(post("hello"));
    });
    CHECK(must(first.head()).target == "/ar/report");  // waited, then took it
    CHECK(sending.get());
    CHECK(!first.limits.requests().take(source()));

    TlsPair pair(first.context);
    HttpReader second(*pair.server, first.config, first.limits, source(2));
    REQUIRE(pair.client->write(get));
    CHECK(failure(run(first.context, second.head(first.config.idle_timeout))) == HttpFailure::timed_out);
    CHECK(second.idle());  // nothing was read of it
    // The first has been read to its end, and has given its buffer back: what is answered needs none.
    CHECK(first.body() == "hello");
    CHECK(first.limits.requests().take(source()));
    CHECK(must(run(first.context, second.head(first.config.idle_timeout))).target == "/ar/");
    CHECK(first.limits.requests().take(source()));
}

TEST_CASE("Asking before sending")
{
    Reading reading;
    REQUIRE(reading.pair.client->write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    const auto request = must(reading.head());
    CHECK(request.expects_continue);
    CHECK(request.content_length == 2u);
    CHECK(!reading.reader.keeps_alive());  // not before its body was read
    REQUIRE(reading.pair.client->write("ok"));
    CHECK(reading.body() == "ok");
    CHECK(reading.reader.keeps_alive());
    REQUIRE(reading.pair.client->write("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok"));
    CHECK(!must(reading.head()).expects_continue);
}

TEST_CASE("What ends a connection before a request is whole")
{
    Reading reading;
    SECTION("nothing said")
    {
        reading.pair.client->close_notify();
        CHECK(failure(reading.head()) == HttpFailure::closed);
        CHECK(reading.reader.idle());
    }
    SECTION("cut within the head")
    {
        REQUIRE(reading.pair.client->write(get.substr(0, 20)));
        reading.pair.client->close();
        CHECK(failure(reading.head()) == HttpFailure::closed);
        CHECK(!reading.reader.idle());
    }
    SECTION("cut within the body")
    {
        REQUIRE(reading.pair.client->write(post("12345").substr(0, post("12345").size() - 1)));
        (void)must(reading.head());
        CHECK(as_text(must(reading.piece())) == "1234");
        reading.pair.client->close();
        CHECK(failure(reading.piece()) == HttpFailure::closed);
        CHECK(!reading.reader.keeps_alive());
    }
    SECTION("no request")
    {
        REQUIRE(reading.pair.client->write("\r\n\r\n\r\n"));
        CHECK(failure(reading.head()) == HttpFailure::malformed);
    }
    SECTION("a head without end")
    {
        auto sending = std::async(std::launch::async, [&] { return reading.pair.client->write(get.substr(0, get.size() - 2) + "X: " + std::string(100'000, 'x')); });
        CHECK(failure(reading.head()) == HttpFailure::head_too_large);
        reading.pair.server->cancel();
        run(reading.context, reading.pair.server->close());
        sending.wait();
    }
    SECTION("a chunk's head without end")
    {
        auto sending = std::async(std::launch::async, [&] {
            return reading.pair.client->write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'x'));
        });
        (void)must(reading.head());
        CHECK(failure(reading.piece()) == HttpFailure::malformed);
        run(reading.context, reading.pair.server->close());
        sending.wait();
    }
    SECTION("CONNECT")
    {
        REQUIRE(reading.pair.client->write("CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"));
        CHECK(failure(reading.head()) == HttpFailure::malformed);
    }
}

TEST_CASE("Every wait for a request has its end")
{
    wire::Limits config;
    config.idle_timeout = config.header_timeout = config.body_timeout = 60s;
    SECTION("for its first byte")
    {
        config.idle_timeout = 1s;
        Reading reading(config);
        CHECK(failure(reading.head()) == HttpFailure::timed_out);
        CHECK(reading.reader.idle());
    }
    SECTION("for its head, however steadily it comes")
    {
        config.header_timeout = 1s;
        Reading reading(config);
        std::atomic<bool> over = false;
        auto dripping = std::async(std::launch::async, [&] {
            for (const char c : get.substr(0, get.size() - 2)) {
                if (over) break;
                reading.pair.client->write({&c, 1});
                std::this_thread::sleep_for(100ms);
            }
        });
        const auto begun = Stream::Clock::now();
        CHECK(failure(reading.head()) == HttpFailure::timed_out);
        CHECK(Stream::Clock::now() - begun >= 1s);
        CHECK(!reading.reader.idle());
        over = true;
        dripping.wait();
    }
    SECTION("between two pieces of its body")
    {
        config.idle_timeout = 1s;
        Reading reading(config);
        REQUIRE(reading.pair.client->write(post("12345").substr(0, post("12345").size() - 1)));
        (void)must(reading.head());
        CHECK(must(reading.piece()).size() == 4);
        CHECK(failure(reading.piece()) == HttpFailure::timed_out);
    }
    SECTION("for all of its body, however steadily it comes")
    {
        config.body_timeout = 1s;
        Reading reading(config);
        std::atomic<bool> over = false;
        auto dripping = std::async(std::launch::async, [&] {
            reading.pair.client->write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
            while (!over) {
                reading.pair.client->write("x");
                std::this_thread::sleep_for(100ms);
            }
        });
        (void)must(reading.head());
        std::size_t received = 0;
        auto last = reading.piece();
        for (; last && received < 1000; last = reading.piece()) received += last->size();
        CHECK(failure(last) == HttpFailure::timed_out);
        CHECK(received > 1);
        over = true;
        dripping.wait();
    }
}

}  // namespace amana::front::test
