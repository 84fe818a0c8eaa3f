// SPDX-License-Identifier: AGPL-3.0-or-later
// Both ends of a TLS connection over the loopback: the front's Stream, and a client that is plain OpenSSL, blocking.
#pragma once

#include "base/file.hpp"
#include "server/front/stream.hpp"
#include "tests/server/front/support.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

namespace amana::front::test {

// A self-signed certificate for an EC key, made once, and its key.
struct Identity {
    std::string certificate;  // PEM
    std::string private_key;  // PEM
};
[[nodiscard]] Identity make_identity(const char* name);
[[nodiscard]] const Identity& identity();
[[nodiscard]] SecretBuffer secret(std::string_view text);
[[nodiscard]] Result<TlsContext> make_context(std::string_view certificate, std::string_view private_key);
// One certificate, whatever name is asked for.
[[nodiscard]] std::shared_ptr<const TlsNames> tls_names();

// A listening socket on a free port of the loopback.
class Listener {
public:
    Listener();
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int release() { return fd_.release(); }

private:
    UniqueFd fd_;
    std::uint16_t port_ = 0;
};

class Client {
public:
    struct Options {
        int min_version = 0;  // TLS1_2_VERSION and so on; 0: whatever this OpenSSL can
        int max_version = 0;
        std::string alpn;  // in the wire's form; empty: none
        bool offer_tickets = true;
        int receive_buffer = 0;  // bytes; 0: the system's
    };

    explicit Client(std::uint16_t port) : Client(port, Options()) {}
    Client(std::uint16_t port, Options options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool handshake();
    // True when all of it was sent.
    bool write(std::string_view text);
    // Under TLS: bytes as they are.
    bool write_raw(std::string_view text);
    // At most `most` bytes, at least one; empty at the end.
    [[nodiscard]] std::string read(std::size_t most = 16 * 1024);
    // Until the end.
    [[nodiscard]] std::string read_all();
    // Until `text` has come, or the end.
    [[nodiscard]] std::string read_until(std::string_view text);
    // How the last read ended: by close_notify, which is the only end that nobody else can make.
    [[nodiscard]] bool ended_politely() const { return polite_; }
    // One HTTP answer: its head, and a body of Content-Length unless it answers HEAD.
    struct Answer {
        std::string head;
        std::string body;
    };
    [[nodiscard]] Answer read_answer(bool head_only = false);

    void shutdown_send();  // FIN, without close_notify
    void close_notify();
    void close();
    [[nodiscard]] ssl_st* ssl() { return ssl_.get(); }

private:
    struct Free {
        void operator()(ssl_st* ssl) const;
        void operator()(ssl_ctx_st* context) const;
    };
    UniqueFd fd_;
    std::unique_ptr<ssl_ctx_st, Free> context_;
    std::unique_ptr<ssl_st, Free> ssl_;
    std::string waiting_;
    bool polite_ = false;
};

// An accepted connection, its handshake done.
struct TlsPair {
    explicit TlsPair(asio::io_context& context) : TlsPair(context, Client::Options()) {}
    TlsPair(asio::io_context& context, const Client::Options& options);
    std::shared_ptr<Stream> server;
    std::unique_ptr<Client> client;
};
// The accepted side only: what the client does is up to the caller.
[[nodiscard]] std::shared_ptr<Stream> accept_from(asio::io_context& context, Listener& listener);

}  // namespace amana::front::test
