// SPDX-License-Identifier: AGPL-3.0-or-later
// The header with which a proxy begins a connection that it passes on: from where it came. HAProxy's "The PROXY protocol",
// versions 1 and 2. Of it the source alone is used, and only for flow control (server/front/sources.hpp); type-length-values are
// bounded and passed over, but for the checksum, which is verified where there is one.
#pragma once

#include "base/secret.hpp"

#include <string_view>

#include <sys/socket.h>

namespace amana::front {

// Section 2.1: with its line end, and without the NUL that the document counts.
inline constexpr std::size_t max_proxy_line_bytes = 107;
// Version 2: what is longer is no list of a few values that a proxy tells.
inline constexpr std::size_t proxy_head_bytes = 16;
inline constexpr std::size_t max_proxy_values_bytes = 2048;

enum class ProxyFailure {
    other,      // what came is no PROXY header
    tls,        // but the beginning of a TLS handshake,
    http,       // or of an HTTP request
    malformed,  // it begins as one
    checksum,
};

// Reads a header and not a byte more, however it is cut. It holds an address for as long as it lives, and wipes it then.
class ProxyHeader {
public:
    enum class State { unfinished, done, failed };

    ProxyHeader() = default;
    ~ProxyHeader();
    ProxyHeader(const ProxyHeader&) = delete;
    ProxyHeader& operator=(const ProxyHeader&) = delete;

    // Takes what belongs to the header of these bytes; how many of them. To be called while unfinished, with one byte at the least.
    [[nodiscard]] std::size_t put(ByteView bytes);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] ProxyFailure failure() const { return failure_; }
    // Of the source; AF_UNSPEC where the proxy speaks for itself (LOCAL), knows no address, or names a Unix socket: then it is the
    // proxy's own.
    [[nodiscard]] const sockaddr_storage& source() const { return source_; }

private:
    [[nodiscard]] std::size_t put_line(ByteView bytes);
    [[nodiscard]] std::size_t put_binary(ByteView bytes);
    [[nodiscard]] bool read_line();
    [[nodiscard]] bool read_binary();
    [[nodiscard]] bool read_addresses(std::size_t family, ByteView bytes);
    void fail(ProxyFailure failure);

    State state_ = State::unfinished;
    ProxyFailure failure_ = ProxyFailure::other;
    ByteArray<proxy_head_bytes + max_proxy_values_bytes> bytes_{};
    std::size_t size_ = 0;
    sockaddr_storage source_{};
};

// What a connection begins with, as far as its first bytes show it.
enum class Beginning { tls, http, proxy_header, other };
[[nodiscard]] Beginning beginning_of(ByteView bytes);

}  // namespace amana::front
