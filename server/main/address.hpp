// SPDX-License-Identifier: AGPL-3.0-or-later
// An address to listen on: "127.0.0.1:8443" or "[::1]:8443". Numeric only: a name could change its meaning between two
// starts. Port 0 lets the system choose (tests).
#pragma once

#include "base/file.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace amana::server {

struct SocketAddress {
    bool ipv6 = false;
    ByteArray<16> ip{};  // the first 4 bytes for IPv4
    std::uint16_t port = 0;

    [[nodiscard]] static Result<SocketAddress> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    [[nodiscard]] auto operator<=>(const SocketAddress&) const = default;
};

// `threads` listening sockets that share the address (SO_REUSEPORT: the kernel spreads connections over them). An address
// that anybody else listens on is refused, even where the kernel would let us share it. `address` gets the port that the
// system chose if it was 0.
[[nodiscard]] Result<std::vector<UniqueFd>> listen_on(SocketAddress& address, std::uint32_t threads);

}  // namespace amana::server
