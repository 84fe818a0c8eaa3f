// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/front/tls_pair.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <future>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace amana::front::test {

namespace {

void must(bool condition, const char* what)
{
    if (!condition) throw std::runtime_error(what);
}

std::string text_of(BIO* bio)
{
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace

Identity make_identity(const char* name)
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    must(key && certificate, "no key");
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    auto* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    must(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "no certificate");
    const std::unique_ptr<BIO, decltype(&BIO_free)> pem(BIO_new(BIO_s_mem()), BIO_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> key_pem(BIO_new(BIO_s_mem()), BIO_free);
    must(PEM_write_bio_X509(pem.get(), certificate.get()) == 1, "no PEM");
    must(PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "no PEM");
    return {text_of(pem.get()), text_of(key_pem.get())};
}

const Identity& identity()
{
    static const auto made = make_identity("front.example");
    return made;
}

SecretBuffer secret(std::string_view text)
{
    return SecretBuffer::copy_of(as_bytes(text));
}

Result<TlsContext> make_context(std::string_view certificate, std::string_view private_key)
{
    std::vector<wire::Certificate> pairs;
    pairs.push_back({secret(certificate), secret(private_key)});
    return TlsContext::create(pairs);
}

std::shared_ptr<const TlsNames> tls_names()
{
    static const auto names = std::make_shared<const TlsNames>(
        std::vector{TlsNames::Name{"", std::make_shared<const TlsContext>(make_context(identity().certificate, identity().private_key).value())}}, true);
    return names;
}

Listener::Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    must(fd_.get() >= 0, "no socket");
    std::signal(SIGPIPE, SIG_IGN);  // as in the front; for OpenSSL writes with write()
    auto address = loopback(0);
    socklen_t size = sizeof address;
    must(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(fd_.get(), 64) == 0 &&
             ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
         "no listener");
    port_ = ntohs(address.sin_port);
}

void Client::Free::operator()(ssl_st* ssl) const
{
    SSL_free(ssl);
}
void Client::Free::operator()(ssl_ctx_st* context) const
{
    SSL_CTX_free(context);
}

Client::Client(std::uint16_t port, Options options)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), context_(SSL_CTX_new(TLS_client_method()))
{
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (options.receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof(int));
    const auto address = loopback(port);
    must(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "can't connect");
    SSL_CTX_set_security_level(context_.get(), 0);  // so that it can ask for what it should not get
    SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context_.get(), options.min_version);
    SSL_CTX_set_max_proto_version(context_.get(), options.max_version);
    if (!options.offer_tickets) SSL_CTX_set_options(context_.get(), SSL_OP_NO_TICKET);
    if (!options.alpn.empty())
        SSL_CTX_set_alpn_protos(context_.get(), as_bytes(options.alpn).data(), static_cast<unsigned>(options.alpn.size()));
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_.get());
    SSL_set_connect_state(ssl_.get());
}

Client::~Client() = default;

bool Client::handshake()
{
    ERR_clear_error();
    return SSL_do_handshake(ssl_.get()) == 1;
}

bool Client::write(std::string_view text)
{
    ERR_clear_error();
    return text.empty() || SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
}

bool Client::write_raw(std::string_view text)
{
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::string Client::read(std::size_t most)
{
    ERR_clear_error();
    if (waiting_.empty()) {
        std::array<char, 16 * 1024> piece{};
        const int count = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
        if (count <= 0) {
            polite_ = SSL_get_error(ssl_.get(), count) == SSL_ERROR_ZERO_RETURN;
            return {};
        }
        waiting_.assign(piece.data(), static_cast<std::size_t>(count));
    }
    auto taken = waiting_.substr(0, most);
    waiting_.erase(0, taken.size());
    return taken;
}

std::string Client::read_all()
{
    std::string all;
    for (auto piece = read(); !piece.empty(); piece = read()) all += piece;
    return all;
}

std::string Client::read_until(std::string_view text)
{
    std::string all;
    while (all.find(text) == std::string::npos) {
        const auto piece = read(1);
        if (piece.empty()) break;
        all += piece;
    }
    return all;
}

Client::Answer Client::read_answer(bool head_only)
{
    Answer answer{read_until("\r\n\r\n"), {}};
    constexpr std::string_view field = "\r\nContent-Length: ";
    const auto at = answer.head.find(field);
    if (head_only || at == std::string::npos) return answer;
    const auto length = std::stoul(answer.head.substr(at + field.size()));
    while (answer.body.size() < length) {
        const auto piece = read(length - answer.body.size());
        if (piece.empty()) break;
        answer.body += piece;
    }
    return answer;
}

void Client::shutdown_send()
{
    ::shutdown(fd_.get(), SHUT_WR);
}
void Client::close_notify()
{
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
}
void Client::close()
{
    fd_.reset();
}

std::shared_ptr<Stream> accept_from(asio::io_context& context, Listener& listener)
{
    const int fd = ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    must(fd >= 0, "nobody to accept");
    return std::make_shared<Stream>(asio::ip::tcp::socket(context, asio::ip::tcp::v4(), fd), tls_names());
}

TlsPair::TlsPair(asio::io_context& context, const Client::Options& options)
{
    Listener listener;
    client = std::make_unique<Client>(listener.port(), options);
    server = accept_from(context, listener);
    auto greeting = std::async(std::launch::async, [this] { return client->handshake(); });
    server->set_deadline(Stream::Clock::now() + patience);
    const bool greeted = run(context, server->handshake(many_turns(), source())).has_value();
    must(greeting.get() && greeted, "no handshake");
}

}  // namespace amana::front::test
