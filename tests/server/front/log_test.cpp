// SPDX-License-Identifier: AGPL-3.0-or-later
// What is published of the log, as a reader meets it: paths, tiles, ranges of one tree while it grows, and how few may read.
#include "server/front/log_routes.hpp"

#include "base/reader.hpp"
#include "crypto/range.hpp"
#include "tests/server/front/asking.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <mutex>

namespace amana::front {

static std::ostream& operator<<(std::ostream& out, const LogRoute& route)
{
    return out << static_cast<int>(route.page) << ' ' << route.level << ' ' << route.index << ' ' << route.width;
}

}  // namespace amana::front

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

crypto::Hash leaf(std::uint64_t index) { return crypto::sha256(Writer().integer(index).take()); }

Bytes leaves(std::uint64_t from, std::uint64_t to)
{
    Bytes all;
    for (auto i = from; i < to; ++i) append(all, leaf(i));
    return all;
}

// A log of so many leaves, whose checkpoints are not signed.
struct FakeLog {
    explicit FakeLog(std::uint64_t leaves = 0, std::uint64_t with_every_question = 0) : size(leaves), grows(with_every_question) {}
    std::uint64_t size;
    std::uint64_t grows;
    std::optional<wire::Ask> fails;
    std::mutex mutex;
    std::uint64_t asked = 0;

    std::optional<Bytes> operator()(const wire::Ask& ask)
    {
        const std::lock_guard lock(mutex);
        ++asked;
        if (ask == fails) return std::nullopt;
        size += grows;
        switch (ask.what) {
        case wire::Asked::checkpoint: {
            const auto note = fmt::format("test.example\n{}\nroot\n\n", size);
            return Bytes(note.begin(), note.end());
        }
        case wire::Asked::outbox:
        case wire::Asked::bucket:
        case wire::Asked::file:
        case wire::Asked::witnessed: return Bytes{};
        case wire::Asked::verifier: return Bytes{'<', 'k', '&', '>'};
        case wire::Asked::tile: break;
        }
        Bytes hashes;
        const auto shift = 8 * ask.level;
        for (auto i = ask.index * 256; i < (ask.index + 1) * 256 && i + 1 <= size >> shift; ++i)
            append(hashes, crypto::complete_root(leaves(i << shift, (i + 1) << shift)));
        return hashes;
    }
};

Front::Options options(FakeLog& log)
{
    Front::Options options;
    options.log = [&log](const wire::Ask& ask) { return log(ask); };
    options.limits.header_timeout = options.limits.idle_timeout = options.limits.body_timeout = 60s;
    return options;
}

std::string text(ByteView bytes) { return std::string(as_text(bytes)); }

}  // namespace

TEST_CASE("Every thing of the log has one address")
{
    using enum LogPage;
    CHECK(find_log_route("/log/") == LogRoute{index});
    CHECK(find_log_route("/log/check.html") == LogRoute{checker});
    CHECK(find_log_route("/log/key") == LogRoute{key});
    CHECK(find_log_route("/log/checkpoint?x") == LogRoute{checkpoint});
    CHECK(find_log_route("/log/witnessed") == LogRoute{witnessed});
    CHECK(find_log_route("/log/tile/0/000") == LogRoute{tile, 0, 0, 256});
    CHECK(find_log_route("/log/tile/7/x001/x234/067") == LogRoute{tile, 7, 1234067, 256});  // C2SP tlog-tiles' own example
    CHECK(find_log_route("/log/tile/3/x999/000.p/255") == LogRoute{tile, 3, 999000, 255});
    CHECK(find_log_route("/log/tile/0/x001/x000/000.p/1") == LogRoute{tile, 0, 1000000, 1});
    CHECK(find_log_route("/log/range/0") == LogRoute{range, 0, 0});
    CHECK(find_log_route("/log/range/140737488355327") == LogRoute{range, 0, 140737488355327});
    for (const auto* nowhere :
         {"/log/x", "/log/checkpoint/", "/log//checkpoint", "/log/CHECKPOINT", "/log/tile", "/log/tile/", "/log/tile/0", "/log/tile/0/",
          "/log/tile/8/000", "/log/tile/00/000", "/log/tile/-1/000", "/log/tile/0/0", "/log/tile/0/00", "/log/tile/0/0000",
          "/log/tile/0/x000/000", "/log/tile/0/x001", "/log/tile/0/x001/", "/log/tile/0/001/000", "/log/tile/0/x1/000",
          "/log/tile/0/000/", "/log/tile/0/000.p", "/log/tile/0/000.p/", "/log/tile/0/000.p/0", "/log/tile/0/000.p/256",
          "/log/tile/0/000.p/01", "/log/tile/0/000.p/1/", "/log/tile/0/000.p/1.p/1", "/log/tile/entries/000", "/log/tile/data/000",
          "/log/tile/0/x036/x028/x797/x018/x963/968",  // 2^55
          "/log/tile/0/x999/x999/x999/x999/x999/x999/x999/999", "/log/tile/0/%30%30%30", "/log/tile/0/..",
          "/log/range/", "/log/range/00", "/log/range/+1", "/log/range/-1", "/log/range/0x1", "/log/range/1/", "/log/range/140737488355328",
          "/log/range/99999999999999999999999"}) {
        INFO(nowhere);
        CHECK(find_log_route(nowhere) == std::nullopt);
    }
}

