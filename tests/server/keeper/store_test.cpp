// SPDX-License-Identifier: AGPL-3.0-or-later
// What every store must do (server/keeper/store.hpp), on each store there is.
#include "server/keeper/sequencer.hpp"
#include "server/keeper/sqlite_store.hpp"
#include "server/keeper/tree_reader.hpp"
#include "tests/server/keeper/support.hpp"
#include "tests/support/catch.hpp"

namespace amana::keeper::test {

namespace {

struct Sqlite {
    static std::unique_ptr<Store> open(const std::filesystem::path& directory)
    {
        return SqliteStore::open(directory).value();
    }
};

std::vector<SealedEnvelope> some_envelopes()
{
    std::vector<SealedEnvelope> made;
    for (int i = 0; i < 5; ++i) made.push_back(seal_envelope());
    made.push_back(seal_envelope(64 * crypto::kibibyte, 2));
    made.push_back(seal_envelope(1 * crypto::mebibyte, 4));
    return made;
}

// All bytes of all files below a directory.
std::string everything_in(const std::filesystem::path& directory)
{
    std::string all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory))
        if (file.is_regular_file()) all += as_text(read_file(file.path(), std::size_t{1} << 30).value());
    return all;
}

}  // namespace

TEMPLATE_TEST_CASE("What is accepted goes into the log, once and whole", "", Sqlite)
{
    const Scratch scratch;
    const auto store = TestType::open(scratch.path());
    const auto sequencer = test_sequencer();
    sequencer.adopt(*store).value();
    CHECK(store->tree().value().size == 0);
    CHECK(!store->tree().value().checkpoint.empty());

    const auto envelopes = some_envelopes();
    for (const auto& envelope : envelopes) (void)stage_and_accept(*store, envelope);
    store->commit().value();
    CHECK(store->stats().value().pending == envelopes.size());
    CHECK(store->stats().value().pending_bytes == (5 * 32 + 64 + 1024) * crypto::kibibyte);

    CHECK(sequencer.tick(*store, Take::all).value() == envelopes.size());
    CHECK(leaves_in_log(*store) == leaves_of(envelopes));
    CHECK(store->stats().value().pending == 0);
    CHECK(store->stats().value().log_size == envelopes.size());
    CHECK(store->orphans().value().empty());

    SECTION("a tick with nothing to do changes nothing")
    {
        const auto before = store->tree().value();
        CHECK(sequencer.tick(*store, Take::all).value() == 0);
        CHECK(store->tree().value().checkpoint == before.checkpoint);
    }
    SECTION("a second tick goes on where the first ended, and the checkpoint signs the whole")
    {
        (void)stage_and_accept(*store, seal_envelope());
        CHECK(sequencer.tick(*store, Take::all).value() == 1);
        const auto tree = store->tree().value();
        const auto checkpoint = crypto::Checkpoint::parse(tree.checkpoint, sequencer.verifier()).value();
        CHECK(checkpoint.size == envelopes.size() + 1);
        crypto::Frontier frontier;
        for_each_leaf(*store, 0, checkpoint.size, [&](std::uint64_t, const crypto::Hash& leaf) -> Result<void> {
            frontier.append(leaf);
            return {};
        }).value();
        CHECK(frontier.root() == checkpoint.root);

    }
}

TEMPLATE_TEST_CASE("A store that is opened again holds what was committed and nothing else", "", Sqlite)
{
    const Scratch scratch;
    const auto sequencer = test_sequencer();
    const auto kept = seal_envelope();
    const auto uncommitted = seal_envelope();
    const auto unfinished = seal_envelope(256 * crypto::kibibyte);
    UploadKey orphan{};
    {
        const auto store = TestType::open(scratch.path());
        sequencer.adopt(*store).value();
        (void)stage_and_accept(*store, kept);
        orphan = stage(*store, unfinished);
        store->commit().value();
        (void)stage_and_accept(*store, uncommitted);
    }
    const auto store = TestType::open(scratch.path());
    sequencer.adopt(*store).value();
    CHECK(store->stats().value().pending == 1);
    CHECK(store->orphans().value() == std::vector<UploadKey>{orphan});

    SECTION("a tick does not touch an unfinished upload")
    {
        CHECK(sequencer.tick(*store, Take::all).value() == 1);
        CHECK(leaves_in_log(*store) == Leaves{kept.leaf});
        CHECK(store->orphans().value() == std::vector<UploadKey>{orphan});
        store->accept({orphan, unfinished.size_class, unfinished.leaf}).value();
        CHECK(sequencer.tick(*store, Take::all).value() == 1);
        CHECK(leaves_in_log(*store) == Leaves{kept.leaf, unfinished.leaf});
    }
    SECTION("an unfinished upload is discarded in pieces")
    {
        CHECK(store->discard(orphan, 2).value() == 2);
        CHECK(store->discard(orphan, 2).value() == 2);
        CHECK(store->discard(orphan, 2).value() == 1);
        CHECK(store->discard(orphan, 2).value() == 0);
        store->commit().value();
        CHECK(store->orphans().value().empty());
        CHECK(store->stats().value().pending == 1);
    }
    SECTION("a group that is rolled back leaves nothing")
    {
        (void)stage_and_accept(*store, uncommitted);
        store->roll_back();
        CHECK(store->stats().value().pending == 1);
        CHECK(store->orphans().value().size() == 1);
    }
}

