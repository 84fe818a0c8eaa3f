// SPDX-License-Identifier: AGPL-3.0-or-later
// The serving keeper's outbox: what is fetched of it, how it changes and ends, and what an import that was cut off leaves to the next
// start.
#include "tests/server/keeper/outbox_serving.hpp"

#include <algorithm>
#include <iostream>

#include <sys/stat.h>
#include <unistd.h>

namespace amana::keeper::test {

TEST_CASE("Buckets and files are fetched in pieces, and join to what the desk has made")
{
    Inbox inbox;
    const auto made = make_outbox(3);
    auto& front = inbox.start();
    CHECK(note_in(front).empty());
    CHECK(fetch(front, bucket(3, 0)).empty());
    inbox.import(made);
    CHECK(crypto::OutboxNote::parse(as_bytes(note_in(front)), "test", test_courier().key).value().serial == 3);
    for (std::uint32_t number = 0; number < 4; ++number) CHECK((fetch(front, bucket(3, number)) == made.bucket(number)));
    for (std::uint64_t number = 0; number < made.note.file_count(); ++number) {
        crypto::Item id{};
        std::copy_n(made.body.begin() + static_cast<std::ptrdiff_t>(made.note.entry_at(number)), id.size(), id.begin());
        CHECK((fetch(front, file(3, id)) == made.file(number)));
        id[0] ^= 1;
        CHECK(fetch(front, file(3, id)).empty());
    }
    CHECK(fetch(front, bucket(3, 4)).empty());
    CHECK(fetch(front, bucket(2, 0)).empty());
    CHECK(fetch(front, bucket(4, 0)).empty());
    CHECK(ask(front, bucket(3, 0, 17)).empty());
}

TEST_CASE("Another outbox is noticed in the middle of a bucket, and no piece of the one before follows")
{
    Inbox inbox;
    auto& front = inbox.start();
    auto serial = std::uint64_t{1};
    auto made = make_outbox(serial);
    inbox.import(made);
    for (int round = tiered(5, 50); round > 0; --round) {
        CHECK(ask(front, bucket(serial, 1, 0)).size() > 8);
        made = make_outbox(++serial);
        inbox.import(made);
        CHECK(ask(front, bucket(serial - 1, 1, 1)).empty());
        CHECK((fetch(front, bucket(serial, 1)) == made.bucket(1)));
    }
}

TEST_CASE("While outboxes are exchanged, every piece that is answered is of the serial that was asked for")
{
    Inbox inbox;
    auto& front = inbox.start();
    const int rounds = tiered(10, 100);
    std::vector<MadeOutbox> made;
    for (int i = 0; i <= rounds; ++i) made.push_back(make_outbox(static_cast<std::uint64_t>(i) + 1, 4, {}));
    inbox.import(made.front());
    std::atomic<bool> over = false;
    std::thread importing([&] {
        for (std::size_t i = 1; i < made.size(); ++i) inbox.import(made[i]);
        over = true;
    });
    std::uint64_t pieces = 0;
    while (!over) {
        const auto note = note_in(front);
        REQUIRE(!note.empty());
        const auto serial = crypto::OutboxNote::parse(as_bytes(note), "test", test_courier().key).value().serial;
        const auto expected = made[serial - 1].bucket(2);
        for (std::uint64_t index = 0; index < 17; ++index) {
            const auto piece = ask(front, bucket(serial, 2, index));
            if (piece.empty()) break;
            const auto part = ByteView(piece).subspan(8);
            REQUIRE(std::equal(part.begin(), part.end(), expected.begin() + static_cast<std::ptrdiff_t>(index * wire::outbox_piece_bytes)));
            ++pieces;
        }
    }
    importing.join();
    std::cout << pieces << " pieces, " << rounds << " outboxes\n";
    CHECK(pieces > 0);
}

TEST_CASE("What is not as it was signed is as if there were none, and said once")
{
    Inbox inbox;
    const auto made = make_outbox(3);
    inbox.import(made);
    SECTION("its length") { std::filesystem::resize_file(inbox.path(), made.bytes.size() - 1); }
    SECTION("its note")
    {
        auto bytes = made.bytes;
        bytes[40] ^= 1;
        write_durable(inbox.path(), bytes, 0600, DurableFile::Existing::replace).value();
    }
    SECTION("another that was signed, and not taken") { (void)make_outbox(4).write(inbox.path()); }
    SECTION("a link")
    {
        std::filesystem::rename(inbox.path(), inbox.serving.scratch.path() / "elsewhere");
        std::filesystem::create_symlink(inbox.serving.scratch.path() / "elsewhere", inbox.path());
    }
    auto& front = inbox.start();
    for (int i = 0; i < 3; ++i) {
        CHECK(note_in(front).empty());
        CHECK(ask(front, bucket(3, 0)).empty());
    }
    const Owner owner(1);
    CHECK(erase(front, owner.erase(3, 4, {})) == "elsewhere");
    REQUIRE(inbox.serving.log().size() == 1);
    CHECK(inbox.serving.log().front().find("the outbox can't be used") != std::string::npos);
    inbox.import(make_outbox(5));
    CHECK(fetch(front, bucket(5, 0)).size() == crypto::bucket_reply_bytes);
}

TEST_CASE("An outbox that has expired is none, and with the next tick it is overwritten and deleted")
{
    Inbox inbox(std::chrono::milliseconds{400});
    auto made = make_outbox(1);
    const Owner owner(1);
    (void)made.put_letter(owner);
    inbox.import(made.sign());
    const auto peek = inbox.serving.scratch.path() / "peek";
    std::filesystem::create_hard_link(inbox.path(), peek);
    auto& front = inbox.start();
    CHECK(!note_in(front).empty());
    inbox.serving.now = made.note.expires;
    CHECK(note_in(front).empty());
    CHECK(fetch(front, bucket(1, 0)).empty());
    CHECK(erase(front, owner.erase(1, 4, {})) == "elsewhere");
    // Where there is none, what is on its way is meant.
    CHECK(erase(front, owner.erase(0, crypto::max_buckets, {})) == "done");
    for (int i = 0; i < 200 && (std::filesystem::exists(inbox.path()) || std::filesystem::exists(old_path(inbox.slice.directory))); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    CHECK(!std::filesystem::exists(inbox.path()));
    CHECK(!std::filesystem::exists(old_path(inbox.slice.directory)));
    CHECK((read_file(peek, 1 << 30).value() == Bytes(made.bytes.size())));
    inbox.serving.end();
    REQUIRE(inbox.serving.log().size() == 1);
    CHECK(inbox.serving.log().front().find("serial 1 has expired") != std::string::npos);
    auto next = make_outbox(2);
    next.note.expires += one_week;
    (void)next.put_letter(owner);
    inbox.import(next.sign());
    CHECK(places_of(inbox.path(), owner) == 0);
}

TEST_CASE("With every tick the file is dated anew, erased or not")
{
    Inbox inbox(std::chrono::milliseconds{200});
    inbox.import(make_outbox(1));
    (void)inbox.start();
    struct stat before {};
    struct stat after {};
    REQUIRE(::stat(inbox.path().c_str(), &before) == 0);
    for (int i = 0; i < 100 && after.st_ctim.tv_sec * 1'000'000'000 + after.st_ctim.tv_nsec <= before.st_ctim.tv_sec * 1'000'000'000 + before.st_ctim.tv_nsec; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        REQUIRE(::stat(inbox.path().c_str(), &after) == 0);
    }
    CHECK((after.st_mtim.tv_sec == before.st_mtim.tv_sec));
    CHECK((after.st_ctim.tv_sec != before.st_ctim.tv_sec || after.st_ctim.tv_nsec != before.st_ctim.tv_nsec));
}

// --- cut off between two steps ---------------------------------------------------------------------------------------------

TEST_CASE("An import that was cut off before it was committed has changed nothing, and its copy is overwritten")
{
    Inbox inbox;
    const auto first = make_outbox(1);
    inbox.import(first);
    (void)make_outbox(2).write(partial_path(inbox.slice.directory));
    const auto peek = inbox.serving.scratch.path() / "peek";
    std::filesystem::create_hard_link(partial_path(inbox.slice.directory), peek);
    auto& front = inbox.start();
    CHECK((fetch(front, bucket(1, 0)) == first.bucket(0)));
    for (int i = 0; i < 100 && std::filesystem::exists(partial_path(inbox.slice.directory)); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    CHECK(!std::filesystem::exists(partial_path(inbox.slice.directory)));
    const auto left = read_file(peek, 1 << 30).value();
    CHECK((left == Bytes(left.size())));
}

TEST_CASE("An import that was cut off once it was committed is finished by a start, or by a tick, with what was erased meanwhile")
{
    const bool by_tick = GENERATE(false, true);
    Inbox inbox(by_tick ? std::chrono::milliseconds{500} : std::chrono::hours{1});
    const Owner owner(1);
    auto first = make_outbox(1);
    const auto tag = first.put_letter(owner);
    inbox.import(first.sign());
    auto second = make_outbox(2);
    (void)second.put_letter(owner);
    second.sign();
    const auto cut_off = [&] {
        (void)second.write(partial_path(inbox.slice.directory));
        const auto store = SqliteStore::open(inbox.slice.directory).value();
        if (!by_tick) CHECK(store->keep_erased({owner.key, crypto::bucket_of(owner.id, 4), 4, 0}, max_erased_keys).value());
        const auto file = OutboxFile::open(open_in_place(partial_path(inbox.slice.directory), Access::read).value(), test_courier()).value();
        store->set_outbox({2, file.note_hash()}).value();
        store->commit().value();
    };
    if (!by_tick) cut_off();
    auto& front = inbox.start();
    if (by_tick) {
        CHECK(erase(front, owner.erase(1, 4, {tag})) == "done");
        cut_off();
        for (int i = 0; i < 100 && fetch(front, bucket(2, 0)).empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    CHECK(fetch(front, bucket(2, 1)).size() == crypto::bucket_reply_bytes);
    CHECK(places_of(inbox.path(), owner) == 0);
    for (int i = 0; i < 100 && std::filesystem::exists(partial_path(inbox.slice.directory)); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    CHECK(!std::filesystem::exists(partial_path(inbox.slice.directory)));
}

}  // namespace amana::keeper::test