TEST_CASE("Notes and tiles, by GET and HEAD, and what is not there")
{
    FakeLog log(65536 + 300);
    Front front(options(log));
    const auto note = front.ask(get("/log/checkpoint"));
    CHECK(status(note) == 200);
    CHECK(note.body == "test.example\n65836\nroot\n\n");
    CHECK(has(note, "Content-Type: text/plain; charset=utf-8"));
    CHECK(has(note, "X-Content-Type-Options: nosniff"));
    CHECK(has(note, "Content-Security-Policy: default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"));
    CHECK(status(front.ask(get("/log/witnessed"))) == 404);
    CHECK(front.ask(get("/log/key")).body == "<k&>\n");

    const auto whole = front.ask(get("/log/tile/0/x001/000"));
    CHECK(status(whole) == 404);  // tile 1000: far beyond
    const auto first = front.ask(get("/log/tile/0/000"));
    CHECK(first.body == text(leaves(0, 256)));
    CHECK(has(first, "Content-Type: application/octet-stream"));
    const auto head = front.ask(get("/log/tile/0/000", "", "HEAD"), true);
    CHECK(has(head, "Content-Length: 8192"));
    CHECK(status(front.ask(get("/log/tile/0/257"))) == 404);  // 44 of 256 are there
    CHECK(front.ask(get("/log/tile/0/257.p/44")).body == text(leaves(257 * 256, 257 * 256 + 44)));
    CHECK(front.ask(get("/log/tile/0/257.p/3")).body == text(leaves(257 * 256, 257 * 256 + 3)));
    CHECK(status(front.ask(get("/log/tile/0/257.p/45"))) == 404);
    CHECK(front.ask(get("/log/tile/0/000.p/7")).body == text(leaves(0, 7)));  // of a tree that was smaller
    CHECK(front.ask(get("/log/tile/2/000.p/1")).body == text(crypto::complete_root(leaves(0, 65536))));
    CHECK(status(front.ask(get("/log/tile/2/000.p/2"))) == 404);
    CHECK(status(front.ask(get("/log/tile/3/000.p/1"))) == 404);
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
        const auto answer = front.ask(get("/log/checkpoint", "", method));
        CHECK(status(answer) == 405);
        CHECK(has(answer, "Allow: GET, HEAD"));
    }
}

TEST_CASE("A keeper that can't read is told as such, and a range that breaks off is cut off")
{
    FakeLog log(70000);
    Front front(options(log));
    log.fails = wire::Ask{wire::Asked::tile, 0, 3};
    CHECK(status(front.ask(get("/log/tile/0/003"))) == 503);
    const auto client = front.connect();
    client->write(get("/log/range/0"));
    std::string all;
    for (auto piece = client->read(); !piece.empty(); piece = client->read()) all += piece;
    const auto body = all.substr(all.find("\r\n\r\n") + 4);
    CHECK(body.size() < 3 * 8192 + 200);
    CHECK(body.size() >= 3 * 8192);
    log.fails.reset();
    CHECK(status(front.ask(get("/log/tile/0/003"))) == 200);
}