TEMPLATE_TEST_CASE("A tick that fails changes nothing", "", Sqlite)
{
    const Scratch scratch;
    const auto store = TestType::open(scratch.path());
    const auto sequencer = test_sequencer();
    sequencer.adopt(*store).value();
    (void)stage_and_accept(*store, seal_envelope());
    store->commit().value();
    const auto before = store->tree().value();
    const auto failed = store->sequence([](const Tree&, std::vector<PendingEnvelope>&) -> Result<Batch> {
        return Error{"no", ""};
    });
    CHECK(failed.has_error());
    store->roll_back();
    CHECK(store->stats().value().pending == 1);
    CHECK(store->tree().value().checkpoint == before.checkpoint);
    CHECK(store->read(0, [](const LogEntry&, ByteView) -> Result<void> { return {}; }).has_error());
}

TEMPLATE_TEST_CASE("Log order is neither the order of arrival nor that of the keys", "", Sqlite)
{
    const Scratch scratch;
    const auto store = TestType::open(scratch.path());
    const auto sequencer = test_sequencer();
    sequencer.adopt(*store).value();
    // 8 entries in one fixed order: by chance once in 40,320.
    int in_order_of_arrival = 0;
    int in_order_of_keys = 0;
    for (int round = 0; round < 4; ++round) {
        std::vector<crypto::Hash> arrived;
        std::map<UploadKey, crypto::Hash> by_key;
        for (int i = 0; i < 8; ++i) {
            const auto envelope = seal_envelope();
            arrived.push_back(envelope.leaf);
            by_key[stage_and_accept(*store, envelope)] = envelope.leaf;
        }
        const auto first = store->tree().value().size;
        CHECK(sequencer.tick(*store, Take::all).value() == 8);
        std::vector<crypto::Hash> logged(8);
        for_each_leaf(*store, first, first + 8, [&](std::uint64_t index, const crypto::Hash& leaf) -> Result<void> {
            logged[index - first] = leaf;
            return {};
        }).value();
        std::vector<crypto::Hash> keyed;
        for (const auto& [key, leaf] : by_key) keyed.push_back(leaf);
        in_order_of_arrival += logged == arrived ? 1 : 0;
        in_order_of_keys += logged == keyed ? 1 : 0;
    }
    CHECK(in_order_of_arrival < 2);
    CHECK(in_order_of_keys < 2);
}

