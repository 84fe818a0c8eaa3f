// SPDX-License-Identifier: AGPL-3.0-or-later
// TLS: the context all connections share, and one connection as coroutines over its descriptor.
//
// OpenSSL works on the descriptor itself (SSL_set_fd) and we wait for readiness: no copy between two libraries, and an
// idle connection holds no record buffer (SSL_MODE_RELEASE_BUFFERS). No tickets, no session cache, no early data: nothing
// lets one connection be linked to another.
#pragma once

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "server/front/turns.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

struct ssl_ctx_st;
struct ssl_st;

namespace amana::front {

namespace asio = boost::asio;

class TlsContext {
public:
    // `certificate` and `private_key` are PEM; the chain follows the certificate.
    [[nodiscard]] static Result<TlsContext> create(const SecretBuffer& certificate, const SecretBuffer& private_key);

    [[nodiscard]] ssl_ctx_st* get() const { return context_.get(); }

private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

enum class IoFailure { closed, timed_out, broken };

// One accepted connection. Every wait ends at the deadline.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    using Clock = std::chrono::steady_clock;

    Stream(asio::ip::tcp::socket socket, const TlsContext& context);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void set_deadline(Clock::time_point deadline);

    // Each of its steps takes a turn, once there is something to do: who says nothing holds none.
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> handshake(Turns& turns, std::shared_ptr<const Source> source);
    // Waits, holding no buffer, until there is something to read.
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> readable();
    // At least one byte.
    [[nodiscard]] asio::awaitable<Result<std::size_t, IoFailure>> read(MutableBytes out);
    // All of it.
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> write(ByteView bytes);
    // Says goodbye, then reads and drops what the peer still sends, so that it isn't reset before it has read our answer.
    [[nodiscard]] asio::awaitable<void> close();
    // Ends every wait at once, as if the peer had closed.
    void cancel();
    // Nothing more is read, as if it came too late; what is said to the peer still is, and soon.
    void stop_reading();
    // For one wait that is none of the socket's: of Turns, say. It ends when the connection is cancelled, or by ring().
    [[nodiscard]] Turns::Bell bell();
    void ring();

private:
    using Direction = asio::ip::tcp::socket::wait_type;
    [[nodiscard]] Result<Direction, IoFailure> wanted(int ssl_result);
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> settle(int ssl_result);
    [[nodiscard]] asio::awaitable<void> let_others();
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> wait(Direction direction);
    void watch();

    struct Free {
        void operator()(ssl_st* ssl) const;
    };
    void begin();
    static void on_message(int written, int version, int type, const void* message, std::size_t size, ssl_st* ssl, void* unused);
    friend class TlsContext;

    asio::ip::tcp::socket socket_;
    const TlsContext& context_;
    std::unique_ptr<ssl_st, Free> ssl_;  // since the peer said something
    asio::steady_timer watchdog_;
    Clock::time_point deadline_ = Clock::time_point::max();
    bool watching_ = false;
    bool timed_out_ = false;
    bool cancelled_ = false;
    bool broken_ = false;
    bool established_ = false;
    bool reading_ = false;
    bool stopped_ = false;
    Clock::time_point last_ = Clock::time_point::max();  // no deadline is later, once it is stopped
    unsigned messages_ = 0;  // of TLS itself, since it is established
    unsigned unwaited_ = 0;  // reads and writes since it last let others
    std::weak_ptr<asio::steady_timer> bell_;
};

}  // namespace amana::front
