// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-keeper as a process: what survives SIGKILL, and what the admin's modes say beside a serving keeper.
#include "base/sqlite.hpp"
#include "server/keeper/days.hpp"
#include "server/wire/store_facts.hpp"
#include "tests/server/keeper/process.hpp"
#include "tests/support/catch.hpp"

#include <chrono>
#include <csignal>
#include <iostream>
#include <mutex>
#include <thread>

#include <sys/stat.h>

namespace amana::keeper::test {

namespace {

// Two senders, each on its own channel, until their channels end.
struct Senders {
    Senders(KeeperProcess& keeper, std::uint64_t seed)
    {
        for (std::size_t i = 0; i < keeper.fronts.size(); ++i)
            threads.emplace_back([this, &front = keeper.fronts[i], random = std::mt19937_64(seed + i)]() mutable {
                while (send_some(front, random)) {
                }
            });
    }
    void join()
    {
        for (auto& thread : threads) thread.join();
    }
    bool send_some(FakeFront& front, std::mt19937_64& random)
    {
        std::vector<SealedEnvelope> envelopes;
        for (auto count = 1 + random() % 6; count > 0; --count)
            envelopes.push_back(seal_envelope(random() % 16 == 0 ? 1 * crypto::mebibyte : crypto::text_class));
        std::vector<FakeFront::Sending> all;
        for (const auto& envelope : envelopes) all.emplace_back(envelope);
        const bool alive = front.send(all);
        const std::lock_guard lock(mutex);
        for (const auto& sending : all) {
            sent.insert(sending.envelope->leaf);
            if (sending.stored) stored.insert(sending.envelope->leaf);
        }
        return alive;
    }

    std::mutex mutex;
    Leaves sent;
    Leaves stored;
    std::vector<std::thread> threads;
};

std::uint64_t size_below(const std::filesystem::path& directory)
{
    std::uint64_t size = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory))
        if (file.is_regular_file()) size += file.file_size();
    return size;
}

}  // namespace

