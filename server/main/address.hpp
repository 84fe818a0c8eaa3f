// SPDX-License-Identifier: AGPL-3.0-or-later
// An address to listen on: "127.0.0.1:8443", "[::1]:8443" or "unix:/run/amana/front.sock". Numeric only: a name could change its
// meaning between two starts. Port 0 lets the system choose (tests).
#pragma once

#include "base/file.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace amana::server {

struct SocketAddress {
    bool ipv6 = false;
    ByteArray<16> ip{};  // the first 4 bytes for IPv4
    std::uint16_t port = 0;
    std::string path;  // of a Unix socket; then the rest means nothing

    [[nodiscard]] static Result<SocketAddress> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool local() const { return !path.empty(); }
    [[nodiscard]] bool loopback() const;
    [[nodiscard]] auto operator<=>(const SocketAddress&) const = default;
};

// What a socket is bound to, TCP or a Unix socket's path; nothing for any other descriptor.
[[nodiscard]] std::optional<SocketAddress> bound_address(int fd);

// Who may connect to a Unix socket.
struct SocketAccess {
    mode_t mode = 0660;
    std::string group;  // empty: this process's own
    bool operator==(const SocketAccess&) const = default;
};

// `threads` listening sockets that share the address (SO_REUSEPORT: the kernel spreads connections over them; of a Unix socket, which
// has no such thing, so many descriptors). An address that anybody else listens on is refused, even where the kernel would let us
// share it. `address` gets the port that the system chose if it was 0.
[[nodiscard]] Result<std::vector<UniqueFd>> listen_on(SocketAddress& address, std::uint32_t threads, const SocketAccess& access = {});

}  // namespace amana::server
