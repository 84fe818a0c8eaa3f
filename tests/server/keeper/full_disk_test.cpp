// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-keeper on a disk that is full: nothing acknowledged is lost, and service resumes by itself. Mounts a small tmpfs,
// which takes root's right to mount.
#include "tests/server/keeper/process.hpp"
#include "tests/support/catch.hpp"

#include <fstream>
#include <thread>

#include <sched.h>
#include <sys/mount.h>

namespace amana::keeper::test {

namespace {

// A tmpfs at `path`, seen by this process and its children only; not there without the right to mount.
class SmallDisk {
public:
    SmallDisk(const std::filesystem::path& path, std::uint64_t bytes) : path_(path)
    {
        mounted_ = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   ::mount("amana-test", path.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) == 0;
        if (!mounted_) WARN("no right to mount a tmpfs: skipped");
    }
    ~SmallDisk()
    {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    explicit operator bool() const { return mounted_; }

private:
    std::filesystem::path path_;
    bool mounted_ = false;
};

void fill(const std::filesystem::path& file)
{
    std::ofstream out(file, std::ios::binary);
    const std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())) && out.flush()) {
    }
}

// A batch whose decoys overran the ladder's first step by chance may not fit on so small a disk; the next one draws anew.
Ran export_within_a_few_tries(const wire::KeeperSlice& slice, const std::filesystem::path& out)
{
    auto ran = run_keeper(slice, {"--export", out.string()});
    for (int tries = 1; ran.code != 0 && tries < 6; ++tries) ran = run_keeper(slice, {"--export", out.string()});
    return ran;
}

}  // namespace

TEST_CASE("A full disk: refused, nothing acknowledged is lost, the keeper lives, and service resumes by itself")
{
    const Scratch scratch;
    // Room for files, and not for large ones.
    const SmallDisk disk(scratch.path(), 400 * crypto::mebibyte);
    if (!disk) return;
    auto slice = slice_for(scratch.path() / "store", std::chrono::seconds{3600});
    std::vector<SealedEnvelope> kept;
    KeeperProcess keeper(slice);
    keeper.expect_ready();
    auto& front = keeper.fronts.front();
    const auto keep = [&](std::uint64_t size) {
        kept.push_back(seal_envelope(size));
        return front.send(kept.back());
    };
    CHECK(keep(crypto::text_class).stored);

    SECTION("the rule: more than there is room for is refused on its way, and the rest of the disk is left alone")
    {
        CHECK(front.send(seal_envelope(64 * crypto::mebibyte)).refused == wire::Refusal::full);
        std::this_thread::sleep_for(std::chrono::milliseconds{2500});
        CHECK(keep(1 * crypto::mebibyte).stored);
    }
    SECTION("the disk fills up in the middle of an upload")
    {
        const auto large = seal_envelope(8 * crypto::mebibyte);
        front.say(wire::Kind::begin, 50);
        front.next_id = 51;
        for (std::size_t i = 0; i < 3; ++i) front.say(wire::Kind::chunk, 50, large.chunks[i]);
        fill(scratch.path() / "filler");
        std::vector<FakeFront::Sending> rest{{large, 50, 3}};
        rest.front().credit = 1;  // of the others the keeper tells
        CHECK(front.send(rest));
        CHECK(rest.front().refused == wire::Refusal::full);
        CHECK(front.send(seal_envelope()).refused == wire::Refusal::full);
        std::filesystem::remove(scratch.path() / "filler");
        std::this_thread::sleep_for(std::chrono::milliseconds{1500});
        CHECK(keep(crypto::text_class).stored);
        CHECK(keep(1 * crypto::mebibyte).stored);
    }
    CHECK(keeper.end() == 0);
    const Scratch elsewhere;
    const auto out = elsewhere.path() / "bundle";
    const auto exported = export_within_a_few_tries(slice, out);
    INFO(exported.output);
    REQUIRE(exported.code == 0);
    const auto bundle = read_bundle(out, verifier_of(slice));
    CHECK(bundle.reports == leaves_of(kept));
}

