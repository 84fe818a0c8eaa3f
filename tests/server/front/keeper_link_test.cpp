// SPDX-License-Identifier: AGPL-3.0-or-later
// The front's side of the way to the keeper: never more under way than the window, every end of an upload told as what it
// was, and a keeper that speaks wrongly or is gone.
#include "base/reader.hpp"
#include "tests/server/front/sending.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;
using Outcome = Upload::Outcome;
using wire::Kind;

asio::awaitable<KeptFrame> frame_of(FakeKeeper& keeper, Kind kind)
{
    const auto frame = co_await keeper.next();
    if (!frame) throw std::runtime_error("the channel ended");
    if (frame->kind != kind) throw std::runtime_error("another frame than the test takes for granted");
    co_return *frame;
}

// What becomes of an upload when the keeper has said this right after hello.
struct After {
    Sent sent;
    int lost;
};
After after(Bytes said, bool with_hello = true)
{
    Channel channel;
    Upload upload(*channel.link);
    const auto script = [&]() -> asio::awaitable<void> {
        if (with_hello) co_await channel.keeper.hello();
        (void)co_await frame_of(channel.keeper, Kind::hello);
        (void)co_await frame_of(channel.keeper, Kind::begin);
        co_await channel.keeper.say(std::move(said));
    };
    channel.spawn(script());
    const auto sent = run(channel.context, send_all(upload, 100));
    channel.settle();
    CHECK(channel.link->alive() == (channel.lost == 0));
    return {sent, channel.lost};
}

Bytes frame(Kind kind, wire::UploadId upload = 1, Bytes body = {})
{
    Bytes out;
    wire::append_frame(out, kind, upload, body);
    return out;
}
Bytes credit(std::uint32_t chunks, wire::UploadId upload = 1)
{
    return frame(Kind::credit, upload, Writer().integer(chunks).take());
}

}  // namespace

TEST_CASE("Hello, begin, chunks, finish; stored")
{
    Channel channel;
    channel.spawn(channel.keeper.collect());
    for (wire::UploadId id = 1; id <= 3; ++id) {
        Upload upload(*channel.link);
        const auto sent = run(channel.context, send_all(upload, 10));
        CHECK(sent.chunks == 10);
        CHECK(sent.outcome == Outcome::stored);
        // begin is counted by the keeper, too: the first frame after hello, without a body.
        const auto& envelope = channel.keeper.envelopes.at(id);
        CHECK(envelope.finished);
        CHECK(envelope.chunks == std::vector<Bytes>(10, chunk));
    }
    CHECK(channel.lost == 0);
    CHECK(channel.link->alive());
}

TEST_CASE("Never more chunks under way than there is credit for")
{
    Channel channel;
    Upload upload(*channel.link);
    int most = 0;
    const auto script = [&]() -> asio::awaitable<void> {
        co_await channel.keeper.hello();
        (void)co_await frame_of(channel.keeper, Kind::hello);
        const auto begun = co_await frame_of(channel.keeper, Kind::begin);
        const auto id = begun.upload;
        int under_way = 0;
        // All that comes without credit is the window, however long the keeper waits.
        for (; under_way < static_cast<int>(wire::upload_window); ++under_way) (void)co_await frame_of(channel.keeper, Kind::chunk);
        const bool silent = co_await channel.keeper.silent(200ms);
        if (!silent) most = 1000;
        for (const std::uint32_t given : {1u, 3u, 2u, wire::upload_window, 1u}) {
            co_await channel.keeper.credit(id, given);
            for (std::uint32_t i = 0; i < given; ++i) (void)co_await frame_of(channel.keeper, Kind::chunk);
            const bool silent_again = co_await channel.keeper.silent(50ms);
            if (!silent_again) most = 1000;
        }
        co_await channel.keeper.credit(id, 4);
        const bool finished = co_await channel.keeper.until(Kind::finish);
        if (!finished) co_return;
        co_await channel.keeper.stored(id);
    };
    channel.spawn(script());
    const auto sent = run(channel.context, send_all(upload, 4 + 11 + 4));
    CHECK(most == 0);
    CHECK(sent.chunks == 19);
    CHECK(sent.outcome == Outcome::stored);
}

TEST_CASE("Room is heard whenever it is said, and one that can't be ends the channel")
{
    Bytes said;
    wire::append_room(said, 70 * crypto::mebibyte);
    append(said, frame(Kind::refused, 1, {1}));
    const auto sent = after(said);
    CHECK(sent.lost == 0);
    CHECK(sent.sent.outcome == Outcome::full);
    CHECK(after(frame(Kind::room, 0, Writer().integer(std::uint64_t{1000}).take())).lost == 1);
    CHECK(after(frame(Kind::room, 3, Bytes(8))).lost == 1);
}

