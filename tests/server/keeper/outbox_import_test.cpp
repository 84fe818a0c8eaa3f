// SPDX-License-Identifier: AGPL-3.0-or-later
// An outbox is taken whole or not at all; each refusal says what is wrong; nothing that was erased comes back with another.
#include "base/sqlite.hpp"
#include "server/keeper/outbox_check.hpp"
#include "tests/server/keeper/outbox_support.hpp"
#include "tests/support/catch.hpp"

#include <iostream>

#include <sys/file.h>
#include <sys/stat.h>

namespace amana::keeper::test {

namespace {

struct Folder {
    const Scratch scratch;
    wire::KeeperSlice slice = slice_for(scratch.path() / "store");
    Storage storage = open_storage(slice).value();
    const Directory directory{slice.directory};
    const Directory file = scratch.path() / "brought";
    UnixTime now = system_clock()();

    Result<ImportSummary> import(const MadeOutbox& made) { return import(made.bytes); }
    Result<ImportSummary> import(const Bytes& bytes)
    {
        write_durable(file, bytes, 0600, DurableFile::Existing::replace).value();
        return import_outbox(storage, slice, {file, [this] { return now; }, {}});
    }
    // Why it was refused, after which nothing has changed.
    std::string refused(const Bytes& bytes)
    {
        const auto before = present();
        const auto taken = storage.store->outbox().value();
        const auto outcome = import(bytes);
        REQUIRE(outcome.has_error());
        CHECK((present() == before));
        CHECK(storage.store->outbox().value().serial == taken.serial);
        CHECK(!std::filesystem::exists(partial_path(directory)));
        return outcome.error().message;
    }
    Bytes present() { return std::filesystem::exists(outbox_path(directory)) ? read_file(outbox_path(directory), 1 << 30).value() : Bytes{}; }
    std::vector<std::string> faults() { return outbox_faults(*storage.store, slice).value(); }
    void erase(const Owner& owner, std::uint32_t buckets, std::uint64_t log_size)
    {
        CHECK(storage.store->keep_erased({owner.key, crypto::bucket_of(owner.id, buckets), buckets, log_size}, max_erased_keys).value());
        storage.store->commit().value();
    }
};

bool says(const std::string& message, const std::string& what)
{
    INFO(message);
    const bool found = message.find(what) != std::string::npos;
    CHECK(found);
    return found;
}

}  // namespace

TEST_CASE("An outbox is taken as it is; the same again changes nothing; a later one takes its place")
{
    Folder folder;
    const auto first = make_outbox(3);
    const auto taken = folder.import(first).value();
    CHECK(taken.taken);
    CHECK(taken.note.serial == 3);
    CHECK((folder.present() == first.bytes));
    CHECK(folder.storage.store->outbox().value().serial == 3);
    CHECK(folder.faults().empty());

    struct stat about {};
    REQUIRE(::stat(outbox_path(folder.directory).c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    CHECK(about.st_mtim.tv_sec % one_day == 0);
    CHECK(about.st_mtim.tv_nsec == 0);
    CHECK(about.st_mtim.tv_sec < folder.now - 70 * one_day);  // 13 weeks before it expires, not when it was written

    CHECK(!folder.import(first).value().taken);
    struct stat again {};
    REQUIRE(::stat(outbox_path(folder.directory).c_str(), &again) == 0);
    CHECK(again.st_ino == about.st_ino);
    CHECK(again.st_ctim.tv_nsec == about.st_ctim.tv_nsec);

    const auto second = make_outbox(4, 8, {});
    std::filesystem::create_hard_link(outbox_path(folder.directory), folder.scratch.path() / "first");
    CHECK(folder.import(second).value().taken);
    CHECK((folder.present() == second.bytes));
    // The one before was overwritten before it was deleted.
    CHECK((read_file(folder.scratch.path() / "first", 1 << 30).value() == Bytes(first.bytes.size())));
    CHECK(!std::filesystem::exists(partial_path(folder.directory)));
    CHECK(folder.faults().empty());
}

TEST_CASE("What is there no longer, or not as it was signed, is taken again")
{
    Folder folder;
    const auto made = make_outbox(3);
    CHECK(folder.import(made).value().taken);
    SECTION("gone") { std::filesystem::remove(outbox_path(folder.directory)); }
    SECTION("shorter") { std::filesystem::resize_file(outbox_path(folder.directory), made.bytes.size() - 1); }
    SECTION("an older one") { (void)make_outbox(2).write(outbox_path(folder.directory)); }
    SECTION("something else") { write_durable(outbox_path(folder.directory), Bytes(100, 'x'), 0600, DurableFile::Existing::replace).value(); }
    if (std::filesystem::exists(outbox_path(folder.directory))) {
        CHECK(folder.faults().size() == 1);
        CHECK(says(outbox_state(*folder.storage.store, folder.slice, folder.now).state, "not to be used: "));
    }
    CHECK(folder.import(made).value().taken);
    CHECK((folder.present() == made.bytes));
    CHECK(folder.faults().empty());
}

TEST_CASE("Each refusal says what is wrong, and changes nothing")
{
    Folder folder;
    const auto good = make_outbox(7);
    CHECK(folder.import(good).value().taken);
    auto next = make_outbox(8);

    SECTION("a lower serial") { CHECK(says(folder.refused(make_outbox(6).bytes), "serial 6, and one of serial 7 was taken already")); }
    SECTION("the same serial, another outbox") { CHECK(says(folder.refused(make_outbox(7).bytes), "another outbox of the same serial, 7")); }
    SECTION("another courier")
    {
        next.courier = 7;  // the witness's
        CHECK(says(folder.refused(next.sign().bytes), "not signed by the courier of deployment test"));
    }
    SECTION("another deployment")
    {
        next.note.deployment = "other";
        CHECK(says(folder.refused(next.sign().bytes), "signed as 'other/courier', and this server's deployment is 'test'"));
    }
    SECTION("expired")
    {
        next.note.expires = folder.now;
        CHECK(says(folder.refused(next.sign().bytes), "has expired on "));
    }
    SECTION("another body, with a hash of its own")
    {
        const auto note_bytes = next.bytes.size() - next.body.size() - crypto::hash_bytes;
        next.bytes[note_bytes + 5] ^= 1;
        next.bytes.resize(next.bytes.size() - crypto::hash_bytes);
        append(next.bytes, crypto::sha256(next.bytes));
        CHECK(says(folder.refused(next.bytes), "not what its note was signed for"));
    }
    SECTION("a byte too many, with a hash of its own")
    {
        next.bytes.resize(next.bytes.size() - crypto::hash_bytes);
        next.bytes.push_back(0);
        append(next.bytes, crypto::sha256(next.bytes));
        CHECK(says(folder.refused(next.bytes), "bytes, and its note says "));
    }
    SECTION("half copied: the rest is zeros")
    {
        std::fill(next.bytes.begin() + static_cast<std::ptrdiff_t>(next.bytes.size() / 2), next.bytes.end(), Byte{0});
        CHECK(says(folder.refused(next.bytes), "not whole"));
    }
    SECTION("two blocks exchanged")
    {
        const auto at = next.bytes.end() - 300'000;
        std::swap_ranges(at, at + 4096, at + 8192);
        CHECK(says(folder.refused(next.bytes), "not whole"));
    }
    SECTION("files out of order")
    {
        const auto at = [&](std::uint64_t entry) { return next.body.begin() + static_cast<std::ptrdiff_t>(next.note.entry_at(entry)); };
        std::swap_ranges(at(0), at(0) + crypto::outbox_entry_bytes, at(1));
        CHECK(says(folder.refused(next.sign().bytes), "not in the order of their ids"));
    }
    SECTION("something else") { CHECK(says(folder.refused(Bytes(5000, 'x')), "this is no outbox")); }
    SECTION("nothing") { CHECK(says(folder.refused({}), "not whole")); }
    SECTION("no room")
    {
        folder.slice.reserve_bytes = std::uint64_t{1} << 62;
        CHECK(says(folder.refused(next.bytes), "the outbox needs 1 MiB beside what is kept free"));
        folder.slice.reserve_bytes = crypto::mebibyte;
    }
    SECTION("the courier's key has run out")
    {
        folder.now += 2 * one_week;
        CHECK(says(folder.refused(next.bytes), "the courier's key of this server's key set has run out on "));
    }
    SECTION("the courier's key is not valid yet")
    {
        folder.now = -1;
        CHECK(says(folder.refused(next.bytes), "is not valid before "));
    }
    SECTION("no key set")
    {
        folder.slice.keyset.clear();
        CHECK(says(folder.refused(next.bytes), "can't be told without the key set"));
    }
    SECTION("interrupted")
    {
        (void)make_outbox(8, 64).write(folder.file);
        int calls = 0;
        CHECK(says(import_outbox(folder.storage, folder.slice, {folder.file, system_clock(), [&](auto, auto) { return ++calls < 5; }}).error().message,
                   "interrupted; nothing was changed"));
        CHECK(!std::filesystem::exists(partial_path(folder.directory)));
    }
    SECTION("a directory") { CHECK(import_outbox(folder.storage, folder.slice, {folder.scratch.path(), system_clock(), {}}).has_error()); }
    CHECK((folder.present() == good.bytes));
    folder.now = system_clock()();
    give_keys(folder.slice);
    CHECK(folder.import(make_outbox(8)).value().taken);
}

TEST_CASE("Truncated at any length, or changed in any byte, it is refused")
{
    Folder folder;
    auto random = seeded_generator();
    const auto made = make_outbox(2, 1, {});
    const auto head = made.bytes.size() - made.body.size();
    for (int i = tiered(60, 600); i > 0; --i) {
        const auto within = i % 3 == 0 ? head : made.bytes.size();
        auto cut = made.bytes;
        cut.resize(random() % within);
        CHECK(!folder.refused(cut).empty());
        auto changed = made.bytes;
        changed[random() % within] ^= static_cast<Byte>(1 + random() % 255);
        CHECK(!folder.refused(changed).empty());
    }
    CHECK(folder.import(made).value().taken);
}

TEST_CASE("What was erased is erased in each outbox that comes, until its desk must have heard of it")
{
    Folder folder;
    const Owner gone(1);
    const Owner stays(2);
    auto made = make_outbox(5, 8);
    for (int part = 0; part < 3; ++part) (void)made.put_letter(gone);
    (void)made.put_letter(stays);
    (void)made.put_file(gone, 1);
    (void)made.put_file(stays, 2);
    // As many buckets as there were, fewer, more.
    const auto buckets = GENERATE(8u, 1u, 64u);
    folder.erase(gone, buckets, 10);
    made.note.seen = 10;
    CHECK(folder.import(made.sign()).value().taken);
    CHECK(places_of(outbox_path(folder.directory), gone) == 0);
    CHECK(places_of(outbox_path(folder.directory), stays) == 2);
    CHECK(folder.faults().empty());
    CHECK(folder.storage.store->erased_keys().value().size() == 1);
    CHECK(folder.storage.store->erased_keys(5).value().empty());

    const auto now = folder.present();
    const auto body = ByteView(now).subspan(now.size() - made.body.size() - crypto::hash_bytes);
    std::size_t changed = 0;
    for (std::uint64_t slot = 0; slot < made.note.slots(); ++slot)
        changed += std::equal(made.slot(slot).begin(), made.slot(slot).end(), body.begin() + static_cast<std::ptrdiff_t>(made.note.slot_at(slot))) ? 0u : 1u;
    CHECK(changed == 3);
    const auto file = body.subspan(made.note.file_at(1), 100);
    CHECK(!std::equal(file.begin(), file.end(), made.body.begin() + static_cast<std::ptrdiff_t>(made.note.file_at(1))));

    SECTION("the same again brings nothing back")
    {
        CHECK(!folder.import(made).value().taken);
        CHECK(places_of(outbox_path(folder.directory), gone) == 0);
        std::filesystem::remove(outbox_path(folder.directory));
        CHECK(folder.import(made).value().taken);
        CHECK(places_of(outbox_path(folder.directory), gone) == 0);
    }
    SECTION("a desk that has seen more has had the request: what it sends is new")
    {
        made.note.serial = 6;
        made.note.seen = 11;
        auto later = make_outbox(6, 8);
        later.note.seen = 11;
        (void)later.put_letter(gone);
        CHECK(folder.import(later.sign()).value().taken);
        CHECK(folder.storage.store->erased_keys().value().empty());
        auto last = make_outbox(7, 8);
        (void)last.put_letter(gone);
        CHECK(folder.import(last.sign()).value().taken);
        CHECK(places_of(outbox_path(folder.directory), gone) == 1);
    }
    SECTION("fsck finds what is there in spite of a kept key")
    {
        const Owner other(3);
        auto next = make_outbox(6, 8);
        (void)next.put_letter(other);
        CHECK(folder.import(next.sign()).value().taken);
        folder.erase(other, 8, 10);
        REQUIRE(folder.faults().size() == 1);
        CHECK(says(folder.faults().front(), "1 slots and 0 files that should have been erased"));
    }
}

TEST_CASE("Many erased keys are held against an outbox before the serving keeper has to wait")
{
    Folder folder;
    auto made = make_outbox(5, 16, {});
    std::vector<Owner> owners;
    for (std::uint32_t i = 0; i < 200; ++i) {
        owners.emplace_back(i);
        CHECK(folder.storage.store->keep_erased({owners.back().key, crypto::bucket_of(owners.back().id, 16), 16, 10}, max_erased_keys).value());
        if (i % 2 == 0) (void)made.put_letter(owners.back());
    }
    folder.storage.store->commit().value();
    CHECK(folder.import(made.sign()).value().taken);
    for (const auto& owner : owners) CHECK(places_of(outbox_path(folder.directory), owner) == 0);
    CHECK(folder.faults().empty());
}

TEST_CASE("Two imports at once: the second waits; what one that was cut off has left is overwritten")
{
    Folder folder;
    const auto left = folder.scratch.path() / "left";
    (void)make_outbox(9).write(partial_path(folder.directory));
    std::filesystem::create_hard_link(partial_path(folder.directory), left);
    CHECK(folder.faults().size() == 1);
    CHECK(folder.import(make_outbox(2)).value().taken);
    const auto bytes = read_file(left, 1 << 30).value();
    CHECK(!bytes.empty());
    CHECK((bytes == Bytes(bytes.size())));

    const auto held = create_partial(folder.directory).value();
    CHECK(folder.faults().empty());  // it is not left, somebody works on it
    write_durable(folder.file, make_outbox(3).bytes, 0600, DurableFile::Existing::replace).value();
    CHECK(says(import_outbox(folder.storage, folder.slice, {folder.file, system_clock(), {}}).error().message, "another import is under way"));
}

TEST_CASE("The store keeps so many erased keys and no more; one that is there already is no more")
{
    Folder folder;
    Database::open(folder.directory / "amana.db", Database::Mode::read_write_create).value()
        ->execute("INSERT INTO erased WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(max_erased_keys - 1) +
                  ") SELECT randomblob(32), 0, 1, 5, 0 FROM n").value();
    auto& store = *folder.storage.store;
    const Owner last(1);
    CHECK(store.keep_erased({last.key, 0, 1, 7}, max_erased_keys).value());
    CHECK(!store.keep_erased({Owner(2).key, 0, 1, 7}, max_erased_keys).value());
    CHECK(store.keep_erased({last.key, 3, 4, 9}, max_erased_keys).value());
    store.commit().value();
    CHECK(store.erased_keys().value().size() == max_erased_keys);
    store.mark_held(4, {&last.key, 1}).value();
    store.commit().value();
    CHECK(store.erased_keys(4).value().size() == max_erased_keys - 1);
    store.all_held(5, 9).value();  // all but the last are forgotten
    store.commit().value();
    const auto kept = store.erased_keys().value();
    REQUIRE(kept.size() == 1);
    CHECK(kept.front().key == last.key);
    CHECK(kept.front().bucket == 3);
    CHECK(kept.front().buckets == 4);
    CHECK(kept.front().log_size == 9);
    CHECK(store.erased_keys(5).value().empty());
}

}  // namespace amana::keeper::test