TEST_CASE("the warden is told what may be recorded of the store, at the start and with each tick")
{
    const Scratch directory;
    KeeperProcess keeper(slice_for(directory.path(), std::chrono::seconds{1}));
    keeper.expect_ready();
    const auto first = wire::parse_store_facts(keeper.hear());
    REQUIRE(first);
    CHECK(first->free_bytes > 0);
    CHECK(first->log_step == 0);
    CHECK_FALSE(first->courier_day);
    CHECK_FALSE(first->backup_day);
    write_day(courier_day_path(directory.path()), 20'000);
    write_day(backup_day_path(directory.path()), 20'001);
    // The next may have been told before these were written.
    (void)keeper.hear();
    const auto later = wire::parse_store_facts(keeper.hear());
    REQUIRE(later);
    CHECK(later->courier_day == 20'000);
    CHECK(later->backup_day == 20'001);
    CHECK(keeper.end() == 0);
}

TEST_CASE("SIGKILL at random moments: what was acknowledged is there exactly once, and nothing is half there")
{
    const Scratch scratch;
    auto random = seeded_generator();
    auto slice = slice_for(scratch.path() / "store", std::chrono::seconds{1});
    slice.channels = 2;
    Leaves sent;
    Leaves stored;
    for (int round = tiered(12, 100); round > 0; --round) {
        KeeperProcess keeper(slice);
        keeper.expect_ready();
        Senders senders(keeper, random());
        // Some live long enough for a tick.
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % (round % 4 == 0 ? 1400 : 250)});
        keeper.kill(SIGKILL);
        senders.join();
        CHECK(keeper.end() == -SIGKILL);
        sent.merge(senders.sent);
        stored.merge(senders.stored);
    }
    const auto out = scratch.path() / "bundle";
    const auto exported = run_keeper(slice, {"--export", out.string()});
    INFO(exported.output);
    REQUIRE(exported.code == 0);
    const auto bundle = read_bundle(out, verifier_of(slice));
    const auto& logged = bundle.reports;
    std::cout << "sent " << sent.size() << ", acknowledged " << stored.size() << ", logged " << logged.size() << "\n";
    CHECK(!stored.empty());
    for (const auto& leaf : logged) {
        REQUIRE(logged.count(leaf) == 1);
        REQUIRE(sent.count(leaf) == 1);
    }
    for (const auto& leaf : stored) REQUIRE(logged.count(leaf) == 1);

    // What the killed ones left unfinished goes when the next one serves.
    KeeperProcess last(slice);
    last.expect_ready();
    CHECK(last.fronts[0].send(seal_envelope()).stored);
    CHECK(last.end() == 0);
    CHECK(run_keeper(slice, {"--status"}).output.find("pending: 1\n") != std::string::npos);
}

TEST_CASE("Status is told while the store is being written")
{
    const Scratch scratch;
    const auto slice = slice_for(scratch.path() / "store");
    (void)verifier_of(slice);  // makes the store
    const auto database = Database::open(scratch.path() / "store" / "amana.db", Database::Mode::read_write_create).value();
    const auto writing = Transaction::begin(*database).value();
    const auto began = std::chrono::steady_clock::now();
    CHECK(run_keeper(slice, {"--status"}).code == 0);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{20});  // less than a writer would wait
}

TEST_CASE("Export and status work beside a serving keeper, and without one")
{
    const Scratch scratch;
    const auto slice = slice_for(scratch.path() / "store");
    const auto out = [&](const char* name) { return (scratch.path() / name).string(); };
    const auto verifier = verifier_of(slice);  // makes the store and the key
    CHECK(run_keeper(slice, {"--export", out("empty")}).code == 0);
    CHECK(read_bundle(out("empty"), verifier).reports.empty());

    KeeperProcess keeper(slice);
    keeper.expect_ready();
    std::vector<SealedEnvelope> envelopes;
    for (int i = 0; i < 3; ++i) {
        envelopes.push_back(seal_envelope());
        CHECK(keeper.fronts[0].send(envelopes.back()).stored);
    }
    CHECK(run_keeper(slice, {"--status"}).output.find("pending: 3\npending-bytes: 98304\nlog-size: ") != std::string::npos);

    // One in the middle of its way while the export ticks.
    const auto slow = seal_envelope(256 * crypto::kibibyte);
    keeper.fronts[0].say(wire::Kind::begin, 90);
    for (std::size_t i = 0; i < 3; ++i) keeper.fronts[0].say(wire::Kind::chunk, 90, slow.chunks[i]);
    const auto exported = run_keeper(slice, {"--export", out("first")});
    CHECK(exported.code == 0);
    CHECK(exported.output.starts_with("exported "));
    const auto bundle = read_bundle(out("first"), verifier);
    CHECK(bundle.reports == leaves_of(envelopes));
    struct stat about {};
    REQUIRE(::stat(out("first").c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);

    std::vector<FakeFront::Sending> rest{{slow, 90, 3}};
    rest.front().credit = 1;
    CHECK(keeper.fronts[0].send(rest));
    CHECK(rest.front().stored);
    CHECK(keeper.end() == 0);

    CHECK(run_keeper(slice, {"--export", out("second"), "--from", std::to_string(bundle.tree_size)}).code == 0);
    const auto second = read_bundle(out("second"), verifier);
    CHECK(second.first == bundle.tree_size);
    CHECK(second.reports == Leaves{slow.leaf});

    SECTION("a file that exists is not touched")
    {
        const auto before = read_file(out("first"), 1 << 26).value();
        const auto refused = run_keeper(slice, {"--export", out("first")});
        CHECK(refused.code == 1);
        CHECK(refused.output.find("exists") != std::string::npos);
        CHECK(read_file(out("first"), 1 << 26).value() == before);
    }
    SECTION("nothing from beyond the end")
    {
        const auto refused = run_keeper(slice, {"--export", out("third"), "--from", "1000000"});
        CHECK(refused.code == 1);
        CHECK(refused.output.find(" entries, so nothing can be exported") != std::string::npos);
        CHECK(!std::filesystem::exists(out("third")));
    }
    SECTION("a directory that is not there, and nothing left behind")
    {
        CHECK(run_keeper(slice, {"--export", out("nowhere") + "/bundle"}).code == 1);
        for (const auto& file : std::filesystem::directory_iterator(scratch.path()))
            CHECK(file.path().string().find(".partial") == std::string::npos);
    }
    SECTION("status as JSON")
    {
        const auto status = run_keeper(slice, {"--status", "--json"});
        CHECK(status.code == 0);
        CHECK(status.output.starts_with("{\"pending\":0,\"pending-bytes\":0,\"log-size\":"));
    }
    SECTION("the export was a visit of the courier's, of which the day is kept and nothing finer")
    {
        const auto path = courier_day_path(slice.directory);
        const auto day = read_day(path);
        REQUIRE(day);
        CHECK(run_keeper(slice, {"--status"}).output.find("courier-day: " + day_text(*day)) != std::string::npos);
        CHECK(run_keeper(slice, {"--status"}).output.find("log-day: " + day_text(*day)) != std::string::npos);
        struct stat file {};
        REQUIRE(::stat(path.c_str(), &file) == 0);
        CHECK(file.st_mtime == *day * one_day);
        CHECK(file.st_atime == *day * one_day);
    }
}

TEST_CASE("Signals that end others do not end a serving keeper; the end of its channels does")
{
    const Scratch scratch;
    KeeperProcess keeper(slice_for(scratch.path() / "store"));
    keeper.expect_ready();
    keeper.kill(SIGTERM);
    keeper.kill(SIGINT);
    CHECK(keeper.fronts[0].send(seal_envelope()).stored);
    CHECK(keeper.end() == 0);
    CHECK(keeper.output().empty());
    CHECK(!std::filesystem::exists(scratch.path() / "store" / "amana.db-wal"));
}

TEST_CASE("What it can't start from is said to the warden, with what to do")
{
    const Scratch scratch;
    const auto store = scratch.path() / "store";
    const auto slice = slice_for(store);
    (void)verifier_of(slice);
    const auto refusal = [](const wire::KeeperSlice& given) {
        KeeperProcess keeper(given);
        auto said = keeper.hear();
        CHECK(keeper.end() == 1);
        return said;
    };
    SECTION("no parent directory")
    {
        CHECK(refusal(slice_for(scratch.path() / "a" / "b")).find("can't create the storage directory") == 0);
    }
    SECTION("the log key is gone")
    {
        std::filesystem::remove(store / "log.key");
        CHECK(refusal(slice).find("log.key is missing") != std::string::npos);
        CHECK(!std::filesystem::exists(store / "log.key"));
    }
    SECTION("the log key is another's")
    {
        write_durable(store / "log.key", Bytes(32, 1), 0600, DurableFile::Existing::replace).value();
        CHECK(refusal(slice).find("is not signed by log.key") != std::string::npos);
    }
    SECTION("the log key is open to others")
    {
        std::filesystem::permissions(store / "log.key", std::filesystem::perms(0644));
        CHECK(refusal(slice).find("chmod 600") != std::string::npos);
    }
    SECTION("the log key is cut short")
    {
        std::filesystem::resize_file(store / "log.key", 31);
        CHECK(refusal(slice).find("not a log key") != std::string::npos);
    }
    SECTION("the log has another name")
    {
        auto renamed = slice;
        renamed.origin = "other.example/log";
        CHECK(refusal(renamed).find("other.example/log") != std::string::npos);
    }
    SECTION("another keeper serves it")
    {
        KeeperProcess first(slice);
        first.expect_ready();
        CHECK(refusal(slice).find("another amana-keeper") == 0);
        CHECK(first.fronts[0].send(seal_envelope()).stored);
    }
}

TEST_CASE("The files are the keeper's alone")
{
    const Scratch scratch;
    const auto store = scratch.path() / "store";
    KeeperProcess keeper(slice_for(store));
    keeper.expect_ready();
    CHECK(keeper.fronts[0].send(seal_envelope()).stored);
    CHECK((std::filesystem::status(store).permissions() & std::filesystem::perms(077)) == std::filesystem::perms::none);
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(store)) {
        ++files;
        CHECK((file.status().permissions() & std::filesystem::perms(077)) == std::filesystem::perms::none);
    }
    CHECK(files >= 4);
    CHECK(size_below(store) > 0);
}

}  // namespace amana::keeper::test
