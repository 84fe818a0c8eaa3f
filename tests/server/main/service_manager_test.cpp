// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/service_manager.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server::test {

namespace {

using std::chrono::milliseconds;

struct Variable {
    Variable(const char* variable, const std::string& value) : name(variable) { ::setenv(name, value.c_str(), 1); }
    ~Variable() { ::unsetenv(name); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    const char* name;
};

UniqueFd datagrams_at(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    return fd;
}

std::string received(const UniqueFd& fd)
{
    std::string room(4096, '\0');
    const auto count = ::recv(fd.get(), room.data(), room.size(), 0);
    return room.substr(0, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
}

std::vector<ListenerConfig> placed(std::initializer_list<SocketAddress> addresses)
{
    std::vector<ListenerConfig> listeners(addresses.size());
    auto listener = listeners.begin();
    for (const auto& address : addresses) (listener++)->address = address;
    return listeners;
}

}  // namespace

TEST_CASE("the manager is told where it says, by path and by abstract name")
{
    const TemporaryDirectory directory;
    for (const auto& where : {directory.path().string() + "/notify", "@amana-test-" + std::to_string(::getpid())}) {
        INFO(where);
        const auto fd = datagrams_at(where);
        const Variable notify("NOTIFY_SOCKET", where);
        ServiceManager::from_environment().tell("READY=1\nSTATUS=serving");
        CHECK(received(fd) == "READY=1\nSTATUS=serving");
    }
}

TEST_CASE("without a manager, or with one that is not there, nothing is told and nothing fails")
{
    ServiceManager::from_environment().tell("READY=1");
    for (const auto& where : {std::string("/nonexistent/notify"), std::string(300, '/'), std::string("relative"), std::string()}) {
        const Variable notify("NOTIFY_SOCKET", where);
        ServiceManager::from_environment().tell("READY=1");
    }
}

TEST_CASE("it hears twice as often as it wants to; what is not a number, or another process's, is not for us")
{
    CHECK(ServiceManager::from_environment().heartbeat() == milliseconds(0));
    const Variable interval("WATCHDOG_USEC", "60000000");
    CHECK(ServiceManager::from_environment().heartbeat() == milliseconds(30'000));
    {
        const Variable pid("WATCHDOG_PID", std::to_string(::getpid()));
        CHECK(ServiceManager::from_environment().heartbeat() == milliseconds(30'000));
    }
    {
        const Variable pid("WATCHDOG_PID", "1");
        CHECK(ServiceManager::from_environment().heartbeat() == milliseconds(0));
    }
    const Variable nonsense("WATCHDOG_USEC", "6s");
    CHECK(ServiceManager::from_environment().heartbeat() == milliseconds(0));
}

TEST_CASE("sockets handed over are taken from descriptor 3 on, and go to no program that is started")
{
    auto address = *SocketAddress::parse("127.0.0.1:0");
    const auto listeners = *listen_on(address, 2);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const int first = ::fcntl(listeners[0].get(), F_DUPFD, 100);
        const int second = ::fcntl(listeners[1].get(), F_DUPFD, 100);
        if (::dup2(first, 3) < 0 || ::dup2(second, 4) < 0) ::_exit(10);
        ::setenv("LISTEN_FDS", "2", 1);
        ::setenv("LISTEN_PID", "1", 1);
        if (!ServiceManager::from_environment().take_sockets().empty()) ::_exit(11);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        auto manager = ServiceManager::from_environment();
        const auto taken = manager.take_sockets();
        if (taken.size() != 2 || taken[0].get() != 3 || bound_address(taken[1].get()) != address) ::_exit(12);
        ::_exit(::fcntl(3, F_GETFD) == FD_CLOEXEC ? 0 : 13);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a Unix socket that systemd has made is refused where more may connect than the config says")
{
    const TemporaryDirectory directory;
    auto address = *SocketAddress::parse("unix:" + (directory.path() / "front.sock").string());
    std::vector<UniqueFd> sockets;
    sockets.push_back(std::move((*listen_on(address, 1))[0]));
    REQUIRE(share_out(sockets, placed({address}), 1).has_value());
    REQUIRE(::chmod(address.path.c_str(), 0666) == 0);
    const auto refused = share_out(sockets, placed({address}), 1);
    REQUIRE(!refused.has_value());
    CHECK_THAT(refused.error().text(), Catch::Contains("has mode 0666") && Catch::Contains("SocketMode=0660"));
    auto listeners = placed({address});
    listeners[0].access = {0666, "nogroup"};
    CHECK_THAT(share_out(sockets, listeners, 1).error().text(), Catch::Contains("SocketGroup=nogroup"));
}

TEST_CASE("each thread gets each socket, in the order of the config")
{
    auto one = *SocketAddress::parse("127.0.0.1:0");
    auto other = one;
    std::vector<UniqueFd> sockets;
    sockets.push_back(std::move((*listen_on(one, 1))[0]));
    sockets.push_back(std::move((*listen_on(other, 1))[0]));
    const auto shared = share_out(sockets, placed({other, one}), 3);
    REQUIRE(shared.has_value());
    REQUIRE(shared->size() == 2);
    for (const auto& fd : (*shared)[0]) CHECK(bound_address(fd.get()) == other);
    for (const auto& fd : (*shared)[1]) {
        CHECK(bound_address(fd.get()) == one);
        CHECK((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK(::fcntl(fd.get(), F_GETFD) == FD_CLOEXEC);
    }
    CHECK((*shared)[1].size() == 3);

    SECTION("an address without a socket is refused") {
        const auto lacking = share_out(sockets, placed({one, other, *SocketAddress::parse("[::1]:443")}), 1);
        REQUIRE(!lacking.has_value());
        CHECK_THAT(lacking.error().text(), Catch::Contains("no socket for [::1]:443") && Catch::Contains("systemctl edit"));
    }
    SECTION("a socket without an address too") {
        const auto extra = share_out(sockets, placed({one}), 1);
        REQUIRE(!extra.has_value());
        CHECK_THAT(extra.error().text(), Catch::Contains("systemd listens on " + other.text()));
    }
    SECTION("and what does not listen") {
        sockets.emplace_back(::socket(AF_UNIX, SOCK_STREAM, 0));
        CHECK(!share_out(sockets, placed({one, other}), 1).has_value());
    }
}

}  // namespace amana::server::test
