// SPDX-License-Identifier: AGPL-3.0-or-later
// What happens to a log as it ages: co-signed, erased, and proved whole all along.
#include "server/keeper/days.hpp"
#include "server/keeper/exporter.hpp"
#include "server/keeper/fsck.hpp"
#include "server/keeper/tree_reader.hpp"
#include "server/keeper/witness.hpp"
#include "tests/server/keeper/serving.hpp"
#include "tests/support/catch.hpp"

#include <cstring>
#include <unordered_set>

namespace amana::keeper::test {

namespace {

wire::KeeperSlice slice_of(const Scratch& scratch)
{
    wire::KeeperSlice slice;
    slice.directory = scratch.path().string();
    slice.origin = "test.example/log";
    slice.large_cover = 0;
    give_keys(slice);
    return slice;
}

// The witness of give_keys().
Bytes cosigned(ByteView checkpoint, Byte seed = 7, const std::string& name = "test/witness")
{
    auto note = crypto::Note::parse(checkpoint, crypto::max_checkpoint_bytes).value();
    note.cosign(name, Bytes(32, seed), 1'700'000'000);
    Bytes bytes;
    append(bytes, as_bytes(note.encode()));
    return bytes;
}

std::string everything_in(const std::filesystem::path& directory)
{
    std::string all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory))
        if (file.is_regular_file()) all += as_text(read_file(file.path(), std::size_t{1} << 30).value());
    return all;
}

// How many places of `haystack` hold a piece of these chunks. Every run of 16 bytes of a chunk holds one of its aligned words of
// 8 whole, so no run of 16 is missed; that a word is there by chance happens once in some hundred thousand such tests.
std::size_t runs_found(const std::string& haystack, const std::vector<SealedEnvelope>& envelopes)
{
    const auto word = [](const auto* at) {
        std::uint64_t value = 0;
        std::memcpy(&value, at, sizeof value);
        return value;
    };
    std::unordered_set<std::uint64_t> words;
    for (const auto& envelope : envelopes)
        for (const auto& chunk : envelope.chunks)
            for (std::size_t at = 0; at + 8 <= chunk.size(); at += 8) words.insert(word(chunk.data() + at));
    std::size_t found = 0;
    for (std::size_t at = 0; at + 8 <= haystack.size(); ++at) found += words.contains(word(haystack.data() + at)) ? 1u : 0u;
    return found;
}

}  // namespace

TEST_CASE("A co-signed checkpoint of this log's own past is taken, and no other")
{
    const Scratch scratch;
    const auto slice = slice_of(scratch);
    auto storage = open_storage(slice).value();
    auto& store = *storage.store;
    (void)storage.sequencer.tick(store).value();
    const auto old = cosigned(store.tree().value().checkpoint);
    (void)storage.sequencer.tick(store, Take::all).value();
    const auto tree = store.tree().value();

    CHECK(take_cosigned(storage, slice, tree.checkpoint).has_error());  // nobody co-signed
    CHECK(take_cosigned(storage, slice, cosigned(tree.checkpoint, 6)).has_error());
    CHECK(take_cosigned(storage, slice, cosigned(tree.checkpoint, 7, "other/witness")).has_error());
    CHECK(store.tree().value().witnessed.empty());
    const auto good = cosigned(tree.checkpoint);
    CHECK(take_cosigned(storage, slice, good).value() == tree.size);
    CHECK(store.tree().value().witnessed == good);
    CHECK(store.tree().value().witnessed_size == tree.size);
    CHECK(take_cosigned(storage, slice, good).has_value());  // twice changes nothing
    CHECK(take_cosigned(storage, slice, old).error().message.find("later checkpoint") != std::string::npos);

    // Signed by the log's key and the witness, of a past this store does not have.
    const crypto::Checkpoint forked{"test.example/log", tree.size, crypto::Hash{1}};
    const auto key = read_file(scratch.path() / "log.key", 32).value();
    CHECK(take_cosigned(storage, slice, cosigned(as_bytes(forked.sign(key)))).error().message.find("another past") != std::string::npos);
    const crypto::Checkpoint ahead{"test.example/log", tree.size + 1, crypto::Hash{1}};
    CHECK(take_cosigned(storage, slice, cosigned(as_bytes(ahead.sign(key)))).has_error());
}

