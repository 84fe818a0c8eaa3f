// SPDX-License-Identifier: AGPL-3.0-or-later
// Sources: which addresses are one, and that a new key makes all of them others.
#include "server/front/sources.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

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
