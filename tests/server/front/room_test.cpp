// SPDX-License-Identifier: AGPL-3.0-or-later
// The steps that storage takes down and up again, and what each takes.
#include "server/front/room.hpp"
#include "server/wire/room.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

namespace {

using crypto::mebibyte;
using web::Room;

}  // namespace

TEST_CASE("Until the keeper has spoken there is room for all, and it begins where it says")
{
    RoomGauge gauge;
    CHECK(gauge.room() == Room::all);
    CHECK_FALSE(gauge.full());
    CHECK(gauge.bytes() == UINT64_MAX);
    CHECK_FALSE(gauge.tell(512 * mebibyte));  // no quarter more is asked of the first
    CHECK(gauge.room() == Room::all);
    RoomGauge small;
    CHECK(small.tell(256 * mebibyte));
    CHECK(small.room() == Room::small_files);
    CHECK(small.bytes() == 256 * mebibyte);
    RoomGauge none;
    CHECK(none.tell(0));
    CHECK(none.full());
    CHECK(none.name() == "nothing");
}

TEST_CASE("A step down is taken at its bound, and back with a quarter more room than that")
{
    RoomGauge gauge;
    (void)gauge.tell(1024 * mebibyte);
    const auto at = [&](std::uint64_t mebibytes) {
        (void)gauge.tell(mebibytes * mebibyte);
        return gauge.name();
    };
    CHECK(at(512) == "all");
    CHECK(at(496) == "small_files");
    CHECK(at(512) == "small_files");
    CHECK(at(624) == "small_files");
    CHECK(at(640) == "all");
    CHECK(at(240) == "text");
    CHECK(at(304) == "text");
    CHECK(at(320) == "small_files");
    CHECK(at(1) == "text");
    CHECK_FALSE(gauge.full());
    CHECK(at(0) == "nothing");
    CHECK(gauge.full());
    CHECK(at(1) == "nothing");
    CHECK(at(2) == "text");
    CHECK(at(0) == "nothing");
    CHECK(at(320) == "small_files");
    CHECK(at(0) == "nothing");
    CHECK(at(640) == "all");
}

TEST_CASE("What each step takes")
{
    const auto at = [](std::uint64_t mebibytes, std::uint64_t configured) {
        RoomGauge gauge;
        (void)gauge.tell(mebibytes * mebibyte);
        return gauge.files(configured * mebibyte);
    };
    CHECK(at(512, 64).bytes == 64 * mebibyte);
    CHECK(at(256, 64).bytes == 8 * mebibyte);
    CHECK(at(256, 1).bytes == 1 * mebibyte);
    CHECK(at(256, 1).any);
    CHECK(at(255, 64).bytes == 0);
    CHECK_FALSE(at(255, 64).any);
    CHECK_FALSE(at(0, 64).any);
    const auto largest = [](std::uint64_t mebibytes) {
        RoomGauge gauge;
        (void)gauge.tell(mebibytes * mebibyte);
        return gauge.largest_class();
    };
    CHECK(largest(512) == crypto::largest_class);
    CHECK(largest(256) == 16 * mebibyte);
    CHECK(largest(1) == crypto::text_class);
    CHECK(largest(0) == 0);
}

}  // namespace amana::front::test
