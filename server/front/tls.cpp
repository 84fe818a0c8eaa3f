// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/tls.hpp"

#include "server/front/stream.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>

namespace amana::front {

namespace {

// RFC 9325's recommended suites for TLS 1.2: forward secrecy and AEAD. TLS 1.3 has no others.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
// The hybrid first, where this OpenSSL has it (3.5).
constexpr const char* hybrid_groups = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* groups = "X25519:P-256:P-384";

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

// The leaf and its key go in together, since a context holds one of each kind.
Result<void> load_pair(SSL_CTX* context, const wire::Certificate& pair)
{
    const auto bio = reader_of(pair.chain);
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
    const auto key_bio = reader_of(pair.private_key);
    const PrivateKey key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
    if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        return tls_error("can't use the certificate's private key");
    return {};
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const
{
    SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::create(std::span<const wire::Certificate> certificates)
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
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(Stream::on_server_name));
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_http1, nullptr);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_set_max_early_data(context, 0) != 1 || SSL_CTX_set_block_padding(context, record_padding_bytes) != 1 || SSL_CTX_set_cipher_list(context, tls12_ciphers) != 1 ||
        (SSL_CTX_set1_groups_list(context, hybrid_groups) != 1 && SSL_CTX_set1_groups_list(context, groups) != 1))
        return tls_error("can't set TLS up");
    ERR_clear_error();
    for (const auto& pair : certificates)
        if (const auto loaded = load_pair(context, pair); !loaded) return loaded.error();
    return tls;
}

bool has_hybrid()
{
    const std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> context(SSL_CTX_new(TLS_server_method()));
    const bool has = context && SSL_CTX_set1_groups_list(context.get(), hybrid_groups) == 1;
    ERR_clear_error();
    return has;
}

const TlsContext* TlsNames::of(std::string_view server_name) const
{
    if (server_name.empty()) return nameless_ ? names_.front().context.get() : nullptr;
    const auto found = std::ranges::find_if(names_, [&](const Name& name) { return name.host.empty() || name.host == server_name; });
    return found == names_.end() ? nullptr : found->context.get();
}

}  // namespace amana::front
