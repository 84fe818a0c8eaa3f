// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/tls.hpp"

#include "base/require.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <string_view>

namespace amana::front {

namespace {

// RFC 9325's recommended suites for TLS 1.2: forward secrecy and AEAD. TLS 1.3 has no others.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
// The hybrid first, where this OpenSSL has it (3.5).
constexpr const char* hybrid_groups = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* groups = "X25519:P-256:P-384";

// For what was sent last to reach a slow reader: closed while bytes of theirs come in, a connection is reset, and an answer that
// is still on its way is lost.
// For an answer under way, once its connection is to end.
constexpr auto last_words = std::chrono::seconds(10);
constexpr auto linger = std::chrono::seconds(10);
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;
// Key updates, and renegotiations that were asked for in vain: browsers send none, or one in many gigabytes.
constexpr unsigned max_messages = 32;
// Reads and writes that did not have to wait, after which the others of the thread have their turn.
constexpr unsigned max_unwaited = 16;

template <auto Function>
struct Deleter {
    template <typename T>
    void operator()(T* pointer) const
    {
        Function(pointer);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

Bio reader_of(const SecretBuffer& pem)
{
    return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A passphrase prompt has no place in a server.
int no_passphrase(char*, int, int, void*)
{
    return -1;
}

Error tls_error(const std::string& attempted)
{
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return Error{attempted + ": " + text.data(), "Check [tls] in the config."};
}

// TLS 1.3 records are padded to a multiple of this (RFC 8446, 5.4): the little that answers differ by, a reason or a date, is
// not seen. Pages have their sizes already (responses.hpp).
constexpr std::size_t record_padding_bytes = 512;

int choose_http1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size, void*)
{
    static constexpr std::array<unsigned char, 9> ours{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours.data(), ours.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

Result<void> load_certificate(SSL_CTX* context, const SecretBuffer& pem)
{
    const auto bio = reader_of(pem);
    const Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
    if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return tls_error("can't use the certificate");
    while (auto* link = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr))
        if (SSL_CTX_add0_chain_cert(context, link) != 1) {
            X509_free(link);
            return tls_error("can't use the certificate's chain");
        }
    // The end of the file reads as this error; a damaged certificate in the chain as another.
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return tls_error("can't use the certificate's chain");
    ERR_clear_error();
    return {};
}

Result<void> load_private_key(SSL_CTX* context, const SecretBuffer& pem)
{
    const auto bio = reader_of(pem);
    const PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        return tls_error("can't use the certificate's private key");
    return {};
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const
{
    SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::create(const SecretBuffer& certificate, const SecretBuffer& private_key)
{
    TlsContext tls(SSL_CTX_new(TLS_server_method()));
    auto* context = tls.get();
    if (context == nullptr) return tls_error("can't start TLS");
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // A read ends behind each record, so that records without data don't keep a thread.
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_msg_callback(context, Stream::on_message);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_http1, nullptr);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_set_max_early_data(context, 0) != 1 || SSL_CTX_set_block_padding(context, record_padding_bytes) != 1 || SSL_CTX_set_cipher_list(context, tls12_ciphers) != 1 ||
        (SSL_CTX_set1_groups_list(context, hybrid_groups) != 1 && SSL_CTX_set1_groups_list(context, groups) != 1))
        return tls_error("can't set TLS up");
    ERR_clear_error();
    if (const auto loaded = load_certificate(context, certificate); !loaded) return loaded.error();
    if (const auto loaded = load_private_key(context, private_key); !loaded) return loaded.error();
    return tls;
}

void Stream::Free::operator()(ssl_st* ssl) const
{
    SSL_free(ssl);
}

Stream::Stream(asio::ip::tcp::socket socket, const TlsContext& context)
    : socket_(std::move(socket)), context_(context), watchdog_(socket_.get_executor())
{
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Stream::begin()
{
    ssl_.reset(SSL_new(context_.get()));
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
}

Turns::Bell Stream::bell()
{
    auto bell = std::make_shared<asio::steady_timer>(socket_.get_executor());
    bell_ = bell;
    if (cancelled_) ring();
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
    case SSL_ERROR_WANT_READ: return asio::ip::tcp::socket::wait_read;
    case SSL_ERROR_WANT_WRITE: return asio::ip::tcp::socket::wait_write;
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

asio::awaitable<void> Stream::let_others()
{
    if (++unwaited_ < max_unwaited) co_return;
    unwaited_ = 0;
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);
}

asio::awaitable<Result<void, IoFailure>> Stream::handshake(Turns& turns, std::shared_ptr<const Source> source)
{
    Direction direction = asio::ip::tcp::socket::wait_read;
    for (;;) {
        const auto ready = co_await wait(direction);
        if (!ready) co_return ready.error();
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
    if (SSL_pending(ssl_.get()) > 0) co_return Result<void, IoFailure>();
    co_return co_await wait(asio::ip::tcp::socket::wait_read);
}

asio::awaitable<Result<std::size_t, IoFailure>> Stream::read(MutableBytes out)
{
    co_await let_others();
    for (;;) {
        if (stopped_ || timed_out_ || Clock::now() >= deadline_) co_return IoFailure::timed_out;
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
    const bool polite = ssl_ && !broken_ && !timed_out_ && !cancelled_;
    boost::system::error_code ignored;
    if (polite) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        set_deadline(Clock::now() + linger);
        std::array<Byte, 4096> dropped{};
        for (std::size_t left = linger_bytes; left > dropped.size();) {
            if (const auto ready = co_await wait(asio::ip::tcp::socket::wait_read); !ready) break;
            boost::system::error_code error;
            const auto count = socket_.read_some(asio::buffer(dropped), error);  // still encrypted
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
