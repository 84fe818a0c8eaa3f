// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/stream.hpp"

#include "base/require.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>

namespace amana::front {

namespace {

// For what was sent last to reach a slow reader: closed while bytes of theirs come in, a connection is reset, and an answer that
// is still on its way is lost.
constexpr auto linger = std::chrono::seconds(10);
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;
// For an answer under way, once its connection is to end.
constexpr auto last_words = std::chrono::seconds(10);
// Key updates, and renegotiations that were asked for in vain: browsers send none, or one in many gigabytes.
constexpr unsigned max_messages = 32;
// Reads and writes that did not have to wait, after which the others of the thread have their turn.
constexpr unsigned max_unwaited = 16;

}  // namespace

void Stream::Free::operator()(ssl_st* ssl) const
{
    SSL_free(ssl);
}

Stream::Stream(Socket socket, std::shared_ptr<const TlsNames> names)
    : socket_(std::move(socket)), names_(std::move(names)), watchdog_(socket_.get_executor())
{
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);  // which a Unix socket has no need of
}

void Stream::begin()
{
    ssl_.reset(SSL_new(names_->first().get()));
    require(ssl_ != nullptr && SSL_set_fd(ssl_.get(), socket_.native_handle()) == 1, "no memory for a connection");
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_accept_state(ssl_.get());
}

void Stream::on_message(int written, int, int type, const void*, std::size_t, SSL* ssl, void*)
{
    auto& stream = *static_cast<Stream*>(SSL_get_app_data(ssl));
    if (!stream.established_) return;
    if (written == 0 ? type == SSL3_RT_HANDSHAKE : type == SSL3_RT_ALERT) ++stream.messages_;
}

int Stream::on_server_name(SSL* ssl, int* alert, void*)
{
    const auto& stream = *static_cast<const Stream*>(SSL_get_app_data(ssl));
    const auto* context = stream.names_->of(stream.server_name());
    if (context == nullptr) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    SSL_set_SSL_CTX(ssl, context->get());
    return SSL_TLSEXT_ERR_OK;
}

std::string Stream::server_name() const
{
    const auto* asked = ssl_ ? SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
    std::string name = asked == nullptr ? "" : asked;
    std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name;
}

Stream::~Stream() = default;

void Stream::set_deadline(Clock::time_point deadline)
{
    deadline_ = deadline = std::min(deadline, last_);
    timed_out_ = false;
    // A timer that waits for a later moment than the new deadline would come too late.
    if (watching_ && watchdog_.expiry() > deadline) watchdog_.cancel();
    if (!watching_) watch();
}

// One timer for each connection, re-armed when it fires, not at every wait.
void Stream::watch()
{
    watching_ = true;
    watchdog_.expires_at(deadline_);
    watchdog_.async_wait([weak = weak_from_this()](boost::system::error_code) {
        const auto self = weak.lock();
        if (!self || self->cancelled_) return;
        self->watching_ = false;
        if (Clock::now() < self->deadline_) return self->watch();
        self->timed_out_ = true;
        boost::system::error_code ignored;
        self->socket_.cancel(ignored);
    });
}

void Stream::cancel()
{
    cancelled_ = true;
    watchdog_.cancel();
    boost::system::error_code ignored;
    socket_.cancel(ignored);
    ring();
}

void Stream::stop_reading()
{
    stopped_ = true;
    last_ = std::min(last_, Clock::now() + last_words);
    set_deadline(reading_ ? Clock::now() : deadline_);
    ring();
}

Turns::Bell Stream::bell()
{
    auto bell = std::make_shared<asio::steady_timer>(socket_.get_executor());
    bell_ = bell;
    if (cancelled_ || stopped_) ring();
    return bell;
}

// Behind what is under way: the wait may only just be about to begin.
void Stream::ring()
{
    asio::post(socket_.get_executor(), [weak = bell_] {
        if (const auto bell = weak.lock()) bell->cancel();
    });
}

asio::awaitable<Result<void, IoFailure>> Stream::wait(Direction direction)
{
    if (timed_out_ || Clock::now() >= deadline_) co_return IoFailure::timed_out;
    if (cancelled_) co_return IoFailure::closed;
    unwaited_ = 0;
    const auto [error] = co_await socket_.async_wait(direction, asio::as_tuple(asio::use_awaitable));
    if (timed_out_) co_return IoFailure::timed_out;
    if (cancelled_) co_return IoFailure::closed;
    if (error) co_return IoFailure::broken;
    co_return Result<void, IoFailure>();
}

// After an OpenSSL call that did not succeed: what it needs, or why it can't go on.
Result<Stream::Direction, IoFailure> Stream::wanted(int ssl_result)
{
    switch (SSL_get_error(ssl_.get(), ssl_result)) {
    case SSL_ERROR_WANT_READ: return Socket::wait_read;
    case SSL_ERROR_WANT_WRITE: return Socket::wait_write;
    case SSL_ERROR_ZERO_RETURN: return IoFailure::closed;
    default: break;
    }
    broken_ = true;
    ERR_clear_error();
    return IoFailure::broken;
}

asio::awaitable<Result<void, IoFailure>> Stream::settle(int ssl_result)
{
    const auto direction = wanted(ssl_result);
    if (!direction) co_return direction.error();
    co_return co_await wait(*direction);
}

