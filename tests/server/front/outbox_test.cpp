// SPDX-License-Identifier: AGPL-3.0-or-later
// What scripts read of the outbox, and erase in it (docs/INBOX.md, section 3).
#include "base/reader.hpp"
#include "tests/server/front/asking.hpp"
#include "tests/server/front/fake_outbox.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

namespace {

struct Reading {
    Reading()
    {
        options.keys = FakeOutbox::key_set();
        options.log = [this](const wire::Ask& ask) -> std::optional<Bytes> {
            if (failing) return std::nullopt;
            return there ? outbox.answer(ask) : Bytes{};
        };
    }
    Client::Answer post(const std::string& target, ByteView body, const std::string& type = "application/octet-stream")
    {
        if (!front) front.emplace(options);
        return front->ask("POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
                          "\r\n\r\n" + std::string(as_text(body)));
    }
    Client::Answer table()
    {
        if (!front) front.emplace(options);
        return front->ask(get("/inbox/table"));
    }
    FakeOutbox outbox;
    bool there = true, failing = false;
    Front::Options options;
    std::optional<Front> front;
};

Bytes bucket(std::uint64_t serial, std::uint32_t number) { return Writer().integer(serial).integer(number).take(); }

}  // namespace

TEST_CASE("The table is the outbox's note")
{
    Reading reading;
    const auto table = reading.table();
    CHECK(status(table) == 200);
    CHECK(has(table, "Content-Type: text/plain; charset=utf-8"));
    CHECK(has(table, "Cache-Control: no-store"));
    CHECK(crypto::OutboxNote::parse(as_bytes(table.body), "test", FakeOutbox::key_set().courier.key).value().serial == 7);
    reading.there = false;
    CHECK(status(reading.table()) == 404);
    reading.failing = true;
    CHECK(status(reading.table()) == 503);
}

TEST_CASE("A bucket is its notice and its slots, of the present outbox alone")
{
    Reading reading;
    const auto answer = reading.post("/inbox/bucket", bucket(7, 3));
    CHECK(status(answer) == 200);
    CHECK(has(answer, "Content-Type: application/octet-stream"));
    REQUIRE(answer.body.size() == crypto::bucket_reply_bytes);
    CHECK(answer.body.substr(0, 4096) == as_text(reading.outbox.notice));
    CHECK(answer.body.substr(4096) == as_text(ByteView(reading.outbox.slots).subspan(3 * crypto::bucket_bytes, crypto::bucket_bytes)));
    CHECK(status(reading.post("/inbox/bucket", bucket(8, 3))) == 409);
    CHECK(status(reading.post("/inbox/bucket", bucket(7, 4))) == 409);
    CHECK(status(reading.post("/inbox/bucket", Bytes(11))) == 400);
    CHECK(status(reading.post("/inbox/bucket", Bytes(13))) == 400);
    CHECK(status(reading.post("/inbox/bucket", Bytes(100'000))) == 400);
    CHECK(status(reading.post("/inbox/bucket", bucket(7, 3), "text/plain")) == 415);
    CHECK(status(reading.front->ask(get("/inbox/bucket"))) == 405);
    reading.failing = true;
    CHECK(status(reading.post("/inbox/bucket", bucket(7, 3))) == 503);
}

TEST_CASE("A file is as it is sealed; when the outbox is replaced on the way, it is cut off")
{
    Reading reading;
    const auto file = reading.outbox.file("a", std::string(100'000, 'x'));
    const auto request = Writer().integer(std::uint64_t{7}).bytes(file.id).take();
    const auto answer = reading.post("/inbox/file", request);
    CHECK(status(answer) == 200);
    CHECK(answer.body == as_text(reading.outbox.files[file.id]));
    CHECK(status(reading.post("/inbox/file", Writer().integer(std::uint64_t{7}).bytes(crypto::Item{}).take())) == 409);
    CHECK(status(reading.post("/inbox/file", bucket(7, 1))) == 400);
    Reading replaced;
    replaced.outbox.files[file.id] = reading.outbox.files[file.id];
    replaced.options.log = [&](const wire::Ask& ask) { return ask.index < 3 ? replaced.outbox.answer(ask) : std::optional<Bytes>(Bytes{}); };
    CHECK(replaced.post("/inbox/file", request).body.size() == 3 * wire::outbox_piece_bytes);
}

TEST_CASE("What is signed is passed on to be erased, and nothing else")
{
    Reading reading;
    const auto receipt = crypto::Receipt::make();
    const auto keys = FakeOutbox::keys_of(receipt);
    const std::vector<crypto::Item> items(1, crypto::Item{1});
    const auto request = crypto::Erase::sign(keys.erasure.view(), FakeOutbox::root(), 7, 2, items);
    const auto answer = reading.post("/inbox/erase", request);
    CHECK(status(answer) == 200);
    CHECK(answer.body == "OK");
    CHECK(reading.front->erases() == std::vector<Bytes>(1, request));
    auto spoiled = request;
    spoiled.back() ^= 1;
    CHECK(status(reading.post("/inbox/erase", spoiled)) == 400);
    CHECK(reading.front->erases().size() == 1);
    for (const auto& [answered, expected] : {std::pair{std::optional<Bytes>(Bytes{}), 409U}, {std::optional<Bytes>(), 503U}}) {
        Reading other;
        other.options.erased = [said = answered](const Bytes&) { return said; };
        CHECK(status(other.post("/inbox/erase", request)) == expected);
    }
}

}  // namespace amana::front::test
