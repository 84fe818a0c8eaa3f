// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/support/catch.hpp"

#include "server/main/address.hpp"

#include <set>

#include <sys/socket.h>

namespace amana::server {

TEST_CASE("addresses come back as they were written")
{
    for (const auto* text : {"127.0.0.1:8443", "0.0.0.0:1", "[::1]:65535", "[::]:0", "[2001:db8::5]:443"}) {
        const auto address = SocketAddress::parse(text);
        INFO(text);
        REQUIRE(address.has_value());
        CHECK(address->text() == text);
    }
    for (const auto* bad : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:80 ", "127.0.0.1:-1", "127.0.0.1:65536",
                            "localhost:80", "::1:80", "[::1:80", "[127.0.0.1]:80", "1.2.3:80", " 127.0.0.1:80", "[]:80", "[:80"}) {
        INFO(bad);
        CHECK(!SocketAddress::parse(bad).has_value());
    }
}

TEST_CASE("one socket for each thread shares the address, and nobody else may")
{
    auto address = *SocketAddress::parse("127.0.0.1:0");
    const auto sockets = listen_on(address, 3);
    REQUIRE(sockets.has_value());
    CHECK(sockets->size() == 3);
    CHECK(address.port != 0);

    auto again = address;
    const auto second = listen_on(again, 1);
    REQUIRE(!second.has_value());
    CHECK_THAT(second.error().message, Catch::Contains("can't listen on " + address.text()));
    CHECK_THAT(second.error().hint, Catch::Contains("Another program has this port"));
}

TEST_CASE("an address that is not this machine's is refused in words")
{
    auto address = *SocketAddress::parse("192.0.2.1:8443");
    const auto sockets = listen_on(address, 1);
    REQUIRE(!sockets.has_value());
    CHECK_THAT(sockets.error().hint, Catch::Contains("This machine has no such address"));
}

}  // namespace amana::server
