// SPDX-License-Identifier: AGPL-3.0-or-later
// How an inbox is erased in the serving keeper's outbox, and what a crash between any two steps of that leaves to the next start.
#include "base/sqlite.hpp"
#include "tests/server/keeper/outbox_serving.hpp"

#include <sys/stat.h>

namespace amana::keeper::test {

namespace {

// An outbox of serial 1 with a letter in it.
struct OneLetter : Inbox {
    Owner owner{1};
    crypto::Item tag{};

    OneLetter()
    {
        auto made = make_outbox(1);
        tag = made.put_letter(owner);
        import(made.sign());
    }
};

}  // namespace

TEST_CASE("An inbox is erased in place: its places are as decoys, all others are as they were")
{
    Inbox inbox;
    auto made = make_outbox(3);
    const Owner owner(1);
    const Owner other(2);
    std::vector<crypto::Item> items{made.put_letter(owner), made.put_letter(owner), made.put_file(owner, 0), made.put_file(owner, 3)};
    (void)made.put_letter(other);
    (void)made.put_file(other, 1);
    made.sign();
    inbox.import(made);
    auto& front = inbox.start();

    CHECK(erase(front, owner.erase(2, 4, items)) == "elsewhere");
    auto forged = owner.erase(3, 4, items);
    forged.back() ^= 1;
    CHECK(erase(front, forged) == "invalid");
    CHECK(erase(front, Owner(3).erase(3, 4, items)) == "done");  // what is another's stays
    CHECK(places_of(inbox.path(), owner) == 4);
    CHECK(places_of(inbox.path(), other) == 2);
    CHECK(erase(front, owner.erase(3, 4, items)) == "done");
    CHECK(places_of(inbox.path(), owner) == 0);
    CHECK(erase(front, owner.erase(3, 4, items)) == "done");  // nothing is there any more
    CHECK(erase(front, Owner(9).erase(3, 4, {})) == "done");  // nothing ever was

    struct stat about {};
    REQUIRE(::stat(inbox.path().c_str(), &about) == 0);
    CHECK(about.st_mtim.tv_sec % one_day == 0);
    CHECK(about.st_mtim.tv_nsec == 0);
    CHECK(about.st_atim.tv_sec % one_day == 0);  // who reads an inbox leaves no time

    const auto now = read_file(inbox.path(), 1 << 30).value();
    REQUIRE(now.size() == made.bytes.size());
    std::size_t differing = 0;
    std::set<std::size_t> pages;
    for (std::size_t i = 0; i < now.size(); ++i)
        if (now[i] != made.bytes[i]) {
            ++differing;
            pages.insert(i / 4096);
        }
    const auto erased = 2 * (crypto::answer_slot_bytes + 32) + 2 * 32 + crypto::answer_file_bytes(65536) + crypto::answer_file_bytes(262144);
    CHECK(differing <= erased);
    CHECK(differing > erased * 99 / 100);
    CHECK(places_of(inbox.path(), other) == 2);
    inbox.serving.end();
    CHECK(inbox.serving.inner->erased_keys().value().size() == 3);
    CHECK(inbox.serving.log().empty());
}

TEST_CASE("What was erased stays erased in an outbox that the desk made before it heard of it")
{
    OneLetter inbox;
    const auto& owner = inbox.owner;
    auto& front = inbox.start();
    CHECK(erase(front, owner.erase(1, 4, {inbox.tag})) == "done");
    auto second = make_outbox(2, 8);
    (void)second.put_letter(owner);
    inbox.import(second.sign());
    CHECK(places_of(inbox.path(), owner) == 0);
    CHECK(!fetch(front, bucket(2, crypto::bucket_of(owner.id, 8))).empty());
}

TEST_CASE("A key that could not be kept is not answered, and nothing is erased")
{
    OneLetter inbox;
    const auto& owner = inbox.owner;
    inbox.serving.store.fail_commit = 1;
    inbox.serving.store.full = GENERATE(true, false);
    auto& front = inbox.start();
    CHECK(erase(front, owner.erase(1, 4, {inbox.tag})) == (inbox.serving.store.full ? "full" : "failed"));
    CHECK(places_of(inbox.path(), owner) == 1);
    CHECK(erase(front, owner.erase(1, 4, {inbox.tag})) == "done");
    CHECK(places_of(inbox.path(), owner) == 0);
}

TEST_CASE("With as many erased keys as are kept, the next is refused, and said once; not who has something to erase")
{
    Inbox inbox;
    auto made = make_outbox(1);
    const Owner answered(7);
    (void)made.put_letter(answered);
    inbox.import(made.sign());
    Database::open(inbox.serving.scratch.path() / "amana.db", Database::Mode::read_write_create).value()
        ->execute("INSERT INTO erased WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(max_erased_keys) +
                  ") SELECT randomblob(32), 0, 4, 0, 1 FROM n").value();
    auto& front = inbox.start();
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(erase(front, Owner(i).erase(1, 4, {})) == "full");
    CHECK(erase(front, answered.erase(1, 4, {})) == "done");
    inbox.serving.end();
    REQUIRE(inbox.serving.log().size() == 1);
    CHECK(inbox.serving.log().front().find("100000 erased keys are kept") != std::string::npos);
}

TEST_CASE("A key that was kept, and nothing erased by it yet, is held against the outbox by the next start")
{
    Inbox inbox;
    const Owner owner(1);
    auto made = make_outbox(1);
    (void)made.put_letter(owner);
    (void)made.put_file(owner, 2);
    inbox.import(made.sign());
    inbox.serving.inner->keep_erased({owner.key, crypto::bucket_of(owner.id, 4), 4, 0}, max_erased_keys).value();
    inbox.serving.inner->commit().value();
    SECTION("at all") {}
    SECTION("its content, and not yet what it is found by")
    {
        const auto slot = std::uint64_t{crypto::bucket_of(owner.id, 4)} * crypto::bucket_slots;
        const auto head = made.bytes.size() - made.body.size() - crypto::hash_bytes;
        const auto fd = open_in_place(inbox.path(), Access::write).value();
        const Bytes noise(crypto::answer_slot_bytes - crypto::item_bytes, 'x');
        REQUIRE(::pwrite(fd.get(), noise.data(), noise.size(), static_cast<off_t>(head + made.note.slot_at(slot) + crypto::item_bytes)) > 0);
    }
    (void)inbox.start();
    CHECK(places_of(inbox.path(), owner) == 0);
    inbox.serving.end();
    CHECK(inbox.serving.inner->erased_keys(1).value().empty());
    CHECK(inbox.serving.inner->erased_keys().value().size() == 1);
}

}  // namespace amana::keeper::test
