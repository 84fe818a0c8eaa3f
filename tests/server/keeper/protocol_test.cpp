// SPDX-License-Identifier: AGPL-3.0-or-later
// What the keeper makes of a front that does not keep to the protocol, or sends what is no envelope.
#include "tests/server/keeper/serving.hpp"
#include "tests/support/catch.hpp"

namespace amana::keeper::test {

namespace {

// The channel is closed by the keeper, with a line for the admin, and nothing unfinished stays.
void expect_breach(Serving& serving)
{
    serving.front().hear_the_end();
    serving.end();
    REQUIRE(serving.log().size() == 1);
    CHECK(serving.log().front().find("channel 0 is closed") != std::string::npos);
    CHECK(serving.inner->orphans().value().empty());
    CHECK(serving.inner->stats().value().pending == 0);
}

}  // namespace

TEST_CASE("An abort that crosses stored is no breach")
{
    Serving serving;
    serving.start();
    CHECK(serving.front().send(seal_envelope()).stored);
    serving.front().say(wire::Kind::abort, 1);
    CHECK(serving.front().send(seal_envelope()).stored);
    serving.end();
    CHECK(serving.inner->stats().value().pending == 2);
    CHECK(serving.log().empty());
}

TEST_CASE("What is not the shape of an envelope is refused, and the channel goes on")
{
    Serving serving;
    serving.start();
    (void)serving.front().hear();
    auto& front = serving.front();
    auto wrong = seal_envelope(256 * crypto::kibibyte);
    SECTION("a header with something behind it") { wrong.chunks[0].push_back(0); }
    SECTION("half a header") { wrong.chunks[0].resize(700); }
    SECTION("another suite") { wrong.chunks[0][0] = 2; }
    SECTION("a chunk too few") { wrong.chunks.pop_back(); }
    SECTION("a chunk too many") { wrong.chunks.push_back(wrong.chunks.back()); }
    SECTION("a short chunk in the middle")
    {
        wrong.chunks[2].resize(1000);
        wrong.chunks.push_back(Bytes(crypto::sealed_chunk_bytes - 1000, 1));
    }
    SECTION("no chunk but the header") { wrong.chunks.resize(1); }
    SECTION("nothing at all")
    {
        front.say(wire::Kind::begin, 1);
        front.say(wire::Kind::finish, 1, Bytes{0});
        CHECK(hear_refusal(front) == wire::Refusal::invalid);
        wrong.chunks[0].resize(1);  // and another below
        front.next_id = 2;
    }
    SECTION("a chunk of nothing but a tag") { wrong.chunks[4].resize(crypto::aead_tag_bytes); }
    CHECK(front.send(wrong).refused == wire::Refusal::invalid);
    CHECK(front.send(seal_envelope()).stored);
    serving.end();
    CHECK(serving.log().empty());
    CHECK(serving.inner->orphans().value().empty());
    CHECK(serving.inner->stats().value().pending == 1);
}

TEST_CASE("A breach of the protocol ends the channel")
{
    Serving serving;
    serving.start();
    (void)serving.front().hear();
    auto& front = serving.front();
    const auto envelope = seal_envelope(1 * crypto::mebibyte);
    SECTION("a step of pressure that there is not") { front.say(wire::Kind::pressure, 0, Bytes{5}); }
    SECTION("pressure of an upload") { front.say(wire::Kind::pressure, 1, Bytes{1}); }
    SECTION("a frame of an unknown kind") { front.say_raw(Bytes{0, 0, 0, 5, 99, 0, 0, 0, 1}); }
    SECTION("a second hello")
    {
        Bytes hello;
        wire::append_hello(hello);
        front.say_raw(hello);
    }
    SECTION("the keeper's own words")
    {
        front.say(wire::Kind::begin, 1);
        front.say(wire::Kind::stored, 1);
    }
    SECTION("a finish for another number")
    {
        front.say(wire::Kind::begin, 1);
        front.say(wire::Kind::chunk, 1, envelope.chunks[0]);
        front.say(wire::Kind::finish, 2, Bytes{0});
    }
    SECTION("a chunk for nothing") { front.say(wire::Kind::chunk, 1, envelope.chunks[0]); }
    SECTION("a number twice")
    {
        front.say(wire::Kind::begin, 1);
        front.say(wire::Kind::begin, 1);
    }
    SECTION("an end that says neither yes nor no")
    {
        front.say(wire::Kind::begin, 1);
        front.say(wire::Kind::finish, 1, Bytes{2});
    }
    SECTION("a question that can't be") { front.say(wire::Kind::ask, 1, Bytes(38, 9)); }
    SECTION("an answer") { front.say(wire::Kind::answer, 1); }
    expect_breach(serving);
}

TEST_CASE("A front that does not greet is not served")
{
    Bytes greeting;
    SECTION("another version") { wire::append_frame(greeting, wire::Kind::hello, 0, Bytes{0, 9}); }
    SECTION("no hello") { wire::append_frame(greeting, wire::Kind::begin, 1); }
    const Serving owner;
    SocketPair pair;
    std::vector<UniqueFd> channels;
    channels.push_back(std::move(pair.theirs));
    std::vector<std::string> log;
    const SpaceRule space{[] { return std::uint64_t{1} << 40; }, 0};
    Service service(*owner.inner, owner.sequencer, std::move(channels),
                    {std::chrono::hours{1}, 365, space, [&](std::string_view line) { log.emplace_back(line); }});
    write_full(pair.ours.get(), greeting).value();
    service.run();  // ends because its one channel does
    CHECK(log.size() == 1);
}

TEST_CASE("More chunks than there is credit for are a breach")
{
    const Serving owner;
    SocketPair pair;
    Channel channel(std::move(pair.theirs), 0);
    Intake intake(*owner.inner, {[] { return std::uint64_t{1} << 40; }, 0}, [](const crypto::Hash&) -> std::optional<std::string> { return std::string(); }, [](std::string_view) {});
    Bytes hello;
    wire::append_hello(hello);
    CHECK(intake.handle(channel, {wire::Kind::hello, 0, ByteView(hello).subspan(wire::frame_head_bytes)}).has_value());
    CHECK(intake.handle(channel, {wire::Kind::begin, 1, {}}).has_value());
    const auto envelope = seal_envelope(1 * crypto::mebibyte);
    const auto chunk = [&](std::size_t i) { return intake.handle(channel, {wire::Kind::chunk, 1, envelope.chunks[i]}).has_value(); };
    for (std::size_t i = 0; i < wire::upload_window; ++i) CHECK(chunk(i));
    SECTION("after a commit there is credit again")
    {
        intake.commit();
        for (std::size_t i = 0; i < wire::upload_window; ++i) CHECK(chunk(wire::upload_window + i));
    }
    SECTION("before it there is none") { CHECK(!chunk(wire::upload_window)); }
    intake.commit();
    intake.drop(channel);
}

TEST_CASE("More uploads at once than a channel may have are refused")
{
    Serving serving;
    serving.start();
    (void)serving.front().hear();
    for (wire::UploadId id = 1; id <= max_uploads_per_channel + 1; ++id) serving.front().say(wire::Kind::begin, id);
    const auto frame = serving.front().hear();
    REQUIRE(frame);
    CHECK(frame->kind == wire::Kind::refused);
    CHECK(frame->upload == max_uploads_per_channel + 1);
}

TEST_CASE("A front that takes no replies holds up nobody else")
{
    Serving serving(2);
    serving.start();
    // Finishing nothing brings a refusal; these are never read.
    Bytes flood;
    for (wire::UploadId id = 1; id <= 200'000; ++id) {
        wire::append_frame(flood, wire::Kind::begin, id);
        wire::append_finish(flood, id, false);
    }
    CHECK(serving.front().say_what_fits(flood) < flood.size());
    for (int i = 0; i < 20; ++i) CHECK(serving.fronts[1].send(seal_envelope()).stored);
    serving.end();
    CHECK(serving.inner->stats().value().pending == 20);
}

}  // namespace amana::keeper::test