TEMPLATE_TEST_CASE("What is discarded is in no file after the store has settled", "", Sqlite)
{
    const Scratch scratch;
    const auto store = TestType::open(scratch.path());
    test_sequencer().adopt(*store).value();
    const auto envelope = seal_envelope(256 * crypto::kibibyte);
    const auto key = stage(*store, envelope);
    store->commit().value();
    const auto mark = std::string(as_text(ByteView(envelope.chunks[2]).subspan(40'000, 32)));
    CHECK(everything_in(scratch.path()).find(mark) != std::string::npos);
    (void)store->discard(key, chunk_numbers).value();
    store->commit().value();
    CHECK(store->settle().value());
    const auto left = everything_in(scratch.path());
    for (const auto& chunk : envelope.chunks)
        for (std::size_t at = 0; at + 16 <= chunk.size(); at += 997)
            REQUIRE(left.find(as_text(ByteView(chunk).subspan(at, 16))) == std::string::npos);
}

TEMPLATE_TEST_CASE("Space that was freed goes back to the disk", "", Sqlite)
{
    const Scratch scratch;
    const auto store = TestType::open(scratch.path());
    const auto key = stage(*store, seal_envelope(8 * crypto::mebibyte));
    store->commit().value();
    CHECK(store->settle().value());
    (void)store->discard(key, chunk_numbers).value();
    store->commit().value();
    CHECK(store->stats().value().reclaimable_bytes > 8 * crypto::mebibyte);
    store->reclaim().value();
    CHECK(store->stats().value().reclaimable_bytes == 0);
    CHECK(everything_in(scratch.path()).size() < 1 * crypto::mebibyte);
}

TEMPLATE_TEST_CASE("A store takes only its own log's key and name", "", Sqlite)
{
    const Scratch scratch;
    const auto store = TestType::open(scratch.path());
    test_sequencer().adopt(*store).value();
    CHECK(test_sequencer().adopt(*store).has_value());
    CHECK(test_sequencer(6).adopt(*store).has_error());
    CHECK(test_sequencer(5, "test.example/other").adopt(*store).has_error());
    CHECK(Sequencer::create("two words", SecretBuffer::copy_of(Bytes(32, 5)), {}, system_clock()).has_error());
}

TEMPLATE_TEST_CASE("Pressure is kept with its group, outlives the store's user, and is read with an entry", "", Sqlite)
{
    const Scratch scratch;
    const auto sequencer = test_sequencer();
    {
        const auto store = TestType::open(scratch.path());
        sequencer.adopt(*store).value();
        store->press(1, 2).value();
        (void)stage_and_accept(*store, seal_envelope());
        store->commit().value();
        store->press(4, 4).value();
        store->roll_back();
    }
    const auto store = TestType::open(scratch.path());
    const auto lanes = store->tree().value().lanes;
    CHECK(lanes.now == 1);
    CHECK(lanes.peak == 2);
    CHECK(sequencer.tick(*store).value() == 1);
    CHECK(lanes_in_log(*store) == std::vector<unsigned>{2});
    const auto after = store->tree().value().lanes;
    CHECK(after.now == 1);
    CHECK(after.peak == 1);
    CHECK(after.text == 2);
    CHECK(after.files == 2);
}

TEST_CASE("SQLite: a full disk is told apart, and nothing of the group is kept")
{
    const Scratch scratch;
    const auto store = SqliteStore::open(scratch.path()).value();
    test_sequencer().adopt(*store).value();
    const auto kept = seal_envelope();
    (void)stage_and_accept(*store, kept);
    store->commit().value();
    store->limit_file_bytes(1 * crypto::mebibyte).value();

    const auto envelope = seal_envelope(2 * crypto::mebibyte);
    const auto key = random_upload_key();
    std::optional<StoreFailure> failure;
    std::uint32_t number = 0;
    for (const auto& chunk : envelope.chunks) {
        const auto staged = store->stage(key, number++, chunk);
        if (!staged) failure = staged.error();
        if (failure) break;
    }
    REQUIRE(failure);
    CHECK(failure->full);
    store->roll_back();
    CHECK(store->orphans().value().empty());
    CHECK(store->stats().value().pending == 1);

    store->limit_file_bytes(0).value();
    (void)stage_and_accept(*store, envelope);
    store->commit().value();
    CHECK(test_sequencer().tick(*store, Take::all).value() == 2);
    CHECK(leaves_in_log(*store) == Leaves{kept.leaf, envelope.leaf});
}

TEST_CASE("SQLite: another schema and another program's file are refused, with a remedy")
{
    const Scratch scratch;
    const auto path = scratch.path() / "amana.db";
    SECTION("newer")
    {
        (void)SqliteStore::open(scratch.path()).value();
        Database::open(path, Database::Mode::read_write_create).value()->execute("PRAGMA user_version = 5").value();
        const auto opened = SqliteStore::open(scratch.path());
        REQUIRE(opened.has_error());
        CHECK(opened.error().message.find("schema version 5") != std::string::npos);
        CHECK(!opened.error().hint.empty());
    }
    SECTION("another program's")
    {
        Database::open(path, Database::Mode::read_write_create).value()->execute("CREATE TABLE t(a)").value();
        CHECK(SqliteStore::open(scratch.path()).has_error());
    }
    SECTION("no database")
    {
        write_durable(path, Bytes(8192, 'x'), 0600, DurableFile::Existing::refuse).value();
        CHECK(SqliteStore::open(scratch.path()).has_error());
    }
}

TEST_CASE("SQLite: no column of a report could hold a time or an order")
{
    const Scratch scratch;
    (void)SqliteStore::open(scratch.path()).value();
    const auto database = Database::open(scratch.path() / "amana.db", Database::Mode::read_only).value();
    auto columns = database->prepare("SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
                                     "WHERE t.type = 'table' ORDER BY 1");
    std::set<std::string> found;
    while (columns.step().value()) found.emplace(as_text(columns.blob(0)));
    CHECK(found == std::set<std::string>{"erased.bucket", "erased.buckets", "erased.held", "erased.key", "erased.log_size", "log.idx", "log.lane", "log.size_class", "log_chunk.data", "log_chunk.key", "mark.day", "mark.size", "outbox.note", "outbox.one", "outbox.serial",
                                         "pending.key", "pending.leaf_hash", "pending.size_class", "staged_chunk.data",
                                         "staged_chunk.key", "tile.hashes", "tile.key", "tree.checkpoint", "tree.erased_below",
                                         "tree.file_lane", "tree.frontier", "tree.long_from", "tree.one", "tree.peak",
                                         "tree.pressure", "tree.size", "tree.text_lane", "tree.ticks_to_long",
                                         "tree.witnessed", "tree.witnessed_size"});
}

}  // namespace amana::keeper::test