TEST_CASE("Uploads side by side have each their own credit, and frames are never mixed")
{
    Channel channel;
    channel.spawn(channel.keeper.collect());
    constexpr int uploads = 8;
    std::vector<std::unique_ptr<Upload>> all;
    std::vector<Bytes> bodies;
    int stored = 0;
    for (int i = 0; i < uploads; ++i) {
        all.push_back(std::make_unique<Upload>(*channel.link));
        bodies.emplace_back(wire::max_body_bytes, static_cast<Byte>(i));  // longer than a socket takes at once
    }
    for (std::size_t i = 0; i < uploads; ++i)
        asio::co_spawn(channel.context, send_all(*all[i], 20, bodies[i]), [&](auto, Sent sent) { stored += sent.outcome == Outcome::stored ? 1 : 0; });
    CHECK(run_until(channel.context, [&] { return stored == uploads; }));
    REQUIRE(channel.keeper.envelopes.size() == 1 + uploads);  // hello is upload 0's
    for (const auto& [id, envelope] : channel.keeper.envelopes) {
        if (id == 0) continue;
        CHECK(envelope.finished);
        CHECK((envelope.chunks == std::vector<Bytes>(20, bodies[id - 1])));
    }
}

TEST_CASE("Refused, early or late, with the reason")
{
    const auto [refusal, outcome] = GENERATE(std::pair(wire::Refusal::full, Outcome::full), std::pair(wire::Refusal::invalid, Outcome::invalid),
                                             std::pair(wire::Refusal::failed, Outcome::failed));
    const auto midway = after(frame(Kind::refused, 1, {static_cast<Byte>(refusal)}));
    CHECK(midway.sent.chunks <= static_cast<int>(wire::upload_window));
    CHECK(midway.sent.outcome == outcome);
    CHECK(midway.lost == 0);

    Channel channel;
    channel.keeper.refuse_at_finish = refusal;
    channel.spawn(channel.keeper.collect());
    std::optional<Upload> upload(*channel.link);
    const auto sent = run(channel.context, send_all(*upload, 10));
    CHECK(sent.chunks == 10);
    CHECK(sent.outcome == outcome);
    upload.reset();
    channel.settle();
    CHECK(!channel.keeper.envelopes.at(1).aborted);  // it is over: nothing to abort
    CHECK(channel.link->alive());
    // The next one is not concerned.
    channel.keeper.refuse_at_finish.reset();
    Upload next(*channel.link);
    CHECK(run(channel.context, send_all(next, 3)).outcome == Outcome::stored);
}

TEST_CASE("A keeper that goes takes every upload with it, and is told lost once")
{
    Channel channel;
    Upload waiting_for_credit(*channel.link);
    Upload waiting_for_stored(*channel.link);
    Upload not_begun(*channel.link);
    const auto script = [&]() -> asio::awaitable<void> {
        co_await channel.keeper.hello();
        const bool finished = co_await channel.keeper.until(Kind::finish);
        if (!finished) co_return;
        channel.keeper.go();
    };
    channel.spawn(script());
    int failed = 0;
    const auto count = [&](auto, Sent sent) { failed += sent.outcome == Outcome::failed ? 1 : 0; };
    asio::co_spawn(channel.context, send_all(waiting_for_credit, 100), count);
    asio::co_spawn(channel.context, send_all(waiting_for_stored, 1), count);
    CHECK(run_until(channel.context, [&] { return failed == 2; }));
    channel.settle();
    CHECK(channel.lost == 1);
    CHECK(!channel.link->alive());
    CHECK(run(channel.context, send_all(not_begun, 1)).outcome == Outcome::failed);
    Upload late(*channel.link);
    const auto sent = run(channel.context, send_all(late, 1));
    CHECK(sent.chunks == 0);
    CHECK(sent.outcome == Outcome::failed);
    CHECK(channel.lost == 1);
}

TEST_CASE("A keeper that is gone before anything was said")
{
    Channel channel;
    channel.keeper.go();
    channel.settle();
    CHECK(channel.lost == 1);
    Upload upload(*channel.link);
    CHECK(run(channel.context, send_all(upload, 1)).outcome == Outcome::failed);
    CHECK(channel.lost == 1);
}

