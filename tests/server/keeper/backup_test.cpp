// SPDX-License-Identifier: AGPL-3.0-or-later
// Backups: what is in them and what not, which are refused, and which log there is after one was restored.
#include "server/keeper/restore.hpp"
#include "server/keeper/storage.hpp"
#include "tests/server/keeper/support.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <fstream>

#include <sys/stat.h>

namespace amana::keeper::test {

namespace {

namespace fs = std::filesystem;

wire::KeeperSlice slice_of(const fs::path& directory)
{
    wire::KeeperSlice slice;
    slice.directory = directory.string();
    slice.origin = "test.example/log";
    slice.large_cover = 0;
    give_keys(slice);
    return slice;
}

// Ten entries and their decoys in the log, three waiting, a key set that was used.
struct Lived {
    Lived() : slice(slice_of(scratch.path() / "store"))
    {
        auto storage = open_storage(slice).value();
        for (int i = 0; i < 10; ++i) keep(*storage.store);
        (void)storage.sequencer.tick(*storage.store).value();
        for (int i = 0; i < 3; ++i) keep(*storage.store);
        write_durable(scratch.path() / "store" / serial_name, as_bytes("root 3\n"), 0600, DurableFile::Existing::refuse).value();
        log = storage.sequencer.verifier();
        tree = storage.store->tree().value();
    }
    void keep(Store& store)
    {
        sent.push_back(seal_envelope());
        (void)stage_and_accept(store, sent.back());
        store.commit().value();
    }
    BackupManifest back_up(const char* name, BackupKind kind = BackupKind::copy) const { return keeper::back_up(slice, {scratch.path() / name, kind}).value(); }
    Result<RestoreSummary> restore(const char* backup, const char* to, LogAfter after) const
    {
        return keeper::restore(slice_of(scratch.path() / to), {scratch.path() / backup, after});
    }
    fs::path operator/(const char* name) const { return scratch.path() / name; }

