// SPDX-License-Identifier: AGPL-3.0-or-later
// What the keeper answers to questions about the log, how many at once, and the promise it makes to who wants one.
#include "server/keeper/publisher.hpp"

#include "base/reader.hpp"
#include "tests/server/keeper/serving.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

namespace amana::keeper::test {

namespace {

// The answer to one question; nothing when it was refused.
std::optional<Bytes> ask(FakeFront& front, const wire::Ask& question)
{
    Bytes frame;
    const auto number = front.next_id++;
    wire::append_ask(frame, number, question);
    front.say_raw(frame);
    const auto heard = front.hear();
    if (!heard || heard->upload != number) throw std::runtime_error("no answer");
    if (heard->kind == wire::Kind::refused) return std::nullopt;
    if (heard->kind != wire::Kind::answer) throw std::runtime_error("something else than an answer");
    return Bytes(heard->body.begin(), heard->body.end());
}

std::string promise_for(FakeFront& front, const SealedEnvelope& envelope, bool wanted)
{
    const auto number = front.next_id++;
    front.say(wire::Kind::begin, number);
    for (const auto& chunk : envelope.chunks) front.say(wire::Kind::chunk, number, chunk);
    front.say(wire::Kind::finish, number, Bytes{static_cast<Byte>(wanted ? 1 : 0)});
    for (;;) {
        const auto heard = front.hear();
        if (!heard || heard->kind == wire::Kind::refused) throw std::runtime_error("not stored");
        if (heard->kind == wire::Kind::stored) return std::string(as_text(heard->body));
    }
}

// How many whole frames wait in a channel's output.
std::size_t frames(const Channel& channel)
{
    std::size_t count = 0;
    for (ByteView rest = channel.out; !rest.empty(); ++count) {
        Reader reader(rest);
        rest = rest.subspan(4 + reader.integer<std::uint32_t>());
    }
    return count - 1;  // the hello
}

}  // namespace

TEST_CASE("What is published is answered, and what is not there is empty")
{
    Serving serving(1, std::chrono::milliseconds{300});
    serving.start();
    auto& front = serving.front();
    (void)front.hear();
    const auto origin = serving.sequencer.verifier();
    CHECK(as_text(ask(front, {wire::Asked::verifier}).value()) == origin.text());
    CHECK(crypto::Checkpoint::parse(ask(front, {wire::Asked::checkpoint}).value(), origin).value().size == 0);
    CHECK(ask(front, {wire::Asked::witnessed}) == Bytes{});
    CHECK(ask(front, {wire::Asked::tile, 0, 0}) == Bytes{});
    std::vector<SealedEnvelope> sent;
    for (int i = 0; i < 3; ++i) {
        sent.push_back(seal_envelope());
        CHECK(front.send(sent.back()).stored);
    }
    crypto::Checkpoint checkpoint;
    for (int i = 0; i < 100 && checkpoint.size < 3; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        checkpoint = crypto::Checkpoint::parse(ask(front, {wire::Asked::checkpoint}).value(), origin).value();
    }
    REQUIRE(checkpoint.size == 3);
    const auto tile = ask(front, {wire::Asked::tile, 0, 0}).value();
    REQUIRE(tile.size() == 3 * crypto::hash_bytes);
    crypto::Frontier tree;
    Leaves found;
    for (std::size_t i = 0; i < 3; ++i) {
        crypto::Hash leaf{};
        std::copy_n(tile.begin() + static_cast<std::ptrdiff_t>(i * crypto::hash_bytes), crypto::hash_bytes, leaf.begin());
        tree.append(leaf);
        found.insert(leaf);
    }
    CHECK(tree.root() == checkpoint.root);
    CHECK(found == leaves_of(sent));
    CHECK(ask(front, {wire::Asked::tile, 1, 0}) == Bytes{});
    CHECK(ask(front, {wire::Asked::tile, wire::tile_levels - 1, wire::max_tile_index - 1}) == Bytes{});
}

TEST_CASE("Who wants a promise gets the log's word for its own envelope; who does not gets none")
{
    Serving serving;
    serving.start();
    auto& front = serving.front();
    (void)front.hear();
    const auto text = seal_envelope();
    const auto promised = crypto::Promise::parse(as_bytes(promise_for(front, text, true)), serving.sequencer.verifier());
    REQUIRE(promised.has_value());
    CHECK(promised->leaf == text.leaf);
    CHECK(promised->from == 0);
    CHECK(promised->by == promise_window);
    CHECK(promise_for(front, seal_envelope(), false).empty());
    CHECK(promise_for(front, seal_envelope(64 * crypto::kibibyte), true).size() <= wire::max_promise_bytes);
    serving.end();
    CHECK(serving.inner->stats().value().pending == 3);
}

TEST_CASE("Few questions are answered in a round, as many as may wait do, and one more breaks the protocol")
{
    const Serving owner;
    Outbox outbox(*owner.inner, {}, [](std::string_view) {});
    Publisher publisher(*owner.inner, outbox, "verifier");
    std::vector<Channel> channels;
    SocketPair one;
    SocketPair other;
    channels.emplace_back(std::move(one.theirs), 0);
    channels.emplace_back(std::move(other.theirs), 1);
    Bytes frame;
    wire::append_ask(frame, 1, {wire::Asked::verifier});
    const auto put = [&](Channel& channel) {
        return publisher.handle(channel, {wire::Kind::ask, 1, ByteView(frame).subspan(wire::frame_head_bytes)}).has_value();
    };
    for (std::size_t i = 0; i < wire::max_asks; ++i) CHECK(put(channels[0]));
    CHECK(!put(channels[0]));
    CHECK(put(channels[1]));
    publisher.answer_some();
    const auto answered = frames(channels[0]);
    CHECK(answered > 0);
    CHECK(answered < wire::max_asks);
    CHECK(publisher.has_questions());
    publisher.drop(channels[0]);
    publisher.answer_some();
    CHECK(frames(channels[0]) == answered);
    CHECK(frames(channels[1]) == 1);
    CHECK(!publisher.has_questions());
}

TEST_CASE("A flood of questions delays no report")
{
    Serving serving(2);
    serving.start();
    (void)serving.fronts[1].hear();
    Bytes flood;
    for (wire::UploadId number = 1; number <= wire::max_asks; ++number) wire::append_ask(flood, number, {wire::Asked::checkpoint});
    for (int i = 0; i < 20; ++i) {
        serving.fronts[0].say_raw(flood);
        CHECK(serving.fronts[1].send(seal_envelope()).stored);
        for (std::size_t heard = 0; heard < wire::max_asks;) heard += serving.fronts[0].hear()->kind == wire::Kind::answer ? 1u : 0u;
    }
    serving.end();
    CHECK(serving.log().empty());
}

}  // namespace amana::keeper::test
