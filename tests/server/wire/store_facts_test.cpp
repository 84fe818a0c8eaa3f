// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/wire/store_facts.hpp"

#include "tests/support/catch.hpp"

#include <limits>

namespace amana::wire::test {

TEST_CASE("space is a power of two, and the log's size a fourfold step")
{
    CHECK(coarse_bytes(0) == 0);
    CHECK(coarse_bytes(1) == 1);
    CHECK(coarse_bytes((1ull << 40) - 1) == 1ull << 39);
    CHECK(coarse_bytes(1ull << 40) == 1ull << 40);
    // A report more changes it only where it takes a power of two away.
    CHECK(coarse_bytes(700'000'000) == coarse_bytes(700'000'000 - 128 * 1024 * 1024));
    CHECK(log_step(0, 4) == 0);
    CHECK(log_step(15, 4) == 0);
    CHECK(log_step(16, 4) == 1);
    CHECK(log_step(153'000, 4) == log_step(170'000, 4));
}

TEST_CASE("what the keeper tells of its store comes back as it was, in a bounded line")
{
    const StoreFacts nothing{0, 0, {}, {}};
    CHECK(to_line(nothing) == "store 0 0 - -");
    CHECK(parse_store_facts(to_line(nothing)) == nothing);
    const StoreFacts all{1ull << 63, log_step(std::numeric_limits<std::uint64_t>::max(), 1), 9'999'999, 0};
    CHECK(to_line(all) == "store 9223372036854775808 31 9999999 0");
    CHECK(to_line(all).size() <= max_store_line_bytes);
    CHECK(parse_store_facts(to_line(all)) == all);
    // A clock beyond all reason is no day.
    CHECK(to_line({1, 0, std::numeric_limits<std::int64_t>::max(), -1}) == "store 1 0 - -");
}

TEST_CASE("a line that is none of the keeper's tells nothing")
{
    for (const auto* line : {"", "store", "store ", "ready", "store 4 1 -", "store 4 1 - - ", "store 4 1 - - -", "store 4 1  - -", "stores 4 1 - -", " store 4 1 - -",
                             "store 3 1 - -", "store -4 1 - -", "store 4 32 - -", "store 4 1 -1 -", "store 4 1 10000000 -", "store 4 1 - 1x",
                             "store 18446744073709551616 1 - -", "store 4 +1 - -", "store 4 1 0x1 -",
                             "store 4 1 0000000000000000000000000000000000000000000000000001 0000001"}) {
        CAPTURE(line);
        CHECK_FALSE(parse_store_facts(line));
    }
}

}  // namespace amana::wire::test
