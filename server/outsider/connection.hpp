// SPDX-License-Identifier: AGPL-3.0-or-later
// A connection as anybody could make it, with TLS or without, and a client that would agree to anything. Every wait is bounded by
// wait_seconds; after whole_seconds nobody is dialled any more.
#pragma once

#include "base/bytes.hpp"
#include "base/file.hpp"

#include <memory>
#include <optional>
#include <string>

#include <openssl/ssl.h>

namespace amana::outsider {

inline constexpr int wait_seconds = 15;
inline constexpr int whole_seconds = 120;

// Whether a look had to do without something, since the time was over.
[[nodiscard]] bool time_is_over();

struct Target {
    std::string address;  // "192.0.2.7:443", "[2001:db8::1]:443", "name:443", "unix:/run/amana/front.sock"
    std::string host;     // asked for, in the handshake and in Host; empty: nobody
    bool proxy_header = false;  // begins with a PROXY header, as a proxy's own check does (LOCAL)
    std::string header;         // a line of its own in each request; empty: none
    std::string issuers;        // to be trusted beside the machine's own, PEM; empty: none
};

// Connected, the PROXY header sent.
[[nodiscard]] Result<UniqueFd> dial(const Target& target);

struct SslFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// What is offered; what is empty or 0 is what OpenSSL does by itself.
struct Offer {
    int highest = 0;           // TLS1_1_VERSION, ...
    int lowest = 0;
    std::string ciphers;       // for TLS 1.2 and before
};

class TlsConnection {
public:
    // An error when nothing was agreed on.
    [[nodiscard]] static Result<TlsConnection> make(const Target& target, const Offer& offer);

    [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
    [[nodiscard]] bool got_ticket() const { return *ticket_; }
    [[nodiscard]] bool send(std::string_view text);
    // Up to `max` bytes, until the other side ends or says nothing more.
    [[nodiscard]] std::string receive(std::size_t max);

private:
    TlsConnection() = default;
    UniqueFd fd_;
    std::unique_ptr<bool> ticket_ = std::make_unique<bool>(false);
    std::unique_ptr<SSL_CTX, SslFree> context_;
    std::unique_ptr<SSL, SslFree> ssl_;
};

// The same without TLS.
[[nodiscard]] std::string exchange_plainly(int fd, std::string_view text, std::size_t max);

}  // namespace amana::outsider
