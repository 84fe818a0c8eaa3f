// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/wire/network.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace amana::wire {

namespace {

bool equal_in(ByteView one, ByteView other, std::size_t bits)
{
    const auto whole = bits / 8;
    if (!std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(whole), other.begin())) return false;
    const auto mask = static_cast<Byte>(0xff00U >> (bits % 8));
    return bits % 8 == 0 || ((one[whole] ^ other[whole]) & mask) == 0;
}

}  // namespace

Result<Network> Network::parse(std::string_view text)
{
    const Error bad{"'" + std::string(text) + "' is not a network", "Write it by its prefix, for example \"10.0.0.0/8\" or \"2001:db8::/32\", or an address alone."};
    const auto slash = text.find('/');
    const std::string host(text.substr(0, slash));
    Network network;
    network.ipv6 = host.find(':') != std::string::npos;
    if (::inet_pton(network.ipv6 ? AF_INET6 : AF_INET, host.c_str(), network.ip.data()) != 1) return bad;
    network.bits = most_bits(network.ipv6);
    if (slash != std::string_view::npos) {
        const auto written = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), network.bits);
        if (error != std::errc() || end != written.data() + written.size() || network.bits > most_bits(network.ipv6)) return bad;
    }
    for (std::size_t bit = network.bits; bit < most_bits(network.ipv6); ++bit)
        if ((network.ip.at(bit / 8) & (0x80U >> (bit % 8))) != 0)
            return Error{"'" + std::string(text) + "' is not a network: it has bits behind its prefix",
                         "Write 0 for what lies behind the prefix, or the address without a prefix."};
    return network;
}

std::string Network::text() const
{
    char host[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(ipv6 ? AF_INET6 : AF_INET, ip.data(), host, sizeof host);
    return std::string(host) + "/" + std::to_string(bits);
}

bool Network::contains(const sockaddr_storage& address) const
{
    if (address.ss_family == AF_INET && !ipv6) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
        return equal_in(ip, {reinterpret_cast<const Byte*>(&in), sizeof in}, bits);
    }
    if (address.ss_family != AF_INET6) return false;
    const auto& in = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (ipv6) return equal_in(ip, {in.s6_addr, sizeof in.s6_addr}, bits);
    return IN6_IS_ADDR_V4MAPPED(&in) && equal_in(ip, {in.s6_addr + 12, 4}, bits);
}

}  // namespace amana::wire
