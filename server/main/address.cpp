// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/address.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace amana::server {

namespace {

struct Raw {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Raw to_raw(const SocketAddress& address)
{
    Raw raw;
    if (address.ipv6) {
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

std::uint16_t bound_port(int fd)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
    in_port_t port = 0;  // at the same offset in both families
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    std::memcpy(&port, reinterpret_cast<const char*>(&storage) + offsetof(sockaddr_in, sin_port), sizeof(port));
    return ntohs(port);
}

}  // namespace

Result<SocketAddress> SocketAddress::parse(std::string_view text)
{
    const Error bad{"'" + std::string(text) + "' is not an address to listen on",
                    "Write a numeric address and a port, for example \"127.0.0.1:8443\" or \"[::1]:8443\"."};
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

std::string SocketAddress::text() const
{
    char host[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(ipv6 ? AF_INET6 : AF_INET, ip.data(), host, sizeof(host));
    return (ipv6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
}

Result<std::vector<UniqueFd>> listen_on(SocketAddress& address, std::uint32_t threads)
{
    if (address.port != 0) {
        // Without SO_REUSEPORT the kernel refuses a port that another server of the same user shares out.
        if (const auto probe = bound_socket(address, Sharing::alone); !probe) return probe.error();
    }
    std::vector<UniqueFd> sockets;
    for (std::uint32_t i = 0; i < threads; ++i) {
        auto fd = bound_socket(address, Sharing::shared);
        if (!fd) return fd.error();
        if (::listen(fd->get(), SOMAXCONN) != 0) return cannot_listen(address, errno);
        if (address.port == 0) address.port = bound_port(fd->get());
        sockets.push_back(std::move(*fd));
    }
    return sockets;
}

}  // namespace amana::server
