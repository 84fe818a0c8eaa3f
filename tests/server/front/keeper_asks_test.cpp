// SPDX-License-Identifier: AGPL-3.0-or-later
// What the front is told over the way to the keeper beside the fate of uploads: the log's promises, and answers to questions.
#include "tests/server/front/sending.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

using wire::Kind;

TEST_CASE("A promise comes to who asked for it, and to nobody else")
{
    for (const bool wanted : {true, false}) {
        Channel channel;
        channel.keeper.promise = "the log's word";
        channel.spawn(channel.keeper.collect());
        Upload upload(*channel.link);
        const auto send = [&]() -> asio::awaitable<Upload::Outcome> {
            (void)co_await upload.send(chunk);
            co_return co_await upload.finish(wanted);
        };
        CHECK(run(channel.context, send()) == Upload::Outcome::stored);
        CHECK(upload.promise() == (wanted ? "the log's word" : ""));
        CHECK(channel.keeper.envelopes.at(1).wants_promise == wanted);
    }
    // One that nobody wanted is a breach.
    Channel channel;
    Upload upload(*channel.link);
    const auto script = [&]() -> asio::awaitable<void> {
        co_await channel.keeper.hello();
        const bool finished = co_await channel.keeper.until(Kind::finish);
        if (!finished) co_return;
        co_await channel.keeper.stored(1, "the log's word");
    };
    channel.spawn(script());
    CHECK(run(channel.context, send_all(upload, 2)).outcome == Upload::Outcome::failed);
    CHECK(channel.lost == 1);
}

TEST_CASE("Questions are answered each with its own answer, beside uploads")
{
    Channel channel;
    channel.keeper.answer = [](const wire::Ask& ask) -> std::optional<Bytes> {
        if (ask.index == 3) return std::nullopt;
        return Bytes(static_cast<std::size_t>(ask.index), 7);
    };
    channel.spawn(channel.keeper.collect());
    Upload upload(*channel.link);
    const auto ask = [&](std::uint64_t index) { return run(channel.context, channel.link->ask({wire::Asked::tile, 1, index})); };
    CHECK(ask(0) == Bytes{});
    CHECK(ask(2) == Bytes(2, 7));
    CHECK(!ask(3));
    CHECK(run(channel.context, send_all(upload, 3)).outcome == Upload::Outcome::stored);
    CHECK(ask(wire::max_answer_bytes) == Bytes(wire::max_answer_bytes, 7));
    CHECK(channel.lost == 0);
}

TEST_CASE("No more questions wait than may, and a keeper that goes ends them")
{
    Channel channel;
    channel.spawn(channel.keeper.hello());
    std::size_t over = 0;
    for (std::size_t i = 0; i <= wire::max_asks; ++i)
        asio::co_spawn(channel.context, channel.link->ask({wire::Asked::checkpoint}), [&](auto, auto answer) { over += answer ? 0u : 1u; });
    channel.settle();
    CHECK(over == 1);
    channel.keeper.go();
    CHECK(run_until(channel.context, [&] { return over == 1 + wire::max_asks; }));
    CHECK(!run(channel.context, channel.link->ask({wire::Asked::checkpoint})));
}

}  // namespace amana::front::test
