// SPDX-License-Identifier: AGPL-3.0-or-later
// What an export does when it can't be done rightly.
#include "server/keeper/exporter.hpp"
#include "server/keeper/status.hpp"
#include "tests/server/keeper/support.hpp"
#include "tests/support/catch.hpp"

namespace amana::keeper::test {

namespace {

wire::KeeperSlice slice_of(const Scratch& scratch)
{
    wire::KeeperSlice slice;
    slice.directory = scratch.path().string();
    slice.origin = "test.example/log";
    give_keys(slice);
    return slice;
}

}  // namespace

TEST_CASE("A bundle holds the log, in order, under its checkpoint")
{
    const Scratch scratch;
    auto slice = slice_of(scratch);
    slice.large_cover = 0;  // no large decoys by chance: what is here is cut into parts of 3 MiB below
    auto storage = open_storage(slice).value();
    auto& store = *storage.store;
    std::vector<SealedEnvelope> envelopes;
    for (const auto size : {crypto::text_class, crypto::text_class, 64 * crypto::kibibyte, 2 * crypto::mebibyte}) {
        envelopes.push_back(seal_envelope(size, 1 + envelopes.size()));
        (void)stage_and_accept(store, envelopes.back());
    }
    store.press(2, 2).value();
    store.commit().value();
    const auto out = scratch.path() / "bundle";
    std::uint64_t called = 0;
    const auto summary = export_bundle(storage, {out, 0, 0, [&](std::uint64_t done, std::uint64_t) { return done == called++; }}).value();
    CHECK(called == summary.entries);
    CHECK(summary.entries > envelopes.size());
    CHECK(summary.bytes == std::filesystem::file_size(out));
    const auto bundle = read_bundle(out, storage.sequencer.verifier());
    CHECK(bundle.lanes == std::vector<unsigned>(bundle.leaves.size(), 2));
    const auto& logged = bundle.reports;
    const auto sent = leaves_of(envelopes);
    CHECK(logged == sent);
    CHECK(bundle.decoys == summary.entries - envelopes.size());

    SECTION("from every index")
    {
        for (std::uint64_t first = 0; first <= 4; ++first) {
            const auto part = scratch.path() / ("part" + std::to_string(first));
            (void)export_bundle(storage, {part, first, 0, {}}).value();
            const auto read = read_bundle(part, storage.sequencer.verifier());
            CHECK(read.first == first);
            const auto same = std::min(read.leaves.size(), bundle.leaves.size() - static_cast<std::size_t>(first));
            CHECK(std::equal(read.leaves.begin(), read.leaves.begin() + static_cast<std::ptrdiff_t>(same),
                             bundle.leaves.begin() + static_cast<std::ptrdiff_t>(first)));
        }
    }
    SECTION("cut into parts, none larger than asked, that join to the whole")
    {
        const auto part_bytes = 3 * crypto::mebibyte;
        const auto cut = export_bundle(storage, {scratch.path() / "cut", 0, part_bytes, {}}).value();
        REQUIRE(cut.files.size() > 1);
        std::vector<crypto::Hash> joined;
        for (std::size_t i = 0; i < cut.files.size(); ++i) {
            CHECK(std::filesystem::file_size(cut.files[i]) <= part_bytes);
            const auto read = read_bundle(cut.files[i], storage.sequencer.verifier());
            CHECK(read.part == i + 1);
            CHECK(read.parts == cut.files.size());
            joined.insert(joined.end(), read.leaves.begin(), read.leaves.end());
        }
        CHECK(joined.size() == cut.tree_size);
        CHECK(std::equal(bundle.leaves.begin(), bundle.leaves.end(), joined.begin()));
        CHECK(export_bundle(storage, {scratch.path() / "small", 0, crypto::mebibyte, {}}).has_error());
        CHECK(!std::filesystem::exists(scratch.path() / "small.1"));
    }

    SECTION("interrupted, nothing is left")
    {
        const auto part = scratch.path() / "part";
        CHECK(export_bundle(storage, {part, 0, 0, [](std::uint64_t done, std::uint64_t) { return done < 2; }}).has_error());
        for (const auto& file : std::filesystem::directory_iterator(scratch.path()))
            CHECK(file.path().filename().string().find("part") == std::string::npos);
    }
    SECTION("damage on this disk is found, and named by its entry")
    {
        const auto damage = [&](const char* sql) {
            const auto database = Database::open(scratch.path() / "amana.db", Database::Mode::read_write_create).value();
            database->execute(sql).value();
            return export_bundle(storage, {scratch.path() / "part", 0, 0, {}});
        };
        const auto* sql = "";
        SECTION("a chunk of zeros") { sql = "UPDATE log_chunk SET data = zeroblob(length(data)) WHERE key = 2 * 4096 + 1"; }
        SECTION("a chunk missing") { sql = "DELETE FROM log_chunk WHERE key = 2 * 4096 + 1"; }
        SECTION("a chunk too many") { sql = "INSERT INTO log_chunk SELECT max(key) + 1, x'00' FROM log_chunk WHERE key >> 12 = 2"; }
        SECTION("another's chunk") { sql = "UPDATE log_chunk SET data = (SELECT data FROM log_chunk WHERE key = 4096) WHERE key = 2 * 4096"; }
        SECTION("its lane") { sql = "PRAGMA ignore_check_constraints = ON; UPDATE log SET lane = 5 WHERE idx = 2"; }
        SECTION("all of it") { sql = "DELETE FROM log_chunk WHERE key >> 12 = 2"; }
        SECTION("its leaf hash") { sql = "UPDATE tile SET hashes = CAST(substr(hashes, 1, 64) || zeroblob(32) || substr(hashes, 97) AS BLOB) WHERE key = 0"; }
        if (*sql == '\0') return;
        const auto damaged = damage(sql);
        REQUIRE(damaged.has_error());
        CHECK(damaged.error().message.find("entry 2 ") != std::string::npos);
        CHECK(!std::filesystem::exists(scratch.path() / "part"));
    }
}

TEST_CASE("A log key is made once, and status names its verifier")
{
    const Scratch scratch;
    const auto slice = slice_of(scratch);
    auto storage = open_storage(slice).value();
    const auto first = read_status(storage, slice).value();
    CHECK(crypto::NoteVerifier::parse(first.verifier).value().name == "test.example/log");
    CHECK(std::filesystem::file_size(scratch.path() / "log.key") == 32);
    storage = open_storage(slice).value();
    CHECK(read_status(storage, slice).value().verifier == first.verifier);
    CHECK(status_text(first).find("log-verifier: " + first.verifier + "\n") != std::string::npos);
}

}  // namespace amana::keeper::test
