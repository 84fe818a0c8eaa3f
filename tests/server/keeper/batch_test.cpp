// SPDX-License-Identifier: AGPL-3.0-or-later
// What a batch shows: the ladder, the long batch, the promise, the tiles; and the decoys in it.
#include "server/keeper/batch_policy.hpp"
#include "server/keeper/sqlite_store.hpp"
#include "server/keeper/storage.hpp"
#include "server/keeper/tree_reader.hpp"
#include "tests/server/keeper/support.hpp"
#include "tests/support/catch.hpp"

#include <cmath>

namespace amana::keeper::test {

namespace {

bool on_the_ladder(std::uint64_t first, std::uint64_t count)
{
    while (count > first && count % ladder_factor == 0) count /= ladder_factor;
    return count == first;
}

std::unique_ptr<Store> begun(const Scratch& scratch, const Sequencer& sequencer)
{
    std::unique_ptr<Store> store = SqliteStore::open(scratch.path()).value();
    sequencer.adopt(*store).value();
    return store;
}

void send(Store& store, std::uint64_t size_class, int count)
{
    for (int i = 0; i < count; ++i) (void)stage_and_accept(store, seal_envelope(size_class));
    store.commit().value();
}

}  // namespace

TEST_CASE("Text and small files are brought to a step, whatever waits")
{
    const BatchPolicy policy{.batch = 4, .large_cover = 0};
    for (const auto size : {crypto::text_class, 64 * crypto::kibibyte, crypto::mebibyte})
        for (std::uint64_t waiting = 0; waiting < 300; ++waiting) {
            const auto all = waiting + policy.decoys(size, waiting);
            CHECK(on_the_ladder(4, all));
            CHECK(all >= waiting);
        }
    CHECK(ladder_step(4, 0) == 4);
    CHECK(ladder_step(4, 4) == 4);
    CHECK(ladder_step(4, 5) == 16);
    CHECK(ladder_step(7, 100) == 112);
}

TEST_CASE("The first step is overrun as often as LOG.md says")
{
    const BatchPolicy policy{.batch = 4, .large_cover = 0};
    constexpr int draws = 40'000;
    for (const std::uint64_t waiting : {0u, 2u, 4u}) {
        int overrun = 0;
        for (int i = 0; i < draws; ++i) overrun += waiting + policy.decoys(crypto::text_class, waiting) > 4 ? 1 : 0;
        const double expected = std::exp2(-static_cast<double>(4 + 1 - waiting));
        const double deviation = std::sqrt(expected * (1 - expected) / draws);
        INFO(waiting << " waiting: " << overrun << " of " << draws);
        CHECK(std::abs(overrun / static_cast<double>(draws) - expected) < 5 * deviation);
    }
}

TEST_CASE("Large decoys do not depend on what waits, and cost what was set")
{
    const BatchPolicy policy{.batch = 4, .large_cover = std::uint64_t{64} << 30, .tick = std::chrono::seconds{900}};
    constexpr int draws = 40'000;
    const double expected = 64.0 * 1024 / 2 / 1461;  // 64 GiB a year, of 2 MiB, 1461 long batches
    for (const std::uint64_t waiting : {0u, 9u}) {
        double made = 0;
        for (int i = 0; i < draws; ++i) made += static_cast<double>(policy.decoys(2 * crypto::mebibyte, waiting));
        INFO(made / draws << " against " << expected);
        CHECK(std::abs(made / draws - expected) < 5 * expected / std::sqrt(draws) * 1.1);
    }
}

TEST_CASE("The yearly cost is what the defaults' table in LOG.md says")
{
    const auto cost = BatchPolicy{}.yearly_cost(1);
    CHECK(cost.entries == Approx(173'000).epsilon(0.02));
    CHECK(cost.bytes == Approx(21.6e9).epsilon(0.03));
    CHECK(BatchPolicy{.batch = 8}.yearly_cost(1).entries > 1.8 * 153'000);
}

TEST_CASE("A batch holds the reports and decoys, all of which open as what they are")
{
    const Scratch scratch;
    const auto sequencer = covered_sequencer({.batch = 4, .large_cover = 0});
    const auto store = begun(scratch, sequencer);
    send(*store, crypto::text_class, 3);
    const auto made = sequencer.tick(*store).value();
    CHECK(on_the_ladder(4, made));
    std::size_t decoys = 0;
    for (std::uint64_t index = 0; index < made; ++index) {
        Bytes envelope;
        CHECK(store->read(index, [&](const LogEntry& entry, ByteView chunk) -> Result<void> {
            CHECK(entry.size_class == crypto::text_class);
            append(envelope, chunk);
            return {};
        }).value());
        decoys += is_decoy(envelope) ? 1u : 0u;
    }
    CHECK(decoys == made - 3);
    // An idle tick is a batch like any other.
    CHECK(on_the_ladder(4, sequencer.tick(*store).value()));
    CHECK(store->stats().value().pending == 0);
}

TEST_CASE("Files wait for the long batch: the due tick's, an export's, or the one a promise demands")
{
    const Scratch scratch;
    const auto sequencer = covered_sequencer({.batch = 4, .large_cover = 0});
    const auto store = begun(scratch, sequencer);
    send(*store, 256 * crypto::kibibyte, 1);
    const auto waits = [&] { return store->stats().value().pending == 1; };

    SECTION("the 24th tick")
    {
        for (int tick = 1; tick < 24; ++tick) (void)sequencer.tick(*store).value();
        CHECK(waits());
        (void)sequencer.tick(*store).value();
        CHECK(!waits());
        CHECK(store->tree().value().long_from == store->tree().value().size);
    }
    SECTION("an export")
    {
        (void)sequencer.tick(*store, Take::all).value();
        CHECK(!waits());
    }
    SECTION("a promise")
    {
        // As many texts as bring the tree to BY.
        const auto before = store->tree().value();
        const auto note = sequencer.promise(before, crypto::Hash{1});
        const auto promise = crypto::Promise::parse(as_bytes(note), sequencer.verifier()).value();
        CHECK(promise.from == before.long_from);
        CHECK(promise.by == before.long_from + promise_window);
        for (int i = 0; waits() && i < 24; ++i) {
            send(*store, crypto::text_class, 500);
            (void)sequencer.tick(*store).value();
            CHECK((!waits() || store->tree().value().size < promise.by));
        }
        CHECK(!waits());
    }
}

TEST_CASE("The pressure there was marks a whole batch, decoys alike; then it is calm again")
{
    const Scratch scratch;
    const auto sequencer = covered_sequencer({.batch = 4, .large_cover = 0});
    const auto store = begun(scratch, sequencer);
    const auto press = [&](unsigned now, unsigned highest) {
        store->press(now, highest).value();
        store->commit().value();
    };
    // The one lane of all texts, or of all files, in the next batch.
    const auto lane_of = [&](bool files, Take take = Take::due) {
        const auto before = store->tree().value().size;
        const auto made = sequencer.tick(*store, take).value();
        std::set<unsigned> found;
        for (auto index = before; index < before + made; ++index)
            (void)store->read(index, [&](const LogEntry& entry, ByteView) -> Result<void> {
                if ((entry.size_class != crypto::text_class) == files) found.insert(entry.lane);
                return {};
            }).value();
        REQUIRE(found.size() == 1);
        return *found.begin();
    };
    SECTION("texts: the highest since the last batch and in the span before it, whoever came when")
    {
        CHECK(lane_of(false) == 0);
        send(*store, crypto::text_class, 1);
        press(1, 3);
        send(*store, crypto::text_class, 1);
        CHECK(lane_of(false) == 3);
        CHECK(lane_of(false) == 3);  // what was under way when the batch was made
        CHECK(lane_of(false) == 1);  // in force and never told again
        press(0, 0);
        CHECK(lane_of(false) == 1);
        CHECK(lane_of(false) == 1);
        CHECK(lane_of(false) == 0);
        press(4, 4);
        press(0, 2);
        CHECK(lane_of(false) == 4);
    }
    SECTION("files: the highest since the last long batch")
    {
        press(2, 2);
        send(*store, 64 * crypto::kibibyte, 1);
        press(0, 0);
        for (int tick = 0; tick < 5; ++tick) (void)sequencer.tick(*store).value();
        CHECK(lane_of(true, Take::all) == 2);
        CHECK(lane_of(true, Take::all) == 0);
        press(1, 1);
        press(0, 0);
        CHECK(lane_of(true, Take::all) == 1);
        CHECK(lane_of(true, Take::all) == 1);
        CHECK(lane_of(true, Take::all) == 0);
    }
    SECTION("a text in a long batch is not marked as its files are")
    {
        press(2, 2);
        press(0, 0);
        for (int tick = 0; tick < 3; ++tick) (void)sequencer.tick(*store).value();
        CHECK(lane_of(false, Take::all) == 0);
    }
}

TEST_CASE("Tiles are the tree, at every size")
{
    const Scratch scratch;
    const auto sequencer = test_sequencer();
    const auto store = begun(scratch, sequencer);
    crypto::Frontier expected;
    auto random = seeded_generator();
    std::vector<crypto::Hash> roots{expected.root()};
    for (int round = 0; round < 12; ++round) {
        const auto count = 1 + static_cast<int>(random() % 70);
        for (int i = 0; i < count; ++i) store->accept({random_upload_key(), crypto::text_class, crypto::sha256(Bytes{Byte(round), Byte(i)})}).value();
        store->commit().value();
        (void)sequencer.tick(*store).value();
    }
    const auto size = store->tree().value().size;
    REQUIRE(size > 256);
    std::uint64_t position = 0;
    for_each_leaf(*store, 0, size, [&](std::uint64_t index, const crypto::Hash& leaf) -> Result<void> {
        CHECK(index == position++);
        expected.append(leaf);
        roots.push_back(expected.root());
        return {};
    }).value();
    CHECK(position == size);
    for (std::uint64_t then = 0; then <= size; ++then) REQUIRE(frontier_at(*store, then).value().root() == roots[then]);
    CHECK(frontier_at(*store, size + 1).has_error());
    CHECK(store->tile(1, 0).value().size() == size / 256 * crypto::hash_bytes);
}

TEST_CASE("Without keys no batch is made, and nothing is lost")
{
    const Scratch scratch;
    wire::KeeperSlice slice;
    slice.directory = scratch.path().string();
    slice.origin = "test.example/log";
    auto storage = open_storage(slice).value();
    send(*storage.store, crypto::text_class, 2);
    const auto ticked = storage.sequencer.tick(*storage.store);
    REQUIRE(ticked.has_error());
    CHECK(ticked.error().error.message.find("no key set") != std::string::npos);
    CHECK(storage.store->stats().value().pending == 2);
}

}  // namespace amana::keeper::test
