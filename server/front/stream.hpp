// SPDX-License-Identifier: AGPL-3.0-or-later
// One connection as coroutines over its descriptor: with TLS, or without it where another has ended that (docs/PROXIES.md).
//
// OpenSSL works on the descriptor itself (SSL_set_fd) and we wait for readiness: no copy between two libraries, and an
// idle connection holds no record buffer (SSL_MODE_RELEASE_BUFFERS).
#pragma once

#include "base/bytes.hpp"
#include "server/front/tls.hpp"
#include "server/front/turns.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace amana::front {

namespace asio = boost::asio;

enum class IoFailure { closed, timed_out, broken };

// One accepted connection. Every wait ends at the deadline.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    using Clock = std::chrono::steady_clock;
    using Socket = asio::generic::stream_protocol::socket;

    // Without `names` it is plain, and nobody need shake hands.
    Stream(Socket socket, std::shared_ptr<const TlsNames> names);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void set_deadline(Clock::time_point deadline);
    // Unless it is sooner already.
    void hasten(Clock::time_point deadline) { set_deadline(std::min(deadline, deadline_)); }

    // Waits, and looks at what has come, up to `out`, without taking it: none at the end. Not once it is established.
    [[nodiscard]] asio::awaitable<Result<std::size_t, IoFailure>> peek(MutableBytes out);
    // Takes so much of what was looked at.
    void skip(std::size_t count);
    // What is said before a handshake, or in place of one. As much of it as goes at once.
    void say_plainly(std::string_view text);

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
    // For one wait that is none of the socket's: of Turns, say. It ends when the connection is cancelled or no more is read, or by ring().
    [[nodiscard]] Turns::Bell bell();
    void ring();
    [[nodiscard]] bool plain() const { return names_ == nullptr; }
    // The one that the client asked for in its handshake, in lower case; empty when it asked for none.
    [[nodiscard]] std::string server_name() const;
    [[nodiscard]] int descriptor() { return socket_.native_handle(); }

private:
    using Direction = Socket::wait_type;
    [[nodiscard]] Result<Direction, IoFailure> wanted(int ssl_result);
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> settle(int ssl_result);
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> settle_plainly(Direction direction);
    [[nodiscard]] asio::awaitable<void> let_others();
    [[nodiscard]] asio::awaitable<Result<void, IoFailure>> wait(Direction direction);
    void watch();

    struct Free {
        void operator()(ssl_st* ssl) const;
    };
    void begin();
    static void on_message(int written, int version, int type, const void* message, std::size_t size, ssl_st* ssl, void* unused);
    // RFC 6066, section 3; SSL_CTX_set_tlsext_servername_callback.
    static int on_server_name(ssl_st* ssl, int* alert, void* unused);
    friend class TlsContext;

    Socket socket_;
    std::shared_ptr<const TlsNames> names_;
    std::unique_ptr<ssl_st, Free> ssl_;  // since the peer said something
    asio::steady_timer watchdog_;
    Clock::time_point deadline_ = Clock::time_point::max();
    bool watching_ = false;
    bool timed_out_ = false;
    bool cancelled_ = false;
    bool broken_ = false;
    bool established_ = false;
    bool looked_ = false;  // at what has come, so that it need not be waited for
    bool said_plainly_ = false;
    bool reading_ = false;
    bool stopped_ = false;
    Clock::time_point last_ = Clock::time_point::max();  // no deadline is later, once it is stopped
    unsigned messages_ = 0;  // of TLS itself, since it is established
    unsigned unwaited_ = 0;  // reads and writes since it last let others
    std::weak_ptr<asio::steady_timer> bell_;
};

}  // namespace amana::front