TEST_CASE("A range is of one tree, though the log grows with every tile that is read")
{
    FakeLog log(65536 * 2 + 1000, 77);
    Front front(options(log));
    for (const std::uint64_t number : {0u, 1u, 2u}) {
        const auto answer = front.ask(get("/log/range/" + std::to_string(number)));
        REQUIRE(status(answer) == 200);
        CHECK(has(answer, "Content-Type: application/octet-stream"));
        Reader reader(as_bytes(answer.body));
        CHECK(as_text(reader.bytes(12)) == "AMANA-RANGE\n");
        CHECK(reader.integer<std::uint16_t>() == 1);
        const auto note = text(reader.counted(8192));
        const auto size = std::stoull(note.substr(note.find('\n') + 1));
        CHECK(size > 65536 * 2 + 1000);
        CHECK(reader.integer<std::uint64_t>() == number);
        const auto plan = crypto::RangePlan::make(number, size).value();
        CHECK(reader.integer<std::uint32_t>() == plan.end - plan.begin);
        CHECK(text(reader.bytes(32 * (plan.end - plan.begin))) == text(leaves(plan.begin, plan.end)));
        for (const auto* side : {&plan.left, &plan.right}) {
            CHECK(reader.integer<Byte>() == side->size());
            for (const auto& [height, index] : *side)
                CHECK(text(reader.bytes(32)) == text(crypto::complete_root(leaves(index << height, (index + 1) << height))));
        }
        CHECK(reader.done());
    }
    log.grows = 0;
    CHECK(status(front.ask(get("/log/range/3"))) == 404);
    const auto asked = log.asked;
    const auto head = front.ask(get("/log/range/0", "", "HEAD"), true);
    CHECK(status(head) == 200);
    CHECK(log.asked == asked + 1);  // the checkpoint, and nothing else
}

TEST_CASE("Readers who take nothing keep further readers out, and nobody who reports")
{
    FakeLog log(65536);
    auto few = options(log);
    few.limits.max_connections = 8;  // a quarter of them may read
    Front front(few);
    std::vector<std::unique_ptr<Client>> slow;
    for (int i = 0; i < 2; ++i) {
        slow.push_back(front.connect());
        for (int j = 0; j < 4; ++j) slow.back()->write(get("/log/range/0"));  // more than any socket holds
    }
    std::this_thread::sleep_for(1500ms);
    const auto refused = front.ask(get("/log/checkpoint"));
    CHECK(status(refused) == 503);
    CHECK(has(refused, "Retry-After: 10"));
    CHECK(status(front.ask(get("/en/"))) == 200);
    slow.clear();
    unsigned last = 0;
    for (int i = 0; i < 40 && last != 200; ++i) {
        std::this_thread::sleep_for(50ms);
        last = status(front.ask(get("/log/checkpoint")));
    }
    CHECK(last == 200);
}

TEST_CASE("The pages of the log")
{
    FakeLog log;
    Front front(options(log));
    const auto index = front.ask(get("/log/"));
    CHECK(status(index) == 200);
    CHECK(index.body.find("<script") == std::string::npos);
    CHECK(log.asked == 0);
    const auto checker = front.ask(get("/log/check.html"));
    CHECK(status(checker) == 200);
    CHECK(has(checker, "Content-Security-Policy: " + front.site().pages.log().checker_policy() + "; frame-ancestors 'none'"));
    CHECK(checker.body.find("&lt;k&amp;&gt;</textarea>") != std::string::npos);
    log.fails = wire::Ask{wire::Asked::verifier};
    CHECK(front.ask(get("/log/check.html")).body.find("\n</textarea>") != std::string::npos);
    CHECK(status(front.ask(get("/log/key"))) == 503);
}

}  // namespace amana::front::test