TEST_CASE("An upload that is dropped is aborted")
{
    Channel channel;
    channel.spawn(channel.keeper.collect());
    {
        const Upload never_begun(*channel.link);
    }
    {
        Upload dropped(*channel.link);
        CHECK(run(channel.context, dropped.send(chunk)));
        CHECK(run(channel.context, dropped.send(chunk)));
    }
    channel.settle();
    CHECK(!channel.keeper.envelopes.contains(1));  // the keeper has never heard of it
    const auto& envelope = channel.keeper.envelopes.at(2);
    CHECK(envelope.chunks.size() == 2);
    CHECK(envelope.aborted);
    CHECK(!envelope.finished);
    // What the keeper still says of it disturbs nobody.
    run(channel.context, channel.keeper.credit(2, 1));
    run(channel.context, channel.keeper.refused(2, wire::Refusal::full));
    channel.settle();
    Upload next(*channel.link);
    CHECK(run(channel.context, send_all(next, 3)).outcome == Outcome::stored);
    CHECK(channel.lost == 0);
}

TEST_CASE("A keeper that speaks wrongly is left")
{
    const auto is_left = [](Bytes said, bool with_hello = true) {
        const auto [sent, lost] = after(std::move(said), with_hello);
        return lost == 1 && sent.outcome == Outcome::failed;
    };
    Bytes hello;
    wire::append_hello(hello);
    CHECK(is_left(frame(Kind::begin)));
    CHECK(is_left(frame(Kind::chunk, 1, {1})));
    CHECK(is_left(frame(Kind::finish, 1, {0})));
    Bytes asking;
    wire::append_ask(asking, 1, {wire::Asked::tile});
    CHECK(is_left(asking));
    CHECK(is_left(frame(Kind::erase, 1, Bytes(crypto::min_erase_bytes, 1))));
    CHECK(is_left(frame(Kind::answer)));
    CHECK(is_left(frame(Kind::abort)));
    CHECK(is_left(hello));
    CHECK(is_left(Bytes(100, 0xff)));
    CHECK(is_left({0, 0, 0, 5, 99, 0, 0, 0, 1}));
    CHECK(is_left(frame(Kind::refused, 1, {0})));
    CHECK(is_left(frame(Kind::refused, 99, {9})));
    CHECK(is_left(credit(0)));
    CHECK(is_left(credit(wire::upload_window + 1)));
    CHECK(is_left(credit(wire::upload_window + 1, 99)));
    CHECK(is_left(credit(0xffffffff)));
    // Credit for more than was sent, in one or in pieces; and stored before all was sent.
    Bytes pieces;
    for (int i = 0; i < 200; ++i) append(pieces, credit(1));
    CHECK(is_left(pieces));
    CHECK(is_left(frame(Kind::stored)));
    // No hello, or another version's.
    CHECK(is_left(frame(Kind::stored), false));
    CHECK(is_left(frame(Kind::hello, 0, {0, 1}), false));
    CHECK(is_left(frame(Kind::hello, 1, {0, 2}), false));
    // What is said of uploads that are none, or are over, is no breach.
    Bytes of_others = frame(Kind::stored, 99);
    append(of_others, credit(1, 98));
    append(of_others, frame(Kind::refused, 97, {1}));
    append(of_others, frame(Kind::refused, 1, {1}));
    const auto [sent, lost] = after(of_others);
    CHECK(sent.outcome == Outcome::full);
    CHECK(lost == 0);
}

TEST_CASE("A second end of an upload is one too many")
{
    Channel channel;
    Upload upload(*channel.link);
    Bytes both = frame(Kind::refused, 1, {1});
    append(both, frame(Kind::stored));
    const auto script = [&]() -> asio::awaitable<void> {
        co_await channel.keeper.hello();
        const bool finished = co_await channel.keeper.until(Kind::finish);
        if (!finished) co_return;
        co_await channel.keeper.say(both);
    };
    channel.spawn(script());
    CHECK(run(channel.context, send_all(upload, 2)).outcome == Outcome::full);
    channel.settle();
    CHECK(channel.lost == 1);
}

TEST_CASE("A thread that ends with uploads under way takes them down in any order")
{
    Channel channel;
    channel.spawn(channel.keeper.collect());
    const auto hold = [](KeeperLink& link) -> asio::awaitable<void> {
        Upload upload(link);
        for (;;) {
            const bool taken = co_await upload.send(chunk);
            if (!taken) co_return;
        }
    };
    for (int i = 0; i < 3; ++i) channel.spawn(hold(*channel.link));
    channel.settle();
    channel.link.reset();  // then the context, with the coroutines that hold the uploads
}

}  // namespace amana::front::test
