// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/address.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace amana::server {

namespace {

struct Raw {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Raw to_raw(const SocketAddress& address)
{
    Raw raw;
    if (address.local()) {
        sockaddr_un un{};
        un.sun_family = AF_UNIX;
        address.path.copy(un.sun_path, sizeof(un.sun_path) - 1);
        std::memcpy(&raw.storage, &un, sizeof(un));
        raw.size = sizeof(un);
    } else if (address.ipv6) {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(address.port);
        std::memcpy(&in.sin6_addr, address.ip.data(), sizeof(in.sin6_addr));
        std::memcpy(&raw.storage, &in, sizeof(in));
        raw.size = sizeof(in);
    } else {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(address.port);
        std::memcpy(&in.sin_addr, address.ip.data(), sizeof(in.sin_addr));
        std::memcpy(&raw.storage, &in, sizeof(in));
        raw.size = sizeof(in);
    }
    return raw;
}

Error cannot_listen(const SocketAddress& address, int error_number)
{
    auto error = system_error("can't listen on " + address.text(), error_number);
    if (error_number == EADDRINUSE)
        error.hint = "Another program has this port: 'ss -ltnp' names it. Stop it, or choose another port.";
    else if (error_number == EADDRNOTAVAIL)
        error.hint = "This machine has no such address: 'ip address' lists those it has.";
    else if (error_number == EACCES)
        error.hint = "Ports below 1024 need CAP_NET_BIND_SERVICE: put a proxy in front, or choose a higher port.";
    else if (error_number == EAFNOSUPPORT)
        error.hint = "This machine's kernel has no IPv6: remove the address.";
    if (!address.local()) return error;
    if (error_number == EADDRINUSE) error.hint = "Another program listens there. Stop it, or choose another path.";
    else error.hint = "The socket's folder must be there and be this user's own, for example RuntimeDirectory=amana in the systemd unit.";
    return error;
}

enum class Sharing { alone, shared };

Result<UniqueFd> bound_socket(const SocketAddress& address, Sharing sharing)
{
    UniqueFd fd(::socket(address.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return cannot_listen(address, errno);
    const int on = 1;
    const auto set = [&](int level, int option) { return ::setsockopt(fd.get(), level, option, &on, sizeof(on)) == 0; };
    if (!set(SOL_SOCKET, SO_REUSEADDR) || (sharing == Sharing::shared && !set(SOL_SOCKET, SO_REUSEPORT)) ||
        (address.ipv6 && !set(IPPROTO_IPV6, IPV6_V6ONLY)))
        return cannot_listen(address, errno);
    const auto raw = to_raw(address);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&raw.storage), raw.size) != 0)
        return cannot_listen(address, errno);
    return fd;
}

// What a server left that was killed has nobody behind it, and makes room.
Result<void> clear_path(const SocketAddress& address)
{
    struct stat about {};
    if (::lstat(address.path.c_str(), &about) != 0) return {};
    if (!S_ISSOCK(about.st_mode)) return Error{"can't listen on " + address.text() + ": there is a file of that name", "Move it away, or choose another path."};
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!probe) return cannot_listen(address, errno);
    const auto raw = to_raw(address);
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&raw.storage), raw.size) == 0) return cannot_listen(address, EADDRINUSE);
    if (errno != ECONNREFUSED) return cannot_listen(address, errno == EAGAIN ? EADDRINUSE : errno);
    if (::unlink(address.path.c_str()) != 0) return cannot_listen(address, errno);
    return {};
}

Result<void> give(const SocketAddress& address, const SocketAccess& access)
{
    const auto attempted = "can't set who may connect to " + address.text();
    if (!access.group.empty()) {
        errno = 0;
        const auto* group = ::getgrnam(access.group.c_str());
        if (group == nullptr) return Error{attempted + ": there is no group '" + access.group + "'", "'group' is the proxy's, for example \"www-data\"; 'getent group' lists all."};
        if (::chown(address.path.c_str(), static_cast<uid_t>(-1), group->gr_gid) != 0) {
            auto error = system_error(attempted, errno);
            error.hint = "The server's user must be a member of the group: SupplementaryGroups=" + access.group + " in the systemd unit.";
            return error;
        }
    }
    if (::chmod(address.path.c_str(), access.mode) != 0) return system_error(attempted, errno);
    return {};
}

