// SPDX-License-Identifier: AGPL-3.0-or-later
// A network by its prefix (RFC 4632, RFC 4291 section 2.3): who may connect to a listener.
#pragma once

#include "base/bytes.hpp"

#include <compare>
#include <string>

struct sockaddr_storage;

namespace amana::wire {

struct Network {
    bool ipv6 = false;
    ByteArray<16> ip{};  // the first 4 bytes for IPv4
    std::uint8_t bits = 0;

    // "10.0.0.0/8", "2001:db8::/32", or an address alone, which is a network of itself. Bits behind the prefix must be 0.
    [[nodiscard]] static Result<Network> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool contains(const sockaddr_storage& address) const;
    [[nodiscard]] auto operator<=>(const Network&) const = default;
};

[[nodiscard]] constexpr std::uint8_t most_bits(bool ipv6)
{
    return ipv6 ? 128 : 32;
}

}  // namespace amana::wire
