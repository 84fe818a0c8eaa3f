// SPDX-License-Identifier: AGPL-3.0-or-later
// Sources: which addresses are one, that a new key makes all of them others, and that nothing stays of one that has gone.
#include "server/front/sources.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

sockaddr_storage address(const char* text)
{
    sockaddr_storage storage{};
    auto& four = reinterpret_cast<sockaddr_in&>(storage);
    auto& six = reinterpret_cast<sockaddr_in6&>(storage);
    if (::inet_pton(AF_INET, text, &four.sin_addr) == 1) storage.ss_family = AF_INET;
    else if (::inet_pton(AF_INET6, text, &six.sin6_addr) == 1) storage.ss_family = AF_INET6;
    return storage;
}

// How often a number stands, aligned, in this process's own writable memory.
[[gnu::noinline]] int found_in_memory(std::uint64_t masked)
{
    int found = 0;
    std::ifstream maps("/proc/self/maps");
    std::ifstream memory("/proc/self/mem", std::ios::binary);
    std::vector<std::uint64_t> words;
    for (std::string line; std::getline(maps, line);) {
        std::uint64_t from = 0;
        std::uint64_t to = 0;
        char mode[5] = {};
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, mode) != 3 || std::strncmp(mode, "rw", 2) != 0) continue;
        for (auto at = from; at < to; at += 4096) {
            words.resize(512);
            memory.clear();
            memory.seekg(static_cast<std::streamoff>(at));
            if (!memory.read(reinterpret_cast<char*>(words.data()), 4096)) continue;
            // Compared so that neither this function nor its caller holds the number itself.
            for (const auto word : words) found += (word ^ 0x5555555555555555) == masked ? 1 : 0;
        }
        words.assign(512, 0);
    }
    return found;
}

}  // namespace

TEST_CASE("A /24 and a /48 are one source, and others are others")
{
    Sources sources;
    const auto same = [&](const char* one, const char* other) { return sources.of(address(one)) == sources.of(address(other)); };
    const auto kept = sources.of(address("192.0.2.1"));
    CHECK(sources.of(address("192.0.2.255")) == kept);
    CHECK(sources.of(address("::ffff:192.0.2.7")) == kept);
    CHECK(sources.size() == 1);
    const auto six = sources.of(address("2001:db8:1::1"));
    CHECK(sources.of(address("2001:db8:1:ffff:ffff::1")) == six);
    CHECK(!same("192.0.2.1", "192.0.3.1"));
    CHECK(!same("192.0.2.1", "193.0.2.1"));
    CHECK(!same("2001:db8:1::1", "2001:db8:2::1"));
    CHECK(!same("2001:db8:1::1", "192.0.2.1"));
    // What has no address is one source too, the kernel having closed it already, say.
    const auto none = sources.of(-1);
    CHECK(none);
    CHECK(sources.of(sockaddr_storage{}) == none);
    CHECK(!same("0.0.0.0", "::"));
}

TEST_CASE("A new key makes all of them others, and two deployments know none of each other's")
{
    Sources sources(30ms);
    const auto before = sources.of(address("192.0.2.1"));
    sources.tend();
    CHECK(sources.of(address("192.0.2.1")) == before);
    std::this_thread::sleep_for(50ms);
    CHECK(sources.of(address("192.0.2.1")) == before);
    sources.tend();
    const auto after = sources.of(address("192.0.2.1"));
    CHECK(after != before);
    CHECK(after->id() != before->id());
    CHECK(sources.recent(*after));
    CHECK(sources.recent(*before));
    std::this_thread::sleep_for(50ms);
    sources.tend();
    CHECK(sources.recent(*after));
    CHECK_FALSE(sources.recent(*before));
    Sources others;
    CHECK(others.of(address("192.0.2.1"))->id() != after->id());
}

TEST_CASE("Nothing stays of a source when its last connection has gone")
{
    Sources sources;
    std::vector<std::uint64_t> masked;
    {
        std::vector<std::shared_ptr<const Source>> held;
        for (int i = 0; i < 50; ++i) {
            held.push_back(sources.of(address(("198.51." + std::to_string(i) + ".1").c_str())));
            masked.push_back(held.back()->id().value ^ 0x5555555555555555);
        }
        CHECK(sources.size() == 50);
        CHECK(found_in_memory(masked[7]) >= 2);  // so it would be found
    }
    CHECK(sources.size() == 0);
    for (const auto number : masked) CHECK(found_in_memory(number) == 0);
}

TEST_CASE("Sources come and go on many threads")
{
    Sources sources(1ms);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 3000; ++i) {
                const auto one = sources.of(address(("10.0." + std::to_string(i % 5) + ".1").c_str()));
                if (i % 100 == 0) sources.tend();
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(sources.size() == 0);
}

}  // namespace amana::front::test