Result<std::vector<UniqueFd>> listen_at_path(const SocketAddress& address, std::uint32_t threads, const SocketAccess& access)
{
    if (const auto cleared = clear_path(address); !cleared) return cleared.error();
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return cannot_listen(address, errno);
    // Nobody connects before it says who may.
    const auto raw = to_raw(address);
    const auto mask = ::umask(0177);
    const bool bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&raw.storage), raw.size) == 0;
    const int why = errno;
    ::umask(mask);
    if (!bound) return cannot_listen(address, why);
    if (const auto given = give(address, access); !given) return given.error();
    if (::listen(fd.get(), SOMAXCONN) != 0) return cannot_listen(address, errno);
    std::vector<UniqueFd> sockets;
    sockets.push_back(std::move(fd));
    while (sockets.size() < threads) {
        sockets.emplace_back(::fcntl(sockets.front().get(), F_DUPFD_CLOEXEC, 0));
        if (!sockets.back()) return cannot_listen(address, errno);
    }
    return sockets;
}

}  // namespace

Result<SocketAddress> SocketAddress::parse(std::string_view text)
{
    const Error bad{"'" + std::string(text) + "' is not an address to listen on",
                    "Write a numeric address and a port, for example \"127.0.0.1:8443\" or \"[::1]:8443\", or \"unix:/run/amana/front.sock\"."};
    constexpr std::string_view scheme = "unix:";
    if (text.starts_with(scheme)) {
        SocketAddress address;
        address.path = text.substr(scheme.size());
        const bool fits = address.path.size() < sizeof(sockaddr_un::sun_path) - 1 && address.path.find('\0') == std::string::npos;
        if (!address.path.starts_with('/') || address.path.ends_with('/') || !fits) return bad;
        return address;
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad;
    auto host = text.substr(0, colon);
    const auto port_text = text.substr(colon + 1);

    SocketAddress address;
    const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), address.port);
    if (error != std::errc{} || end != port_text.data() + port_text.size()) return bad;

    address.ipv6 = host.starts_with('[');
    if (address.ipv6) {
        if (!host.ends_with(']')) return bad;
        host = host.substr(1, host.size() - 2);
    }
    if (::inet_pton(address.ipv6 ? AF_INET6 : AF_INET, std::string(host).c_str(), address.ip.data()) != 1) return bad;
    return address;
}

bool SocketAddress::loopback() const
{
    if (local()) return false;
    if (!ipv6) return ip[0] == 127;
    return std::all_of(ip.begin(), ip.end() - 1, [](Byte byte) { return byte == 0; }) && ip.back() == 1;
}

std::string SocketAddress::text() const
{
    if (local()) return "unix:" + path;
    char host[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(ipv6 ? AF_INET6 : AF_INET, ip.data(), host, sizeof(host));
    return (ipv6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
}

std::optional<SocketAddress> bound_address(int fd)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
    SocketAddress address;
    address.ipv6 = storage.ss_family == AF_INET6;
    if (address.ipv6) {
        sockaddr_in6 raw{};
        std::memcpy(&raw, &storage, sizeof(raw));
        std::memcpy(address.ip.data(), &raw.sin6_addr, sizeof(raw.sin6_addr));
        address.port = ntohs(raw.sin6_port);
    } else if (storage.ss_family == AF_INET) {
        sockaddr_in raw{};
        std::memcpy(&raw, &storage, sizeof(raw));
        std::memcpy(address.ip.data(), &raw.sin_addr, sizeof(raw.sin_addr));
        address.port = ntohs(raw.sin_port);
    } else if (storage.ss_family == AF_UNIX) {
        sockaddr_un raw{};
        std::memcpy(&raw, &storage, sizeof(raw));
        address.path = raw.sun_path;
        if (address.path.empty()) return std::nullopt;
    } else {
        return std::nullopt;
    }
    return address;
}

Result<std::vector<UniqueFd>> listen_on(SocketAddress& address, std::uint32_t threads, const SocketAccess& access)
{
    if (address.local()) return listen_at_path(address, threads, access);
    if (address.port != 0) {
        // Without SO_REUSEPORT the kernel refuses a port that another server of the same user shares out.
        if (const auto probe = bound_socket(address, Sharing::alone); !probe) return probe.error();
    }
    std::vector<UniqueFd> sockets;
    for (std::uint32_t i = 0; i < threads; ++i) {
        auto fd = bound_socket(address, Sharing::shared);
        if (!fd) return fd.error();
        if (::listen(fd->get(), SOMAXCONN) != 0) return cannot_listen(address, errno);
        if (address.port == 0) address.port = bound_address(fd->get()).value_or(address).port;
        sockets.push_back(std::move(*fd));
    }
    return sockets;
}

}  // namespace amana::server
