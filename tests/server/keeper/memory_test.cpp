// SPDX-License-Identifier: AGPL-3.0-or-later
// What large envelopes cost the keeper in memory: peak resident size before and after, in a build that is shipped.
#include "tests/server/keeper/process.hpp"
#include "tests/support/catch.hpp"

#include <iostream>
#include <thread>

namespace amana::keeper::test {

namespace {

constexpr std::uint64_t per_upload_kib = 8 * 1024;
constexpr std::uint64_t per_upload_of_many_kib = 1024;
constexpr std::uint64_t tick_kib = 8 * 1024;

// A keeper that has served once, so that what every keeper touches is touched.
void warm_up(KeeperProcess& keeper)
{
    keeper.expect_ready();
    REQUIRE(keeper.fronts[0].send(seal_envelope(1 * crypto::mebibyte)).stored);
}

}  // namespace

TEST_CASE("One upload of the largest class, and then its tick and its export")
{
    const Scratch scratch;
    auto slice = slice_for(scratch.path() / "store", std::chrono::seconds{3});
    slice.file_ticks = 1;   // files enter with every batch
    slice.large_cover = 0;  // and no large decoy beside them by chance
    KeeperProcess keeper(slice);
    warm_up(keeper);
    const auto before = keeper.peak_memory();
    const auto began = std::chrono::steady_clock::now();
    REQUIRE(keeper.fronts[0].send(seal_envelope(crypto::largest_class)).stored);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const auto after = keeper.peak_memory();
    std::this_thread::sleep_for(std::chrono::seconds{6});
    const auto ticked = keeper.peak_memory();
    std::cout << "128 MiB: " << took.count() << " s, peak +" << after - before << " KiB, after the tick +" << ticked - before
              << " KiB, of " << ticked << "\n";
    CHECK(after - before < per_upload_kib);
    CHECK(ticked - before < tick_kib);
    CHECK(keeper.end() == 0);
    CHECK(run_keeper(slice, {"--status"}).output.find("pending: 0\n") != std::string::npos);
}

TEST_CASE("64 uploads at once")
{
    const Scratch scratch;
    KeeperProcess keeper(slice_for(scratch.path() / "store"));
    warm_up(keeper);
    const auto before = keeper.peak_memory();
    const auto size = static_cast<std::uint64_t>(tiered(4, 64)) * crypto::mebibyte;
    const auto envelope = seal_envelope(size);  // one for all, so that the test itself has room
    std::vector<FakeFront::Sending> all;
    for (int i = 0; i < 64; ++i) all.emplace_back(envelope);
    const auto began = std::chrono::steady_clock::now();
    REQUIRE(keeper.fronts[0].send(all));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    for (const auto& sending : all) REQUIRE(sending.stored);
    const auto after = keeper.peak_memory();
    std::cout << "64 at once: " << took.count() << " s, peak +" << after - before << " KiB\n";
    CHECK(after - before < 64 * per_upload_of_many_kib);
    CHECK(keeper.end() == 0);
}

}  // namespace amana::keeper::test
