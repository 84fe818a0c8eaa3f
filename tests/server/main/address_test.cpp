// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/support/catch.hpp"

#include "server/main/address.hpp"
#include "tests/server/main/fixture.hpp"

#include <set>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace amana::server {

TEST_CASE("addresses come back as they were written")
{
    for (const auto* text : {"127.0.0.1:8443", "0.0.0.0:1", "[::1]:65535", "[::]:0", "[2001:db8::5]:443", "unix:/run/amana/front.sock"}) {
        const auto address = SocketAddress::parse(text);
        INFO(text);
        REQUIRE(address.has_value());
        CHECK(address->text() == text);
    }
    for (const auto* bad : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:80 ", "127.0.0.1:-1", "127.0.0.1:65536",
                            "localhost:80", "::1:80", "[::1:80", "[127.0.0.1]:80", "1.2.3:80", " 127.0.0.1:80", "[]:80", "[:80", "unix:", "unix:front.sock", "unix:/", "unix:/run/"}) {
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

TEST_CASE("addresses of this machine alone")
{
    const auto loopback = [](const char* text) { return SocketAddress::parse(text)->loopback(); };
    CHECK((loopback("127.0.0.1:1") && loopback("127.9.9.9:1") && loopback("[::1]:1")));
    CHECK(!(loopback("0.0.0.0:1") || loopback("128.0.0.1:1") || loopback("[::]:1") || loopback("[::2]:1") || loopback("unix:/run/a")));
}

TEST_CASE("a Unix socket is shared by the threads, is for who may connect, and makes room when nobody listens any more")
{
    const server::test::TemporaryDirectory folder;
    auto address = *SocketAddress::parse("unix:" + (folder.path() / "front.sock").string());
    struct stat about {};
    {
        const auto sockets = listen_on(address, 3, {0600, ""});
        REQUIRE(sockets.has_value());
        CHECK(sockets->size() == 3);
        REQUIRE(::stat(address.path.c_str(), &about) == 0);
        CHECK((about.st_mode & 0777U) == 0600U);
        const auto second = listen_on(address, 1);
        REQUIRE(!second.has_value());
        CHECK_THAT(second.error().message, Catch::Contains("can't listen on unix:/"));
        CHECK_THAT(second.error().hint, Catch::Contains("Another program listens there"));
    }
    const auto again = listen_on(address, 1, {0660, ""});
    REQUIRE(again.has_value());
    REQUIRE(::stat(address.path.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777U) == 0660U);
}

TEST_CASE("what is no socket stays, and who can't be let in is said")
{
    const server::test::TemporaryDirectory folder;
    auto address = *SocketAddress::parse("unix:" + (folder.path() / "front.sock").string());
    server::test::write_text(address.path, "a file");
    CHECK_THAT(listen_on(address, 1).error().message, Catch::Contains("there is a file of that name"));
    CHECK(server::test::read_text(address.path) == "a file");
    std::filesystem::remove(address.path);
    CHECK_THAT(listen_on(address, 1, {0660, "no-such-group"}).error().message, Catch::Contains("there is no group 'no-such-group'"));
    auto nowhere = *SocketAddress::parse("unix:" + (folder.path() / "none/front.sock").string());
    CHECK_THAT(listen_on(nowhere, 1).error().hint, Catch::Contains("The socket's folder must be there"));
}

TEST_CASE("an address that is not this machine's is refused in words")
{
    auto address = *SocketAddress::parse("192.0.2.1:8443");
    const auto sockets = listen_on(address, 1);
    REQUIRE(!sockets.has_value());
    CHECK_THAT(sockets.error().hint, Catch::Contains("This machine has no such address"));
}

}  // namespace amana::server