    Scratch scratch;
    wire::KeeperSlice slice;
    std::vector<SealedEnvelope> sent;
    crypto::NoteVerifier log;
    Tree tree;
};

std::set<std::string> names_in(const fs::path& folder)
{
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
}

bool holds(const fs::path& folder, ByteView bytes)
{
    for (const auto& entry : fs::directory_iterator(folder)) {
        const auto all = read_file(entry.path(), 1 << 28).value();
        if (std::search(all.begin(), all.end(), bytes.begin(), bytes.end()) != all.end()) return true;
    }
    return false;
}

void change_byte(const fs::path& file, std::uint64_t at)
{
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(static_cast<std::streamoff>(at));
    const auto byte = static_cast<char>(stream.get() ^ 1);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(byte);
}

void keep_all_in_log(const wire::KeeperSlice& slice, const std::vector<SealedEnvelope>& sent)
{
    auto storage = open_storage(slice).value();
    (void)storage.sequencer.tick(*storage.store).value();
    const auto there = leaves_in_log(*storage.store);
    for (const auto& envelope : sent) CHECK(there.count(envelope.leaf) == 1);
    CHECK(fsck(*storage.store, storage.sequencer.verifier(), {}).value().faults.empty());
}

}  // namespace

TEST_CASE("a backup has the store's rows and its serial, and neither log key nor outbox; it restores, and a new log begins with it")
{
    const Lived lived;
    write_durable(lived.scratch.path() / "store" / outbox_name, Bytes(100, 1), 0600, DurableFile::Existing::refuse).value();
    const auto manifest = lived.back_up("backup");
    CHECK(names_in(lived / "backup") == std::set<std::string>{"amana.db", "keys.serial", "manifest"});
    struct stat about {};
    REQUIRE(::stat((lived / "backup").c_str(), &about) == 0);
    CHECK((about.st_mode & 07777) == 0700);
    for (const auto& name : names_in(lived / "backup")) {
        REQUIRE(::stat((lived / "backup" / name).c_str(), &about) == 0);
        CHECK((about.st_mode & 07777) == 0600);
    }
    CHECK(manifest.size == lived.tree.size);
    CHECK(manifest.log.text() == lived.log.text());
    const auto key = read_file(lived.scratch.path() / "store" / log_key_name, 32).value();
    CHECK_FALSE(holds(lived / "backup", key));
    CHECK(drill(lived.scratch.path(), lived / "backup", [] { return true; }).has_value());
    CHECK(names_in(lived.scratch.path()) == std::set<std::string>{"backup", "store"});

    CHECK(lived.restore("backup", "new", LogAfter::same).error().hint.find("--after-loss") != std::string::npos);
    const auto restored = lived.restore("backup", "new", LogAfter::anew).value();
    CHECK(restored.log.text() != lived.log.text());
    CHECK(restored.checked.pending == 3);
    CHECK(names_in(lived / "new") == std::set<std::string>{"amana.db", "keys.serial", "log.key"});
    const auto there = slice_of(lived / "new");
    {
        auto storage = open_storage(there).value();
        const auto tree = storage.store->tree().value();
        const auto checkpoint = crypto::Checkpoint::parse(tree.checkpoint, restored.log).value();
        const auto lost = crypto::Checkpoint::parse(lived.tree.checkpoint, lived.log).value();
        CHECK(checkpoint.size == lost.size);
        CHECK(checkpoint.root == lost.root);
        CHECK(crypto::Checkpoint::parse(tree.checkpoint, lived.log).has_error());
    }
    keep_all_in_log(there, lived.sent);
}

TEST_CASE("a store that is handed over signs no more, and its log goes on where it is restored")
{
    const Lived lived;
    const auto outbox = Bytes(100, 1);
    write_durable(lived.scratch.path() / "store" / outbox_name, outbox, 0600, DurableFile::Existing::refuse).value();
    (void)lived.back_up("backup", BackupKind::handover);
    CHECK(names_in(lived / "backup") == std::set<std::string>{"amana.db", "keys.serial", "log.key", "manifest", "outbox"});
    const auto opened = open_storage(lived.slice);
    REQUIRE(opened.has_error());
    CHECK(opened.error().message.find("was handed over") != std::string::npos);
    (void)lived.back_up("again", BackupKind::handover);  // the first one may have been cut off
    CHECK(drill(lived.scratch.path(), lived / "backup", [] { return true; }).has_value());

    const auto restored = lived.restore("backup", "new", LogAfter::same).value();
    CHECK(restored.log.text() == lived.log.text());
    CHECK(read_file(lived / "new" / outbox_name, 1000).value() == outbox);
    keep_all_in_log(slice_of(lived / "new"), lived.sent);
    CHECK(lived.restore("backup", "lost", LogAfter::anew).value().log.text() != lived.log.text());
}

TEST_CASE("a store that is served can't be handed over, and stays open")
{
    const Lived lived;
    const auto lock = lock_for_serving(lived.scratch.path() / "store").value();
    const auto refused = back_up(lived.slice, {lived / "backup", BackupKind::handover});
    REQUIRE(refused.has_error());
    CHECK(refused.error().hint.find("Stop the server") != std::string::npos);
    CHECK(open_storage(lived.slice).has_value());
    CHECK(back_up(lived.slice, {lived / "beside"}).has_value());
}

TEST_CASE("nothing that was erased is in a backup")
{
    Lived lived;
    const auto gone = lived.sent.front();
    {
        auto storage = open_storage(lived.slice).value();
        auto& store = *storage.store;
        store.set_witnessed({}, lived.tree.size).value();
        while (store.erase(lived.tree.size, 100).value() == 100) {}
        store.commit().value();
    }
    const auto piece = ByteView(gone.chunks[1]).subspan(1000, 64);
    (void)lived.back_up("backup");
    CHECK_FALSE(holds(lived / "backup", piece));
    CHECK(lived.restore("backup", "new", LogAfter::anew).value().checked.erased == lived.tree.size);
}

TEST_CASE("a backup is only restored where there is nothing, and what was there stays")
{
    const Lived lived;
    (void)lived.back_up("backup");
    fs::create_directory(lived / "new");
    SECTION("an empty folder") { CHECK(lived.restore("backup", "new", LogAfter::anew).has_value()); }
    SECTION("a file system's own folder")
    {
        fs::create_directory(lived / "new" / "lost+found");
        CHECK(lived.restore("backup", "new", LogAfter::anew).has_value());
    }
    SECTION("another store, or anything else")
    {
        const auto* name = GENERATE("amana.db", "log.key", "lock", "notes.txt");
        std::ofstream(lived / "new" / name) << "what was there";
        const auto refused = lived.restore("backup", "new", LogAfter::anew);
        REQUIRE(refused.has_error());
        CHECK(refused.error().message.find(name) != std::string::npos);
        CHECK(names_in(lived / "new") == std::set<std::string>{name});
    }
    SECTION("what a restore left that was cut off")
    {
        fs::create_directory(lived / "new" / "restoring");
        std::ofstream(lived / "new" / "restoring" / "amana.db") << "half";
        std::ofstream(lived / "new" / "log.key") << "half";
        CHECK(open_storage(slice_of(lived / "new")).error().hint.find("restore") != std::string::npos);
        CHECK(lived.restore("backup", "new", LogAfter::anew).has_value());
        keep_all_in_log(slice_of(lived / "new"), lived.sent);
    }
    SECTION("a config of another log")
    {
        auto slice = slice_of(lived / "new");
        slice.origin = "other.example/log";
        CHECK(keeper::restore(slice, {lived / "backup", LogAfter::anew}).error().hint.find("origin") != std::string::npos);
    }
}

TEST_CASE("a backup that is not whole is refused, says so, and leaves nothing")
{
    const Lived lived;
    (void)lived.back_up("backup", BackupKind::handover);
    const auto refused = [&] {
        for (const auto after : {LogAfter::same, LogAfter::anew}) {
            const auto restored = lived.restore("backup", "new", after);
            REQUIRE(restored.has_error());
            CHECK_FALSE(restored.error().message.empty());
            if (fs::exists(lived / "new")) CHECK(names_in(lived / "new").empty());
        }
        CHECK(drill(lived.scratch.path(), lived / "backup", [] { return true; }).has_error());
        CHECK_FALSE(fs::exists(lived / "amana-drill"));
    };
    const auto folder = lived / "backup";
    SECTION("a byte of a file")
    {
        const auto* name = GENERATE("amana.db", "keys.serial", "manifest");
        change_byte(folder / name, fs::file_size(folder / name) / 2);
        refused();
    }
    SECTION("a file cut off")
    {
        const auto* name = GENERATE("amana.db", "keys.serial", "manifest");
        fs::resize_file(folder / name, fs::file_size(folder / name) - 1);
        refused();
    }
    SECTION("a file gone")
    {
        fs::remove(folder / GENERATE("amana.db", "keys.serial", "manifest"));
        refused();
    }
    SECTION("a link in a file's place")
    {
        fs::rename(folder / "amana.db", lived / "elsewhere");
        fs::create_symlink(lived / "elsewhere", folder / "amana.db");
        refused();
    }
}

TEST_CASE("the log key of a store that was handed over is held to the manifest")
{
    const Lived lived;
    (void)lived.back_up("backup", BackupKind::handover);
    change_byte(lived / "backup" / "log.key", 5);
    CHECK(lived.restore("backup", "new", LogAfter::same).error().message.find("log.key") != std::string::npos);
}

TEST_CASE("a store that was damaged before it was backed up is not restored")
{
    const Lived lived;
    Database::open(lived.scratch.path() / "store" / database_name, Database::Mode::read_write_create).value()
        ->execute("UPDATE log_chunk SET data = zeroblob(length(data)) WHERE key = 4096 * 3 + 1").value();
    (void)lived.back_up("backup");
    const auto refused = lived.restore("backup", "new", LogAfter::anew);
    REQUIRE(refused.has_error());
    CHECK(refused.error().message.find("damaged") != std::string::npos);
    CHECK(names_in(lived / "new").empty());
}

TEST_CASE("a backup's name is not taken, nor a folder made where there is no store")
{
    const Lived lived;
    fs::create_directory(lived / "taken");
    CHECK(back_up(lived.slice, {lived / "taken"}).has_error());
    CHECK(back_up(slice_of(lived / "nothing"), {lived / "backup"}).has_error());
    CHECK_FALSE(fs::exists(lived / "nothing"));
    CHECK(back_up(lived.slice, {lived / "no" / "folder"}).has_error());
    CHECK(names_in(lived.scratch.path()) == std::set<std::string>{"store", "taken"});
}

TEST_CASE("a backup that is interrupted leaves nothing, whenever that is")
{
    const Lived lived;
    for (int asked = 0;; ++asked) {
        int left = asked;
        const auto made = back_up(lived.slice, {lived / "backup", BackupKind::copy, system_clock(), [&] { return left-- > 0; }});
        if (made) break;
        CHECK(made.error().message.find("interrupted") != std::string::npos);
        CHECK(names_in(lived.scratch.path()) == std::set<std::string>{"store"});
        REQUIRE(asked < 10'000);
        asked += asked / 4;
    }
    CHECK(drill(lived.scratch.path(), lived / "backup", [] { return true; }).has_value());
}

TEST_CASE("a manifest is read as it is written, and not otherwise")
{
    BackupManifest manifest;
    manifest.day = 20'786 * one_day;
    manifest.log = test_sequencer().verifier();
    manifest.size = 17;
    manifest.files = {{"amana.db", 4096, crypto::sha256(as_bytes("a"))}, {"keys.serial", 70, crypto::sha256(as_bytes("b"))}};
    const auto text = manifest.text();
    CHECK(text.find("\nday 2026-11-29\n") != std::string::npos);
    CHECK(BackupManifest::parse(as_bytes(text)).value().text() == text);
    for (std::size_t length = 0; length < text.size(); ++length) CHECK(BackupManifest::parse(as_bytes(text.substr(0, length))).has_error());
    CHECK(BackupManifest::parse(as_bytes(text + "\n")).has_error());
    const auto refused = [](BackupManifest changed) { return BackupManifest::parse(as_bytes(changed.text())).has_error(); };
    auto other = manifest;
    SECTION("a name that is none of a backup's") { other.files[1].name = "../config"; }
    SECTION("no database") { other.files.erase(other.files.begin()); }
    SECTION("another order") { std::swap(other.files[0], other.files[1]); }
    SECTION("a file twice") { other.files[1] = other.files[0]; }
    SECTION("a log key in a copy") { other.files.push_back({"log.key", 32, {}}); }
    SECTION("no log key in a handover") { other.kind = BackupKind::handover; }
    CHECK(refused(other));
}

}  // namespace amana::keeper::test