// The same after a call to the system: errno says what it needs.
asio::awaitable<Result<void, IoFailure>> Stream::settle_plainly(Direction direction)
{
    if (errno != EAGAIN && errno != EINTR) {
        broken_ = true;
        co_return IoFailure::broken;
    }
    reading_ = direction == Socket::wait_read;
    const auto ready = co_await wait(direction);
    reading_ = false;
    co_return ready;
}

asio::awaitable<void> Stream::let_others()
{
    if (++unwaited_ < max_unwaited) co_return;
    unwaited_ = 0;
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);
}

asio::awaitable<Result<std::size_t, IoFailure>> Stream::peek(MutableBytes out)
{
    for (;;) {
        const auto ready = co_await wait(Socket::wait_read);
        if (!ready) co_return ready.error();
        const auto count = ::recv(socket_.native_handle(), out.data(), out.size(), MSG_PEEK);
        looked_ = count > 0;
        if (count >= 0) co_return static_cast<std::size_t>(count);
        if (errno != EAGAIN && errno != EINTR) co_return IoFailure::broken;
    }
}

void Stream::skip(std::size_t count)
{
    std::array<Byte, 512> dropped{};
    while (count > 0) {
        const auto taken = ::recv(socket_.native_handle(), dropped.data(), std::min(count, dropped.size()), 0);
        if (taken <= 0) break;
        count -= static_cast<std::size_t>(taken);
    }
    looked_ = false;
    wipe(dropped);
}

void Stream::say_plainly(std::string_view text)
{
    (void)::send(socket_.native_handle(), text.data(), text.size(), MSG_NOSIGNAL);
    said_plainly_ = true;
}

asio::awaitable<Result<void, IoFailure>> Stream::handshake(Turns& turns, std::shared_ptr<const Source> source)
{
    Direction direction = Socket::wait_read;
    for (;;) {
        if (!std::exchange(looked_, false)) {
            const auto ready = co_await wait(direction);
            if (!ready) co_return ready.error();
        }
        const auto turn = co_await turns.take(source, bell(), deadline_);
        if (!turn) co_return cancelled_ ? IoFailure::closed : IoFailure::timed_out;
        if (!ssl_) begin();
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl_.get());
        established_ = result == 1;
        if (established_) co_return Result<void, IoFailure>();
        const auto next = wanted(result);
        if (!next) co_return next.error();
        direction = *next;
    }
}

asio::awaitable<Result<void, IoFailure>> Stream::readable()
{
    if (std::exchange(looked_, false) || (!plain() && SSL_pending(ssl_.get()) > 0)) co_return Result<void, IoFailure>();
    co_return co_await wait(Socket::wait_read);
}

asio::awaitable<Result<std::size_t, IoFailure>> Stream::read(MutableBytes out)
{
    co_await let_others();
    for (;;) {
        // One who always has something to say never waits, and so is not woken.
        if (cancelled_) co_return IoFailure::closed;
        if (stopped_ || timed_out_ || Clock::now() >= deadline_) co_return IoFailure::timed_out;
        if (plain()) {
            const auto count = ::recv(socket_.native_handle(), out.data(), out.size(), 0);
            if (count > 0) co_return static_cast<std::size_t>(count);
            if (count == 0) co_return IoFailure::closed;
            const auto settled = co_await settle_plainly(Socket::wait_read);
            if (!settled) co_return settled.error();
            continue;
        }
        ERR_clear_error();
        std::size_t count = 0;
        const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &count);
        if (result == 1) co_return count;
        if (messages_ > max_messages) broken_ = true;
        if (broken_) co_return IoFailure::broken;
        reading_ = true;
        const auto settled = co_await settle(result);
        reading_ = false;
        if (!settled) co_return settled.error();
    }
}

asio::awaitable<Result<void, IoFailure>> Stream::write(ByteView bytes)
{
    while (!bytes.empty()) {
        co_await let_others();
        if (cancelled_) co_return IoFailure::closed;
        if (timed_out_ || Clock::now() >= deadline_) co_return IoFailure::timed_out;
        if (plain()) {
            const auto count = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count >= 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
            else if (const auto settled = co_await settle_plainly(Socket::wait_write); !settled) co_return settled.error();
            continue;
        }
        ERR_clear_error();
        std::size_t count = 0;
        const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
        if (result == 1) bytes = bytes.subspan(count);
        else if (const auto settled = co_await settle(result); !settled) co_return settled.error();
    }
    co_return Result<void, IoFailure>();
}

asio::awaitable<void> Stream::close()
{
    const bool spoken = ssl_ != nullptr || plain() || said_plainly_;
    const bool polite = spoken && !broken_ && !timed_out_ && !cancelled_;
    boost::system::error_code ignored;
    if (polite) {
        if (ssl_) {
            ERR_clear_error();
            SSL_shutdown(ssl_.get());
            ERR_clear_error();
        }
        socket_.shutdown(Socket::shutdown_send, ignored);
        set_deadline(Clock::now() + linger);
        std::array<Byte, 4096> dropped{};
        for (std::size_t left = linger_bytes; left > dropped.size();) {
            if (const auto ready = co_await wait(Socket::wait_read); !ready) break;
            boost::system::error_code error;
            const auto count = socket_.read_some(asio::buffer(dropped), error);  // still encrypted, or of a report
            if (plain()) wipe(dropped);
            if (error == asio::error::would_block) continue;
            if (error || count == 0) break;
            left -= count;
        }
    }
    cancelled_ = true;
    watchdog_.cancel();
    socket_.close(ignored);
}

}  // namespace amana::front
