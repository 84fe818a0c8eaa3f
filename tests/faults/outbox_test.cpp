// SPDX-License-Identifier: AGPL-3.0-or-later
// Imports and the serving keeper are killed at random moments while inboxes are erased. The desk never hears of it: each of
// its outboxes has a letter for everybody. After any start there is one outbox, whole and none older than before, and nothing
// is in it of whoever was told that it is erased.
#include "tests/server/keeper/outbox_support.hpp"
#include "tests/support/catch.hpp"

#include <csignal>
#include <iostream>
#include <thread>

namespace amana::keeper::test {

namespace {

constexpr std::uint32_t buckets = 4;

struct Citizens {
    Citizens()
    {
        for (std::uint32_t i = 0; i < 60; ++i) owners.emplace_back(i);
    }
    MadeOutbox outbox(std::uint64_t serial) const
    {
        auto made = make_outbox(serial, buckets, {{65536, 2}});
        for (const auto& owner : owners)
            if (owner.id[1] % 2 == 0) (void)made.put_letter(owner);  // so that no bucket overflows
        return std::move(made.sign());
    }
    // One more asks to be erased. False: the keeper is gone.
    bool erase_next(FakeFront& front, std::uint64_t serial)
    {
        const auto& owner = owners[next % owners.size()];
        Bytes frame;
        wire::append_erase(frame, front.next_id++, owner.erase(serial, buckets, {crypto::slot_tag(owner.id, serial, 0)}));
        front.say_raw(frame);
        const auto heard = front.hear();
        if (!heard) return false;
        if (heard->kind != wire::Kind::answer) throw std::runtime_error("erasing was refused");
        if (heard->body.size() == 1) erased.insert(next++ % owners.size());
        return true;
    }

    std::vector<Owner> owners;
    std::set<std::size_t> erased;  // who was told so
    std::size_t next = 0;
};

std::uint64_t serial_in_place(const Directory& storage)
{
    return OutboxFile::open(open_in_place(outbox_path(storage), Access::read).value(), test_courier()).value().note().serial;
}

}  // namespace

TEST_CASE("Killed at any moment, an import is done or not begun, and what was erased is erased")
{
    const Scratch scratch;
    auto random = seeded_generator();
    const auto slice = slice_for(scratch.path() / "store", std::chrono::seconds{1});
    const auto file = scratch.path() / "brought";
    const Directory storage = slice.directory;
    Citizens citizens;
    std::uint64_t serial = 1;
    REQUIRE(run_keeper(slice, {"--import", citizens.outbox(serial).write(file).string()}).code == 0);
    int killed = 0;
    int finished = 0;
    for (int round = tiered(20, 200); round > 0; --round) {
        KeeperProcess keeper(slice);
        keeper.expect_ready();
        (void)keeper.fronts[0].hear();
        const auto present = serial_in_place(storage);
        REQUIRE(present >= serial);
        serial = present;
        for (const auto owner : citizens.erased) REQUIRE(places_of(outbox_path(storage), citizens.owners[owner]) == 0);

        const auto coming = citizens.outbox(serial + 1).write(file);
        KeeperProcess importing(slice, {"--import", coming.string()});
        const auto end_of_import = std::chrono::steady_clock::now() + std::chrono::milliseconds{random() % 120};
        const bool keeper_too = random() % 2 == 0;
        bool alive = true;
        while (alive && std::chrono::steady_clock::now() < end_of_import) {
            alive = citizens.erase_next(keeper.fronts[0], serial_in_place(storage));
            std::this_thread::sleep_for(std::chrono::milliseconds{random() % 20});
        }
        importing.kill(SIGKILL);
        if (keeper_too) keeper.kill(SIGKILL);
        if (importing.end() == 0) {
            ++finished;
            CHECK(serial_in_place(storage) == serial + 1);
        } else {
            ++killed;
        }
        CHECK(keeper.end() == (keeper_too ? -SIGKILL : 0));
    }
    KeeperProcess last(slice);
    last.expect_ready();
    for (int i = 0; i < 100 && std::filesystem::exists(partial_path(storage)); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    CHECK(last.end() == 0);
    std::size_t still = 0;
    for (std::size_t i = 0; i < citizens.owners.size(); ++i) {
        const auto places = places_of(outbox_path(storage), citizens.owners[i]);
        if (citizens.erased.contains(i)) CHECK(places == 0);
        else still += places;
    }
    std::cout << killed << " imports killed, " << finished << " finished, " << citizens.erased.size() << " erased, " << still << " letters are there\n";
    CHECK(killed > 0);
    CHECK(!citizens.erased.empty());
    const auto checked = run_keeper(slice, {"--fsck"});
    INFO(checked.output);
    CHECK(checked.code == 0);
}

}  // namespace amana::keeper::test