TEST_CASE("A clock that was wrong for a while makes nothing older than it is, and is no damage")
{
    const Scratch scratch;
    UnixTime now = 20'000 * one_day;
    const auto sequencer = test_sequencer(5, "test.example/log", [&now] { return now; });
    std::unique_ptr<Store> store = SqliteStore::open(scratch.path()).value();
    sequencer.adopt(*store).value();
    const auto batch_on = [&](std::int64_t day) {
        now = day * one_day;
        (void)stage_and_accept(*store, seal_envelope(crypto::text_class));
        store->commit().value();
        (void)sequencer.tick(*store, Take::all).value();
        return store->tree().value().size;
    };
    const auto first = batch_on(20'000);
    // A year back, and right again.
    const auto back = batch_on(19'635);
    CHECK(store->size_on(19'635).value() == first);  // not what came in today
    CHECK(store->size_on(19'999).value() == first);
    CHECK(store->size_on(20'000).value() == back);
    // Six weeks ahead, and right again.
    const auto ahead = batch_on(20'042);
    const auto after = batch_on(20'001);
    REQUIRE(after > ahead);
    CHECK(store->size_on(20'001).value() == ahead);
    CHECK(store->size_on(20'042).value() == after);
    CHECK(store->size_on(19'634).value() == 0);
    CHECK(first_day(*store, 20'100).value() == 19'635);
    CHECK(fsck(*store, sequencer.verifier(), {}).value().faults == std::vector<std::string>{});
}

TEST_CASE("Erased: what is co-signed and old, and nothing else; no run of it is left in any file")
{
    // Where pages part differs from run to run: without blanking, one in ten left some hundred bytes.
    [[maybe_unused]] const int round = GENERATE(range(0, 8));
    const Scratch scratch;
    UnixTime now = 20'000 * one_day;
    const auto sequencer = test_sequencer(5, "test.example/log", [&now] { return now; });
    std::vector<SealedEnvelope> old;
    std::vector<SealedEnvelope> young;
    std::unique_ptr<Store> store = SqliteStore::open(scratch.path()).value();
    sequencer.adopt(*store).value();
    const auto send = [&](std::vector<SealedEnvelope>& into) {
        for (const auto size : {crypto::text_class, crypto::text_class, 256 * crypto::kibibyte, 2 * crypto::mebibyte}) {
            into.push_back(seal_envelope(size));
            (void)stage_and_accept(*store, into.back());
        }
        store->commit().value();
        (void)sequencer.tick(*store, Take::all).value();
    };
    now += one_day;
    send(old);
    const auto old_size = store->tree().value().size;
    now += 10 * one_day;
    send(young);
    CHECK(store->settle().value());
    CHECK(runs_found(everything_in(scratch.path()), old) > 0);
    // A day's mark is the size after its first batch, so what came on it counts as old only with the next mark.
    CHECK(store->size_on(20'001).value() == old_size);
    CHECK(store->size_on(19'000).value() == 0);

    std::size_t erased = 0;
    do {
        erased = store->erase(old_size, 8).value();
        store->commit().value();
    } while (erased == 8);
    CHECK(store->settle().value());
    CHECK(runs_found(everything_in(scratch.path()), old) == 0);
    CHECK(runs_found(everything_in(scratch.path()), young) > 0);
    CHECK(store->stats().value().erased_below == old_size);
    for (std::uint64_t index = 0; index < old_size; ++index) {
        CHECK(!store->read(index, [](const LogEntry&, ByteView) -> Result<void> { return {}; }).value());
        CHECK(store->size_class(index).value() == 0);
    }
    // The tree is as it was, and goes on.
    send(young);
    crypto::Frontier frontier;
    for_each_leaf(*store, 0, store->tree().value().size, [&](std::uint64_t, const crypto::Hash& leaf) -> Result<void> {
        frontier.append(leaf);
        return {};
    }).value();
    const auto checkpoint = crypto::Checkpoint::parse(store->tree().value().checkpoint, sequencer.verifier()).value();
    CHECK(checkpoint.root == frontier.root());
}

TEST_CASE("A serving keeper erases by itself, after its tick, what it may")
{
    const bool witnessed = GENERATE(false, true);
    Serving serving(1, std::chrono::milliseconds{50}, 0);
    auto& store = *serving.inner;
    std::vector<SealedEnvelope> envelopes;
    for (int i = 0; i < 5; ++i) {
        envelopes.push_back(seal_envelope(i == 0 ? 16 * crypto::mebibyte : crypto::text_class));
        (void)stage_and_accept(store, envelopes.back());
    }
    store.commit().value();
    (void)serving.sequencer.tick(store, Take::all).value();
    if (witnessed) {
        store.set_witnessed(Bytes{1}, 5).value();
        store.commit().value();
    }
    serving.start();
    std::this_thread::sleep_for(std::chrono::milliseconds{1500});
    serving.end();
    CHECK(store.stats().value().erased_below == (witnessed ? 5u : 0u));
    CHECK((runs_found(everything_in(serving.scratch.path()), envelopes) == 0) == witnessed);
}

TEST_CASE("fsck finds a sound store sound, and each kind of damage")
{
    const Scratch scratch;
    const auto slice = slice_of(scratch);
    {
        auto storage = open_storage(slice).value();
        for (int i = 0; i < 3; ++i) (void)stage_and_accept(*storage.store, seal_envelope());
        (void)stage_and_accept(*storage.store, seal_envelope(256 * crypto::kibibyte));
        storage.store->commit().value();
        (void)storage.sequencer.tick(*storage.store, Take::all).value();
        for (int i = 0; i < 80; ++i) (void)storage.sequencer.tick(*storage.store).value();
        (void)stage_and_accept(*storage.store, seal_envelope());
        storage.store->commit().value();
        const auto sound = fsck(*storage.store, storage.sequencer.verifier(), {}).value();
        CHECK(sound.faults.empty());
        CHECK(sound.leaves == storage.store->tree().value().size);
        CHECK(sound.leaves > 256);
        CHECK(sound.envelopes == sound.leaves);
        CHECK(sound.pending == 1);
    }
    const auto damage = [&](const char* sql) {
        Database::open(scratch.path() / "amana.db", Database::Mode::read_write_create).value()->execute(sql).value();
    };
    const auto* sql = "";
    SECTION("a bit of an envelope") { sql = "UPDATE log_chunk SET data = CAST(substr(data, 1, 9) || x'00' || substr(data, 11) AS BLOB) WHERE key = 4096 * 3 + 1"; }
    SECTION("an envelope gone") { sql = "DELETE FROM log_chunk WHERE key >> 12 = 3"; }
    SECTION("an entry gone") { sql = "DELETE FROM log WHERE idx = 3"; }
    SECTION("an entry of another class") { sql = "UPDATE log SET size_class = 33554432 WHERE idx = 3"; }
    SECTION("an entry of a lane that there is not") { sql = "PRAGMA ignore_check_constraints = ON; UPDATE log SET lane = 5 WHERE idx = 3"; }
    SECTION("two swapped") { sql = "UPDATE log_chunk SET key = -key WHERE key >> 12 = 3; UPDATE log_chunk SET key = key - 4096 WHERE key >> 12 = 4; UPDATE log_chunk SET key = 4096 - key WHERE key < 0"; }
    SECTION("a leaf") { sql = "UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE key = 0"; }
    SECTION("a tile gone") { sql = "DELETE FROM tile WHERE key = 1"; }
    SECTION("a hash above the leaves") { sql = "UPDATE tile SET hashes = zeroblob(32) WHERE key = 1 << 56"; }
    SECTION("the right edge") { sql = "UPDATE tree SET size = size - 1"; }
    SECTION("a chunk of no entry") { sql = "INSERT INTO log_chunk VALUES(4096 * 100000, x'00')"; }
    SECTION("a pending envelope cut short") { sql = "DELETE FROM staged_chunk WHERE key IN (SELECT max(key) FROM staged_chunk)"; }
    SECTION("a mark beyond the log") { sql = "INSERT INTO mark VALUES(1, 1000000)"; }
    SECTION("erased beyond what is co-signed") { sql = "UPDATE tree SET erased_below = 2; DELETE FROM log WHERE idx < 2; DELETE FROM log_chunk WHERE key < 8192"; }
    if (*sql == '\0') return;
    damage(sql);
    auto storage = open_storage(slice);
    if (!storage) return;  // found at once: no start on it
    const auto report = fsck(*storage->store, storage->sequencer.verifier(), {}).value();
    CHECK(!report.faults.empty());
}

}  // namespace amana::keeper::test
