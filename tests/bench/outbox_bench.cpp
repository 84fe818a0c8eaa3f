// SPDX-License-Identifier: AGPL-3.0-or-later
// What a bucket costs the keeper by how many inboxes there are, and what importing them takes. Slots are random bytes.
#include "server/keeper/outbox.hpp"
#include "tests/server/keeper/outbox_support.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <iostream>
#include <thread>

namespace amana::keeper::test {

namespace {

using Timer = std::chrono::steady_clock;

double milliseconds_since(Timer::time_point then)
{
    return std::chrono::duration<double, std::milli>(Timer::now() - then).count();
}

// One block over and over, so that it is written as fast as the disk takes it.
void write_large(const std::filesystem::path& path, crypto::OutboxNote note)
{
    Bytes block(1024 * 1024);
    crypto::random_bytes(block);
    const auto each = [&](const auto& take) {
        for (auto left = note.body_bytes(); left > 0;) {
            const auto part = ByteView(block).first(std::min<std::uint64_t>(left, block.size()));
            take(part);
            left -= part.size();
        }
    };
    crypto::Sha256 body;
    each([&](ByteView part) { body.update(part); });
    note.body = body.finish();
    auto file = DurableFile::create(path, 0600, DurableFile::Existing::replace).value();
    crypto::Sha256 whole;
    const auto put = [&](ByteView bytes) {
        whole.update(bytes);
        file.write(bytes).value();
    };
    const auto signed_note = note.sign(Bytes(32, 8));
    put(crypto::outbox_preamble(signed_note.size()));
    put(as_bytes(signed_note));
    each(put);
    file.write(whole.finish()).value();
    file.commit().value();
}

struct Costs {
    double import_seconds;
    double median;  // of a bucket, in milliseconds
    double slowest;
};

Costs costs_of(std::uint32_t inboxes)
{
    const Scratch scratch;
    auto slice = slice_for(scratch.path() / "store");
    crypto::OutboxNote note;
    note.deployment = "test";
    note.expires = system_clock()() + one_week;
    note.buckets = std::bit_ceil(inboxes / 16);  // a bucket of 32 then overflows hardly ever
    const auto file = scratch.path() / "brought";
    write_large(file, note);
    std::cout << inboxes << " inboxes, " << note.buckets << " buckets, " << (std::filesystem::file_size(file) >> 20) << " MiB\n";

    const auto begun = Timer::now();
    KeeperProcess importing(slice, {"--import", file.string()});
    std::uint64_t peak = 0;
    for (;;) {
        const auto now = importing.peak_memory_now();
        if (!now) break;
        peak = std::max(peak, *now);
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    REQUIRE(importing.end() == 0);
    const auto seconds = milliseconds_since(begun) / 1000;
    std::cout << "  import " << seconds << " s, at most " << (peak >> 10) << " MiB of memory\n";

    const auto store = SqliteStore::open(slice.directory).value();
    Outbox outbox(*store, {slice.directory, test_courier(), test_root()}, [](std::string_view line) { std::cout << line << "\n"; });
    outbox.recover();
    std::mt19937_64 random(1);
    std::vector<double> times;
    for (int i = 0; i < 5000; ++i) {
        const auto bucket = static_cast<std::uint32_t>(random() % note.buckets);
        const auto start = Timer::now();
        for (std::uint64_t index = 0; index < 17; ++index)
            REQUIRE(outbox.find({wire::Asked::bucket, 0, index, note.serial, bucket, {}}).value().size() > 8);
        times.push_back(milliseconds_since(start));
    }
    std::sort(times.begin(), times.end());
    return {seconds, times[times.size() / 2], times.back()};
}

}  // namespace

TEST_CASE("What a bucket costs does not depend on how many inboxes there are")
{
    for (const std::uint32_t inboxes : {1000u, static_cast<std::uint32_t>(tiered(10'000, 100'000))}) {
        const auto costs = costs_of(inboxes);
        std::cout << "  a bucket " << costs.median << " ms (median), " << costs.slowest << " ms (slowest)\n";
    }
}

}  // namespace amana::keeper::test
