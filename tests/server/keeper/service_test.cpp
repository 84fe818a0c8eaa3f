// SPDX-License-Identifier: AGPL-3.0-or-later
// The serving loop: what is stored, what is given up, and what happens when the store or the disk fails.
#include "server/wire/room.hpp"
#include "tests/server/keeper/serving.hpp"
#include "tests/support/catch.hpp"

namespace amana::keeper::test {

TEST_CASE("An envelope is stored, and then it is there")
{
    Serving serving;
    serving.start();
    const auto hello = serving.front().hear();
    REQUIRE(hello);
    CHECK(wire::check_hello(*hello).has_value());
    std::vector<SealedEnvelope> envelopes;
    for (const auto size : {crypto::text_class, 64 * crypto::kibibyte, 4 * crypto::mebibyte}) {
        envelopes.push_back(seal_envelope(size, 2));
        CHECK(serving.front().send(envelopes.back()).stored);
    }
    serving.end();
    CHECK(serving.inner->stats().value().pending == 3);
    CHECK(serving.sequencer.tick(*serving.inner, Take::all).value() == 3);
    CHECK(leaves_in_log(*serving.inner) == leaves_of(envelopes));
    CHECK(serving.log().empty());
}

TEST_CASE("Many at once, on several channels, all stored; one commit serves many")
{
    Serving serving(3);
    serving.start();
    std::vector<SealedEnvelope> envelopes;
    for (int i = 0; i < 90; ++i) envelopes.push_back(seal_envelope(i % 10 == 0 ? 1 * crypto::mebibyte : crypto::text_class));
    std::vector<std::thread> threads;
    std::atomic<int> stored = 0;
    for (std::size_t channel = 0; channel < 3; ++channel)
        threads.emplace_back([&, channel] {
            std::vector<FakeFront::Sending> all;
            for (std::size_t i = channel; i < envelopes.size(); i += 3) all.emplace_back(envelopes[i]);
            (void)serving.fronts[channel].send(all);
            for (const auto& sending : all) stored += sending.stored ? 1 : 0;
        });
    for (auto& thread : threads) thread.join();
    serving.end();
    CHECK(stored == 90);
    CHECK(serving.sequencer.tick(*serving.inner, Take::all).value() == 90);
    CHECK(leaves_in_log(*serving.inner) == leaves_of(envelopes));
    std::size_t chunks = 0;
    for (const auto& envelope : envelopes) chunks += envelope.chunks.size();
    CHECK(static_cast<std::size_t>(serving.store.commits) < chunks);
    CHECK(serving.inner->orphans().value().empty());
}

TEST_CASE("The tick comes by itself, and takes no upload that is under way")
{
    Serving serving(1, std::chrono::milliseconds{50});
    serving.start();
    const auto first = seal_envelope();
    const auto second = seal_envelope();
    CHECK(serving.front().send(first).stored);
    serving.front().say(wire::Kind::begin, 100);
    serving.front().say(wire::Kind::chunk, 100, second.chunks[0]);
    CHECK(hear_credit(serving.front()) == 1);
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    std::vector<FakeFront::Sending> rest{{second, 100, 1}};
    CHECK(serving.front().send(rest));
    CHECK(rest.front().stored);
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    serving.end();
    CHECK(leaves_in_log(*serving.inner) == Leaves{first.leaf, second.leaf});
    CHECK(serving.inner->stats().value().pending == 0);
}

TEST_CASE("An upload that is not finished leaves nothing: aborted, or its channel at its end")
{
    Serving serving(2);
    serving.start();
    (void)serving.front().hear();
    const auto envelope = seal_envelope(8 * crypto::mebibyte);
    serving.front().say(wire::Kind::begin, 1);
    for (std::size_t i = 0; i < 4; ++i) serving.front().say(wire::Kind::chunk, 1, envelope.chunks[i]);
    for (std::uint32_t credit = 0; credit < 4;) credit += hear_credit(serving.front());
    SECTION("aborted")
    {
        serving.front().say(wire::Kind::abort, 1);
        serving.front().next_id = 2;
        CHECK(serving.front().send(seal_envelope()).stored);
    }
    SECTION("channel at its end, another lives on")
    {
        serving.front().close();
        CHECK(serving.fronts[1].send(seal_envelope()).stored);
    }
    serving.end();
    CHECK(serving.inner->orphans().value().empty());
    CHECK(serving.inner->stats().value().pending == 1);
}

TEST_CASE("A group that can't be kept refuses those in it, and nothing acknowledged is lost")
{
    Serving serving;
    const auto kept = seal_envelope();
    const auto lost = seal_envelope();
    const auto after = seal_envelope();
    SECTION("staging finds the disk full")
    {
        serving.store.fail_stage = 1;
        serving.start();
        CHECK(serving.front().send(lost).refused == wire::Refusal::full);
    }
    SECTION("accepting fails for another reason")
    {
        serving.store.full = false;
        serving.store.fail_accept = 1;
        serving.start();
        CHECK(serving.front().send(lost).refused == wire::Refusal::failed);
    }
    SECTION("the commit finds the disk full")
    {
        serving.store.fail_commit = 1;
        serving.start();
        CHECK(serving.front().send(lost).refused == wire::Refusal::full);
    }
    CHECK(serving.front().send(kept).stored);
    CHECK(serving.front().send(after).stored);
    serving.end();
    CHECK(!serving.log().empty());
    CHECK(serving.inner->orphans().value().empty());
    CHECK(serving.sequencer.tick(*serving.inner, Take::all).value() == 2);
    CHECK(leaves_in_log(*serving.inner) == Leaves{kept.leaf, after.leaf});
}

TEST_CASE("What can't be discarded now is discarded later")
{
    Serving serving;
    serving.store.fail_discard = 1;
    serving.start();
    (void)serving.front().hear();
    const auto envelope = seal_envelope(256 * crypto::kibibyte);
    serving.front().say(wire::Kind::begin, 1);
    serving.front().say(wire::Kind::chunk, 1, envelope.chunks[0]);
    (void)hear_credit(serving.front());
    serving.front().say(wire::Kind::abort, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds{2500});
    serving.end();
    CHECK(serving.store.fail_discard == 0);
    CHECK(serving.inner->orphans().value().empty());
}

TEST_CASE("Without room nothing is taken; with room it is, by itself")
{
    Serving serving;
    serving.start();
    auto& front = serving.front();
    CHECK(front.send(seal_envelope()).stored);
    serving.free_bytes = 500;  // below the reserve
    CHECK(front.send(seal_envelope()).refused == wire::Refusal::full);
    // Above the reserve, but not enough for the tick that moves what is pending.
    serving.free_bytes = 2000;
    CHECK(front.send(seal_envelope()).refused == wire::Refusal::full);
    // Room to begin, none for the whole: refused on the way.
    serving.free_bytes = 1000 + 3 * (32 + 128) * crypto::kibibyte;
    CHECK(front.send(seal_envelope(1 * crypto::mebibyte)).refused == wire::Refusal::full);
    serving.free_bytes = std::uint64_t{1} << 40;
    CHECK(front.send(seal_envelope()).stored);
    serving.end();
    CHECK(serving.inner->stats().value().pending == 2);
    CHECK(serving.inner->orphans().value().empty());
}

TEST_CASE("The largest are refused first, a text last")
{
    Serving serving;
    serving.start();
    auto& front = serving.front();
    // What is pending takes its part of it, four times its bytes; 1000 is the reserve.
    std::uint64_t pending = 0;
    const auto with_room = [&](std::uint64_t room) { serving.free_bytes = 1000 + room + tick_factor * pending; };
    const auto takes = [&](std::uint64_t size_class) {
        const auto sent = front.send(seal_envelope(size_class));
        if (sent.stored) pending += size_class;
        return sent.stored;
    };
    with_room(wire::room_for_all_files);
    CHECK(takes(64 * crypto::mebibyte));
    // Here the disk does not fill by what is sent, so that the room without it seems larger by as much.
    with_room(wire::room_for_all_files - 20 * crypto::mebibyte);
    CHECK_FALSE(takes(64 * crypto::mebibyte));
    CHECK_FALSE(takes(32 * crypto::mebibyte));
    CHECK(takes(16 * crypto::mebibyte));
    with_room(wire::room_for_small_files - crypto::mebibyte);
    CHECK_FALSE(takes(16 * crypto::mebibyte));
    CHECK_FALSE(takes(64 * crypto::kibibyte));
    CHECK(takes(crypto::text_class));
    with_room(200 * crypto::kibibyte);
    CHECK(takes(crypto::text_class));
    with_room(50 * crypto::kibibyte);
    CHECK_FALSE(takes(crypto::text_class));
    serving.end();
    CHECK(serving.inner->orphans().value().empty());
}

TEST_CASE("Room is told on the first channel, when it changes, coarsely, at most once a second")
{
    Serving serving(2);
    serving.free_bytes = 1000 + 100 * crypto::mebibyte;
    serving.start();
    const auto hear_room = [&] {
        serving.front().room.reset();
        const auto until = Steady::now() + std::chrono::seconds{5};
        while (!serving.front().room && Steady::now() < until) (void)serving.front().send(seal_envelope());
        return serving.front().room.value_or(1);
    };
    CHECK(hear_room() == 96 * crypto::mebibyte);
    const auto before = Steady::now();
    serving.free_bytes = 1000 + 900 * crypto::mebibyte;
    CHECK(hear_room() >= 512 * crypto::mebibyte);
    serving.free_bytes = 900;
    CHECK(hear_room() == 0);
    CHECK(Steady::now() - before > std::chrono::milliseconds{900});
    CHECK(serving.fronts[1].send(seal_envelope()).refused);
    CHECK_FALSE(serving.fronts[1].room);
    serving.end();
}

TEST_CASE("The pressure that the front tells is kept: the step in force, and the highest")
{
    Serving serving(2);
    serving.store.fail_commit = GENERATE(0, 1);  // what can't be kept now is kept later
    serving.start();
    for (const auto step : {Byte{1}, Byte{3}, Byte{2}}) serving.front().say(wire::Kind::pressure, 0, Bytes{step});
    std::this_thread::sleep_for(std::chrono::milliseconds{1500});
    CHECK(serving.fronts[1].send(seal_envelope()).stored);
    serving.end();
    CHECK(serving.store.fail_commit == 0);
    CHECK(serving.inner->tree().value().lanes.now == 2);
    CHECK(serving.inner->tree().value().lanes.peak == 3);
    CHECK(serving.sequencer.tick(*serving.inner).value() == 1);
    CHECK(lanes_in_log(*serving.inner) == std::vector<unsigned>{3});
    CHECK(serving.log().empty());
}

TEST_CASE("A tick of the keeper's own marks what it takes")
{
    Serving serving(1, std::chrono::milliseconds{400});
    serving.start();
    serving.front().say(wire::Kind::pressure, 0, Bytes{2});
    CHECK(serving.front().send(seal_envelope()).stored);
    std::this_thread::sleep_for(std::chrono::milliseconds{900});
    serving.end();
    CHECK(lanes_in_log(*serving.inner) == std::vector<unsigned>{2});
}

TEST_CASE("Pressure on another channel than the first ends that one")
{
    Serving serving(2);
    serving.start();
    serving.fronts[1].say(wire::Kind::pressure, 0, Bytes{1});
    serving.fronts[1].hear_the_end();
    CHECK(serving.front().send(seal_envelope()).stored);
    serving.end();
    REQUIRE(serving.log().size() == 1);
    CHECK(serving.log().front().find("channel 1 is closed") != std::string::npos);
    CHECK(serving.inner->tree().value().lanes.peak == 0);
}

TEST_CASE("A keeper takes over what one before it left unfinished")
{
    Serving serving;
    (void)stage(*serving.inner, seal_envelope(8 * crypto::mebibyte));
    (void)stage(*serving.inner, seal_envelope());
    (void)stage_and_accept(*serving.inner, seal_envelope());
    serving.inner->commit().value();
    CHECK(serving.inner->orphans().value().size() == 2);
    serving.start();
    CHECK(serving.front().send(seal_envelope()).stored);
    serving.end();
    CHECK(serving.inner->orphans().value().empty());
    CHECK(serving.inner->stats().value().pending == 2);
}

}  // namespace amana::keeper::test
