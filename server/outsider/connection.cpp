// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/outsider/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace amana::outsider {

namespace {

// Of all that is allowed by itself, none is too weak to be offered: what matters is whether it is taken.
constexpr const char* anything = ":@SECLEVEL=0";

// PROXY protocol, version 2: LOCAL, no addresses.
constexpr std::array<unsigned char, 16> local_header{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20, 0x00, 0x00, 0x00};

void bound(int fd)
{
    // The one for sending bounds connecting, too (socket(7)).
    const timeval wait{wait_seconds, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

Result<UniqueFd> connect_to(int family, const sockaddr* address, socklen_t size)
{
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return system_error("no socket", errno);
    bound(fd.get());
    if (::connect(fd.get(), address, size) != 0) return system_error("can't connect", errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT : errno);
    return fd;
}

Result<UniqueFd> connect_local(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return Error{"the socket's path is too long", ""};
    std::memcpy(address.sun_path, path.data(), path.size());
    return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

Result<UniqueFd> connect_to(const std::string& where)
{
    constexpr std::string_view local = "unix:";
    if (where.starts_with(local)) return connect_local(where.substr(local.size()));
    const auto colon = where.rfind(':');
    if (colon == std::string::npos) return Error{where + " names no port", ""};
    auto name = where.substr(0, colon);
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(name.c_str(), where.c_str() + colon + 1, &hints, &found); code != 0)
        return Error{"can't find " + name + ": " + ::gai_strerror(code), ""};
    Result<UniqueFd> connected = Error{"no address", ""};
    for (const auto* each = found; each != nullptr; each = each->ai_next) {
        connected = connect_to(each->ai_family, each->ai_addr, each->ai_addrlen);
        if (connected) break;
    }
    ::freeaddrinfo(found);
    return connected;
}

Error handshake_error()
{
    const auto code = ERR_peek_last_error();
    const int at = errno;
    ERR_clear_error();
    if (code != 0) return Error{std::string("no TLS: ") + ERR_reason_error_string(code), ""};
    return at == EAGAIN ? Error{"no TLS: no answer within " + std::to_string(wait_seconds) + " seconds", ""} : Error{"no TLS: the connection was closed", ""};
}

// OpenSSL's name for an index of ours.
int flag_index()
{
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

int take_session(SSL* ssl, SSL_SESSION*)
{
    *static_cast<bool*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), flag_index())) = true;
    return 0;
}

bool is_name(const std::string& host)
{
    return !host.empty() && host.find_first_not_of("0123456789.") != std::string::npos && host.find(':') == std::string::npos && !host.starts_with('[');
}

// What can't be read of it is not trusted.
void trust(SSL_CTX* context, const std::string& issuers)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> from(BIO_new_mem_buf(issuers.data(), static_cast<int>(issuers.size())), &BIO_free);
    while (from) {
        const std::unique_ptr<X509, decltype(&X509_free)> issuer(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr), &X509_free);
        if (!issuer) break;
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), issuer.get());
    }
    ERR_clear_error();
}

}  // namespace

bool time_is_over()
{
    static const auto begun = std::chrono::steady_clock::now();
    return std::chrono::steady_clock::now() - begun > std::chrono::seconds(whole_seconds);
}

Result<UniqueFd> dial(const Target& target)
{
    if (time_is_over()) return Error{"no answer within " + std::to_string(whole_seconds) + " seconds", ""};
    auto fd = connect_to(target.address);
    if (!fd || !target.proxy_header) return fd;
    if (const auto sent = write_full(fd->get(), local_header); !sent) return sent.error();
    return fd;
}

Result<TlsConnection> TlsConnection::make(const Target& target, const Offer& offer)
{
    auto fd = dial(target);
    if (!fd) return fd.error();
    TlsConnection made;
    made.fd_ = *std::move(fd);
    made.context_.reset(SSL_CTX_new(TLS_client_method()));
    auto* context = made.context_.get();
    if (context == nullptr) return Error{"TLS can't begin", ""};
    SSL_CTX_clear_options(context, SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);  // what the chain is worth is told, not required
    SSL_CTX_set_default_verify_paths(context);
    trust(context, target.issuers);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_ex_data(context, flag_index(), made.ticket_.get());
    SSL_CTX_sess_set_new_cb(context, take_session);
    SSL_CTX_set_min_proto_version(context, offer.lowest);
    SSL_CTX_set_max_proto_version(context, offer.highest);
    if (!offer.ciphers.empty() && SSL_CTX_set_cipher_list(context, (offer.ciphers + anything).c_str()) != 1) {
        ERR_clear_error();
        return Error{"not offered by this machine's OpenSSL", ""};
    }
    made.ssl_.reset(SSL_new(context));
    if (!made.ssl_ || SSL_set_fd(made.ssl_.get(), made.fd_.get()) != 1) return Error{"TLS can't begin", ""};
    // SSL_set_tlsext_host_name() without its cast.
    if (auto name = target.host; is_name(name)) SSL_ctrl(made.ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    ERR_clear_error();
    errno = 0;
    if (SSL_connect(made.ssl_.get()) != 1) return handshake_error();
    return made;
}

bool TlsConnection::send(std::string_view text)
{
    std::size_t sent = 0;
    const bool done = SSL_write_ex(ssl_.get(), text.data(), text.size(), &sent) == 1 && sent == text.size();
    ERR_clear_error();
    return done;
}

std::string TlsConnection::receive(std::size_t max)
{
    std::string text;
    std::array<char, 16384> piece{};
    std::size_t count = 0;
    while (text.size() < max && SSL_read_ex(ssl_.get(), piece.data(), std::min(piece.size(), max - text.size()), &count) == 1) text.append(piece.data(), count);
    ERR_clear_error();
    return text;
}

std::string exchange_plainly(int fd, std::string_view text, std::size_t max)
{
    if (!write_full(fd, as_bytes(text))) return {};
    std::string answer(max, '\0');
    std::size_t size = 0;
    while (size < max) {
        const auto count = ::read(fd, answer.data() + size, max - size);
        if (count <= 0) break;
        size += static_cast<std::size_t>(count);
    }
    answer.resize(size);
    return answer;
}

}  // namespace amana::outsider