TEST_CASE("A disk that is full for SQLite itself, whatever the rule believed")
{
    const Scratch scratch;
    const Scratch elsewhere;
    const SmallDisk disk(scratch.path(), 96 * crypto::mebibyte);
    if (!disk) return;
    auto slice = slice_for(scratch.path() / "store");
    slice.reserve_bytes = 0;
    auto serving = slice;
    serving.keyset.clear();  // so that no room is kept for a batch
    const auto first = seal_envelope();
    const auto second = seal_envelope();
    {
        KeeperProcess keeper(serving);
        keeper.expect_ready();
        CHECK(keeper.fronts[0].send(first).stored);
        CHECK(keeper.end() == 0);
        CHECK(export_within_a_few_tries(slice, elsewhere.path() / "early").code == 0);
    }
    // Nothing is pending and the WAL is empty, so by the rule there is room for a header, and for SQLite there is not.
    KeeperProcess keeper(serving);
    keeper.expect_ready();
    const auto filler = scratch.path() / "filler";
    fill(filler);
    std::filesystem::resize_file(filler, std::filesystem::file_size(filler) - 8192);
    // The header alone: a chunk behind it in the same round would be refused by the rule first.
    auto& front = keeper.fronts[0];
    CHECK(front.hear()->kind == wire::Kind::hello);
    front.say(wire::Kind::begin, front.next_id);
    front.say(wire::Kind::chunk, front.next_id++, seal_envelope().chunks[0]);
    const auto answer = front.hear();
    REQUIRE(answer);
    CHECK(wire::parse_refused(*answer).value() == wire::Refusal::full);
    CHECK(front.send(seal_envelope()).refused == wire::Refusal::full);
    std::filesystem::remove(filler);
    std::this_thread::sleep_for(std::chrono::milliseconds{1500});
    CHECK(keeper.fronts[0].send(second).stored);
    CHECK(keeper.end() == 0);
    CHECK(keeper.output().find("the disk is full") != std::string::npos);
    CHECK(keeper.output().find("there is space again") != std::string::npos);
    const auto out = elsewhere.path() / "bundle";
    REQUIRE(export_within_a_few_tries(slice, out).code == 0);
    const auto bundle = read_bundle(out, verifier_of(slice));
    CHECK(bundle.reports == Leaves{first.leaf, second.leaf});
}

TEST_CASE("A backup or a restore that finds no room says so, leaves nothing, and is done once there is")
{
    const Scratch elsewhere;
    const Scratch scratch;
    const SmallDisk disk(scratch.path(), 4 * crypto::mebibyte);
    if (!disk) return;
    const auto slice = slice_for(elsewhere.path() / "store");
    const auto sent = seal_envelope(1 * crypto::mebibyte);
    {
        KeeperProcess keeper(slice);
        keeper.expect_ready();
        CHECK(keeper.fronts[0].send(sent).stored);
        CHECK(keeper.end() == 0);
    }
    const auto out = elsewhere.path() / "backup";
    REQUIRE(run_keeper(slice, {"--backup", out.string()}).code == 0);
    auto there = slice;
    there.directory = (scratch.path() / "store").string();
    const std::vector<std::string> backup{"--backup", (scratch.path() / "copy").string()};
    const std::vector<std::string> restore{"--restore", out.string(), "--after-loss"};
    const bool restores = GENERATE(false, true);
    const auto run = [&] { return restores ? run_keeper(there, restore) : run_keeper(slice, backup); };

    const auto filler = scratch.path() / "filler";
    for (const std::uint64_t left : {std::uint64_t{0}, 256 * crypto::kibibyte, 1 * crypto::mebibyte}) {
        fill(filler);
        std::filesystem::resize_file(filler, std::filesystem::file_size(filler) - left);
        const auto full = run();
        INFO(full.output);
        CHECK(full.code == 1);
        CHECK((full.output.find("full") != std::string::npos || full.output.find("No space left") != std::string::npos));
        for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path()))
            CHECK((entry.path() == filler || entry.path() == there.directory));
        std::filesystem::remove(filler);
    }
    const auto done = run();
    INFO(done.output);
    CHECK(done.code == 0);
}

}  // namespace amana::keeper::test
