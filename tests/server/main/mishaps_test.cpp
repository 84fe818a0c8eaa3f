// SPDX-License-Identifier: AGPL-3.0-or-later
// What is amiss between a proxy and a listener is said in words that name the cause, once an hour, and never more than the front
// may say.
#include "tests/support/catch.hpp"

#include "server/main/mishaps.hpp"
#include "server/wire/mishaps.hpp"

#include <algorithm>

namespace amana::server::test {

namespace {

std::vector<ListenerConfig> listeners()
{
    std::vector<ListenerConfig> all(2);
    all[0].address = SocketAddress::parse("127.0.0.1:8443").value();
    all[1].address = SocketAddress::parse("unix:/run/amana/front.sock").value();
    all[1].forwarded = "X-Real-IP";
    return all;
}

constexpr std::chrono::minutes tick{15};

}  // namespace

TEST_CASE("Each kind has words of its own, and names the listener")
{
    std::vector<std::string> said;
    Mishaps mishaps(listeners(), tick, {}, [&](const std::string& line) { said.push_back(line); });
    for (const auto kind : wire::mishap::all) mishaps.hear("mishap " + std::string(kind) + " 0", {});
    REQUIRE(said.size() == wire::mishap::all.size());
    for (const auto& line : said) {
        CHECK_THAT(line, Catch::StartsWith("warning: listener 127.0.0.1:8443: "));
        CHECK(std::count(said.begin(), said.end(), line) == 1);
    }
    said.clear();
    mishaps.hear("mishap forwarded-absent 1", {});
    REQUIRE(said.size() == 1);
    CHECK_THAT(said[0], Catch::StartsWith("warning: listener unix:/run/amana/front.sock: a request had no X-Real-IP: ") && Catch::Contains("proxy_set_header X-Real-IP $remote_addr"));
}

TEST_CASE("One of a kind and listener is said once an hour: at once in the first tick, and with a tick from then on")
{
    std::vector<std::string> said;
    Mishaps mishaps(listeners(), tick, {}, [&](const std::string& line) { said.push_back(line); });
    Mishaps::Time now{};
    const auto hear = [&](const char* line) { mishaps.hear(line, now); };
    hear("mishap stranger 0");
    hear("mishap stranger 0");
    CHECK(said.size() == 1);
    hear("mishap stranger 1");
    hear("mishap header-twice 0");
    CHECK(said.size() == 3);
    for (int ticks = 1; ticks < 4; ++ticks) mishaps.advance(now += tick);
    now += tick - std::chrono::seconds(1);
    hear("mishap stranger 0");
    CHECK(said.size() == 3);
    mishaps.advance(now += std::chrono::seconds(1));
    CHECK(said.size() == 3);
    hear("mishap stranger 0");
    CHECK(said.size() == 3);
    mishaps.advance(now += tick);
    CHECK(said.size() == 4);
    // One that had none yet waits as well.
    hear("mishap host-unknown 0");
    now += tick - std::chrono::seconds(1);
    mishaps.advance(now);
    CHECK(said.size() == 4);
    now += std::chrono::seconds(1);
    mishaps.advance(now);
    CHECK(said.size() == 5);
    mishaps.advance(now + tick);
    CHECK(said.size() == 5);
}

TEST_CASE("The same said in other digits is the same")
{
    std::vector<std::string> said;
    Mishaps mishaps(listeners(), tick, {}, [&](const std::string& line) { said.push_back(line); });
    for (const auto* line : {"mishap stranger 0", "mishap stranger 00", "mishap stranger 000"}) mishaps.hear(line, {});
    CHECK(said.size() == 1);
}

TEST_CASE("What the front may not say is not said")
{
    Mishaps mishaps(listeners(), tick, {}, [](const std::string&) { FAIL("said"); });
    for (const auto* line : {"", "mishap", "mishap ", "mishap stranger", "mishap stranger ", "mishap stranger 2", "mishap stranger -1", "mishap stranger 0x", "mishap 192.0.2.1 0",
                             "mishap  0", "pressure 1", "mishap stranger 0 192.0.2.1"})
        mishaps.hear(line, {});
}

}  // namespace amana::server::test
