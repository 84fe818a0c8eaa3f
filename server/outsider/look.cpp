// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/outsider/look.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <csignal>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

namespace amana::outsider {

namespace {

namespace json = boost::json;
namespace http = boost::beast::http;

constexpr std::size_t max_answer_bytes = 64 * 1024;
constexpr std::uint32_t max_head_bytes = 16 * 1024;
constexpr std::size_t max_headers = 64;

// No forward secrecy, no AEAD, no authentication or no encryption (RFC 9325, 4.1 and 4.2), each offered alone.
constexpr std::array weak_ciphers{"AES128-SHA", "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES256-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
                                  "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "DHE-RSA-AES128-SHA", "AECDH-AES128-SHA", "ADH-AES128-SHA", "NULL-SHA256"};

std::string request_for(const Target& target, const std::string& path)
{
    const auto host = target.host.empty() ? target.address : target.host;
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + (target.header.empty() ? "" : target.header + "\r\n") + "Accept: text/html\r\nConnection: close\r\n\r\n";
}

std::string hex(const unsigned char* bytes, std::size_t size)
{
    return to_hex({bytes, size});
}

std::int64_t unix_time(const ASN1_TIME* time)
{
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

void tell_certificate(const TlsConnection& connection, const Target& target, json::object& into)
{
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(connection.ssl()), &X509_free);
    if (!certificate) return;
    into["begins"] = unix_time(X509_get0_notBefore(certificate.get()));
    into["ends"] = unix_time(X509_get0_notAfter(certificate.get()));
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (size > 0 && EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &length, EVP_sha256(), nullptr) == 1) into["key"] = hex(digest.data(), length);
    OPENSSL_free(der);
    if (!target.host.empty())
        into["name-fits"] = X509_check_host(certificate.get(), target.host.data(), target.host.size(), 0, nullptr) == 1 || X509_check_ip_asc(certificate.get(), target.host.c_str(), 0) == 1;
    const auto verified = SSL_get_verify_result(connection.ssl());
    into["distrust"] = verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified);
}

// Asks for a new handshake in the middle, as TLS 1.2 has it. A server that refuses says so, or ends the connection, or goes on as if
// nothing had been asked: so what counts is whether it begins one.
bool renegotiates(const Target& target)
{
    auto connection = TlsConnection::make(target, {TLS1_2_VERSION, 0, ""});
    if (!connection) return false;
    if (SSL_renegotiate(connection->ssl()) != 1) {
        ERR_clear_error();
        return false;
    }
    const bool done = SSL_do_handshake(connection->ssl()) == 1 && SSL_renegotiate_pending(connection->ssl()) == 0;
    ERR_clear_error();
    return done;
}

void tell_what_is_taken(const Target& target, json::object& into)
{
    json::array old;
    for (const auto& [version, name] : std::array{std::pair{TLS1_VERSION, "TLS 1.0"}, std::pair{TLS1_1_VERSION, "TLS 1.1"}})
        if (TlsConnection::make(target, {version, version, "ALL:COMPLEMENTOFALL"})) old.emplace_back(name);
    into["old-protocols"] = std::move(old);
    json::array weak;
    for (const auto* cipher : weak_ciphers)
        if (TlsConnection::make(target, {TLS1_2_VERSION, TLS1_2_VERSION, cipher})) weak.emplace_back(cipher);
    into["weak-ciphers"] = std::move(weak);
    into["renegotiates"] = renegotiates(target);
    // TLS 1.2 says in the handshake whether it would know a visitor again.
    if (const auto connection = TlsConnection::make(target, {TLS1_2_VERSION, 0, ""}); connection && connection->got_ticket()) into["tickets"] = true;
}

std::string group_of(SSL* ssl)
{
    const auto number = SSL_get_negotiated_group(ssl);
    const auto* name = number == 0 ? nullptr : SSL_group_to_name(ssl, static_cast<int>(number));
    return name == nullptr ? "" : name;
}

// A port of TLS that answers an HTTP request without it, with a page or a redirect. A refusal (400 and above) is none.
bool answers_plainly(const Target& target)
{
    const auto fd = dial(target);
    if (!fd) return false;
    const auto answer = read_answer("/", exchange_plainly(fd->get(), request_for(target, "/"), max_answer_bytes));
    return answer && answer->at("status").to_number<unsigned>() < 400;
}

}  // namespace

std::optional<json::object> read_answer(const std::string& path, const std::string& bytes)
{
    http::response_parser<http::empty_body> parser;
    parser.header_limit(max_head_bytes);
    parser.skip(true);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(bytes), error);
    if (!parser.is_header_done()) return std::nullopt;
    json::array headers;
    for (const auto& field : parser.get()) {
        if (headers.size() == max_headers) break;
        std::string name(field.name_string());
        std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        // What is not ASCII would be no JSON.
        std::string value(field.value());
        std::replace_if(value.begin(), value.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
        headers.push_back(json::array{json::string(name), json::string(value)});
    }
    return json::object{{"path", path}, {"status", parser.get().result_int()}, {"headers", std::move(headers)}};
}

json::object look_at_tls(const Target& target, const std::vector<std::string>& paths)
{
    json::object seen{{"reached", false}};
    json::array answers;
    bool tickets = false;
    for (const auto& path : paths) {
        auto connection = TlsConnection::make(target, {});
        if (!connection) {
            if (!seen.contains("protocol")) seen["problem"] = connection.error().message;
            break;
        }
        auto* ssl = connection->ssl();
        if (!seen.contains("protocol")) {
            seen["reached"] = true;
            seen["protocol"] = SSL_get_version(ssl);
            seen["modern"] = SSL_version(ssl) >= TLS1_3_VERSION;  // all was offered
            seen["cipher"] = SSL_get_cipher_name(ssl);
            seen["group"] = group_of(ssl);
            seen["compression"] = SSL_get_current_compression(ssl) != nullptr;
            tell_certificate(*connection, target, seen);
        }
        const auto bytes = connection->send(request_for(target, path)) ? connection->receive(max_answer_bytes) : std::string();
        tickets = tickets || connection->got_ticket();
        if (auto answer = read_answer(path, bytes)) answers.push_back(*std::move(answer));
    }
    seen["answers"] = std::move(answers);
    seen["tickets"] = tickets;
    if (!seen.at("reached").as_bool()) return seen;
    tell_what_is_taken(target, seen);
    seen["plain-answer"] = answers_plainly(target);
    return seen;
}

json::object look_plainly(const Target& target, const std::vector<std::string>& paths)
{
    json::object seen{{"reached", false}};
    json::array answers;
    for (const auto& path : paths) {
        const auto fd = dial(target);
        if (!fd) {
            seen["problem"] = fd.error().message;
            break;
        }
        seen["reached"] = true;
        if (auto answer = read_answer(path, exchange_plainly(fd->get(), request_for(target, path), max_answer_bytes))) answers.push_back(*std::move(answer));
    }
    seen["answers"] = std::move(answers);
    return seen;
}

}  // namespace amana::outsider
