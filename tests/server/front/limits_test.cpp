// SPDX-License-Identifier: AGPL-3.0-or-later
// Places are never more than there are, come back when dropped, and are as many as locked memory allows.
#include "server/front/limits.hpp"
#include "server/front/http.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace amana::front::test {

namespace {

template <typename Take>
std::size_t count_all(Take take)
{
    std::vector<decltype(take())> taken;
    do taken.push_back(take());
    while (taken.back() && taken.size() < 100'000);
    return taken.size() - 1;
}

struct Counts {
    std::size_t requests;
    std::size_t reports;
    bool operator==(const Counts&) const = default;
};
Counts counts(const wire::Limits& config, const MemoryProtection& protection)
{
    Limits limits(config, protection);
    const auto count = [&] {
        return Counts{count_all([&] { return limits.requests().take(source()); }), count_all([&] { return limits.report(source()); })};
    };
    const auto first = count();
    CHECK(count() == first);  // all were given back
    return first;
}

constexpr std::size_t fixed = locked_bytes_base + locked_bytes_requests + locked_bytes_openings;

}  // namespace

TEST_CASE("As many as the config allows, when everything is locked")
{
    wire::Limits config;
    config.max_connections = 4096;
    config.max_uploads = 64;
    CHECK(counts(config, {true, SIZE_MAX}) == Counts{4096 + leaving_connections, 48});
    config.max_connections = 1;
    config.max_uploads = 1;
    CHECK(counts(config, {true, SIZE_MAX}) == Counts{1 + leaving_connections, 1});
}

TEST_CASE("As many as memory may be locked for, when it is scarce")
{
    wire::Limits config;
    config.max_connections = 4096;
    config.max_uploads = 64;
    const auto reports = [&](std::size_t lockable) { return counts(config, {false, lockable}).reports; };
    CHECK(reports(0) == 0);
    CHECK(reports(fixed) == 0);
    CHECK(reports(fixed + locked_bytes_per_report - 1) == 0);
    CHECK(reports(fixed + locked_bytes_per_report) == 1);
    CHECK(reports(fixed + 3 * locked_bytes_per_report - 1) == 1);
    CHECK(reports(fixed + 3 * locked_bytes_per_report) == 2);
    CHECK(reports(std::size_t{1} << 40) == 48);
    CHECK(reports(SIZE_MAX) == 48);
    // What an ordinary user may lock is enough for a desk's worth of reports at a time.
    CHECK(reports(8 * 1024 * 1024) >= 7);

    const auto scarce = counts(config, {false, 8 * 1024 * 1024});
    CHECK(scarce.requests == locked_bytes_requests / locked_bytes_per_request);
    CHECK(scarce.requests >= 50);
    config.max_connections = 3;
    CHECK(counts(config, {false, 8 * 1024 * 1024}).requests == 3);
    // A buffer in whole pages, with libsodium's canary before it.
    CHECK(locked_bytes_per_request >= (read_buffer_bytes + 16 + 4095) / 4096 * 4096);
}

}  // namespace amana::front::test
