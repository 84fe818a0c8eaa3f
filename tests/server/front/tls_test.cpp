// SPDX-License-Identifier: AGPL-3.0-or-later
// TLS as others meet it: which versions, what is remembered of a connection (nothing), deadlines, and how it ends.
#include "tests/server/front/tls_pair.hpp"
#include "tests/support/catch.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <future>
#include <thread>

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

bool usable(const std::string& certificate, const std::string& key)
{
    return make_context(certificate, key).has_value();
}

std::string error_of(const std::string& certificate, const std::string& key)
{
    const auto context = make_context(certificate, key);
    return context ? "" : context.error().text();
}

// What both ends say of a handshake.
struct Greeting {
    bool client;
    bool server;
};
Greeting greet(asio::io_context& context, Client& client, Stream& server)
{
    auto greeting = std::async(std::launch::async, [&] { return client.handshake(); });
    server.set_deadline(Stream::Clock::now() + patience);
    const bool served = run(context, server.handshake(many_turns(), source())).has_value();
    run(context, server.close());
    return {greeting.get(), served};
}
Greeting greet(const Client::Options& options)
{
    asio::io_context context;
    Listener listener;
    Client client(listener.port(), options);
    const auto server = accept_from(context, listener);
    return greet(context, client, *server);
}

Client::Options version(int only)
{
    Client::Options options;
    options.min_version = options.max_version = only;
    return options;
}

std::string pem_key(int bits)
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(static_cast<unsigned>(bits)), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr, const_cast<char*>("passphrase"));
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

asio::awaitable<Result<void, IoFailure>> echo(Stream& stream, std::size_t count)
{
    Bytes bytes(count);
    std::size_t filled = 0;
    while (filled < count) {
        const auto read = co_await stream.read(MutableBytes(bytes).subspan(filled));
        if (!read) co_return read.error();
        filled += *read;
    }
    co_return co_await stream.write(bytes);
}

template <typename T>
bool timed_out(const Result<T, IoFailure>& result)
{
    return result.has_error() && result.error() == IoFailure::timed_out;
}

}  // namespace

TEST_CASE("What can't be a certificate and its key is an error that says so")
{
    const auto& [certificate, key] = identity();
    const auto other = make_identity("other.example");
    CHECK(usable(certificate, key));
    CHECK(usable(certificate + other.certificate, key));
    CHECK(usable("a comment\n" + certificate + "\nanother\n", key));
    for (const auto& bad : {std::string(), std::string("nothing"), key, certificate.substr(0, certificate.size() / 2),
                            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + certificate}) {
        INFO(bad);
        CHECK(error_of(bad, key).starts_with("can't use the certificate:"));
    }
    auto damaged = other.certificate;
    damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'A' ? 'B' : 'A';
    auto torn = other.certificate;
    torn.replace(torn.size() / 2, 4, "!!!!");
    CHECK(error_of(certificate + torn, key).starts_with("can't use the certificate's chain:"));
    CHECK(error_of(certificate + other.certificate.substr(0, 200), key).starts_with("can't use the certificate's chain:"));
    CHECK(error_of(certificate + other.certificate + torn, key).starts_with("can't use the certificate's chain:"));
    for (const auto& bad : {std::string(), std::string("nothing"), certificate, other.private_key, key.substr(0, key.size() / 2), pem_key(2048)}) {
        INFO(bad);
        CHECK(error_of(certificate, bad).starts_with("can't use the certificate's private key:"));
    }
    // The chain's order matters: the key belongs to the first.
    CHECK(!usable(other.certificate + certificate, key));
}

TEST_CASE("TLS 1.3 and 1.2, nothing older")
{
    CHECK(greet(version(TLS1_3_VERSION)).client);
    CHECK(greet(version(TLS1_2_VERSION)).client);
    CHECK(greet(version(TLS1_2_VERSION)).server);
    CHECK(!greet(version(TLS1_1_VERSION)).client);
    CHECK(!greet(version(TLS1_1_VERSION)).server);
    CHECK(!greet(version(TLS1_VERSION)).server);
}

TEST_CASE("Of TLS 1.2 only what keeps old traffic closed")
{
    asio::io_context context;
    TlsPair pair(context, version(TLS1_2_VERSION));
    const std::string cipher = SSL_get_cipher_name(pair.client->ssl());
    CHECK(cipher.starts_with("ECDHE-"));
    CHECK((cipher.find("GCM") != std::string::npos || cipher.find("CHACHA20") != std::string::npos));
    CHECK(SSL_get_secure_renegotiation_support(pair.client->ssl()) == 1);
    CHECK(SSL_get_current_compression(pair.client->ssl()) == nullptr);
}

TEST_CASE("Nothing lets a connection be linked to another")
{
    const int only = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    asio::io_context context;
    TlsPair pair(context, version(only));
    REQUIRE(pair.client->write("x"));
    CHECK(run(context, echo(*pair.server, 1)).has_value());
    CHECK(pair.client->read() == "x");  // by now a ticket would have come
    const auto* session = SSL_get_session(pair.client->ssl());
    CHECK(SSL_SESSION_has_ticket(session) == 0);
    unsigned id_size = 0;
    SSL_SESSION_get_id(session, &id_size);
    CHECK(id_size == 0);
    CHECK(SSL_SESSION_is_resumable(session) == 0);
    CHECK(SSL_SESSION_get_max_early_data(session) == 0);
}

TEST_CASE("HTTP/1.1 by ALPN, or without")
{
    const auto chosen = [](const std::string& offered) -> std::string {
        asio::io_context context;
        Client::Options options;
        options.alpn = offered;
        TlsPair pair(context, options);
        const unsigned char* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(pair.client->ssl(), &name, &size);
        return {reinterpret_cast<const char*>(name), size};
    };
    CHECK(chosen("\x08http/1.1") == "http/1.1");
    CHECK(chosen(std::string("\x02h2\x08http/1.1")) == "http/1.1");
    CHECK(chosen("").empty());
    Client::Options h2;
    h2.alpn = "\x02h2";
    CHECK(!greet(h2).client);
}

TEST_CASE("What is no TLS ends in an error, and at once")
{
    asio::io_context context;
    Listener listener;
    Client client(listener.port());
    const auto server = accept_from(context, listener);
    REQUIRE(client.write_raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    server->set_deadline(Stream::Clock::now() + patience);
    const auto greeted = run(context, server->handshake(many_turns(), source()));
    REQUIRE(greeted.has_error());
    CHECK(greeted.error() == IoFailure::broken);
    run(context, server->close());
}

TEST_CASE("Large messages pass both ways in order")
{
    asio::io_context context;
    TlsPair pair(context);
    std::string sent(3'000'000, ' ');
    auto random = seeded_generator();
    for (auto& c : sent) c = static_cast<char>(random());
    // The server answers when all has come, so that neither waits for the other.
    auto client = std::async(std::launch::async, [&] { return pair.client->write(sent); });
    pair.server->set_deadline(Stream::Clock::now() + patience);
    auto answered = std::async(std::launch::async, [&] { return run(context, echo(*pair.server, sent.size())).has_value(); });
    CHECK(client.get());
    std::string received;
    while (received.size() < sent.size()) {
        const auto piece = pair.client->read();
        if (piece.empty()) break;
        received += piece;
    }
    CHECK(answered.get());
    CHECK((received == sent));
}

TEST_CASE("Every wait ends at its deadline")
{
    asio::io_context context;
    const auto soon = [] { return Stream::Clock::now() + 50ms; };
    {
        Listener listener;
        Client client(listener.port());
        const auto server = accept_from(context, listener);
        server->set_deadline(soon());
        CHECK(timed_out(run(context, server->handshake(many_turns(), source()))));
        REQUIRE(client.write_raw("\x16\x03\x01"));  // a handshake that goes no further
        server->set_deadline(soon());
        CHECK(timed_out(run(context, server->handshake(many_turns(), source()))));
        run(context, server->close());
    }
    Client::Options slow;
    slow.receive_buffer = 4096;
    TlsPair pair(context, slow);
    auto& server = *pair.server;
    server.set_deadline(soon());
    CHECK(timed_out(run(context, server.readable())));
    Bytes buffer(100);
    server.set_deadline(soon());
    CHECK(timed_out(run(context, server.read(buffer))));
    // A deadline brought forward ends the wait when it says, and one put off does not end it.
    server.set_deadline(Stream::Clock::now() + patience);
    server.set_deadline(soon());
    CHECK(timed_out(run(context, server.read(buffer))));
    server.set_deadline(soon());
    server.set_deadline(Stream::Clock::now() + patience);
    auto late = std::async(std::launch::async, [&] {
        std::this_thread::sleep_for(150ms);
        return pair.client->write("late");
    });
    CHECK(must(run(context, server.read(buffer))) == 4);
    CHECK(late.get());
    // After a deadline has passed another may be set: this is how a timeout is answered.
    server.set_deadline(Stream::Clock::now() + patience);
    CHECK(run(context, server.write(as_bytes("408"))).has_value());
    CHECK(pair.client->read() == "408");
    // One who does not read what is sent.
    const Bytes much(8'000'000);
    server.set_deadline(soon());
    CHECK(timed_out(run(context, server.write(much))));
    run(context, server.close());
}

TEST_CASE("cancel() ends a wait at once")
{
    asio::io_context context;
    TlsPair pair(context);
    pair.server->set_deadline(Stream::Clock::now() + patience);
    asio::steady_timer timer(context, 50ms);
    timer.async_wait([&](auto) { pair.server->cancel(); });
    const auto begun = Stream::Clock::now();
    const auto ended = run(context, pair.server->readable());
    REQUIRE(ended.has_error());
    CHECK(ended.error() == IoFailure::closed);
    CHECK(Stream::Clock::now() - begun < 10s);
}

TEST_CASE("How a peer ends it")
{
    asio::io_context context;
    Bytes buffer(100);
    {
        TlsPair pair(context);
        pair.server->set_deadline(Stream::Clock::now() + patience);
        pair.client->close_notify();
        const auto read = run(context, pair.server->read(buffer));
        REQUIRE(read.has_error());
        CHECK(read.error() == IoFailure::closed);
        run(context, pair.server->close());
    }
    TlsPair pair(context);
    pair.server->set_deadline(Stream::Clock::now() + patience);
    pair.client->shutdown_send();  // somebody on the way may have cut it
    const auto read = run(context, pair.server->read(buffer));
    REQUIRE(read.has_error());
    CHECK(read.error() == IoFailure::broken);
    run(context, pair.server->close());
}

TEST_CASE("close() lets the client read the answer, though it is still sending")
{
    asio::io_context context;
    TlsPair pair(context);
    pair.server->set_deadline(Stream::Clock::now() + patience);
    const std::string answer(100'000, 'a');
    auto client = std::async(std::launch::async, [&] {
        // More than the server reads before it answers, and some while it closes: enough for a reset to be sent if it
        // closed with bytes unread.
        const bool sent = pair.client->write(std::string(200'000, 'x'));
        return std::pair(sent, pair.client->read_all());
    });
    const auto serve = [&]() -> asio::awaitable<void> {
        Bytes buffer(1000);
        (void)co_await pair.server->read(buffer);
        (void)co_await pair.server->write(as_bytes(answer));
        co_await pair.server->close();
    };
    run(context, serve());
    const auto [sent, received] = client.get();
    CHECK(sent);
    CHECK(received.size() == answer.size());
    CHECK(pair.client->ended_politely());
}

TEST_CASE("close() does not wait for one that never ends")
{
    asio::io_context context;
    TlsPair pair(context);
    const auto begun = Stream::Clock::now();
    run(context, pair.server->close());
    const auto took = Stream::Clock::now() - begun;
    CHECK(took < 20s);
    CHECK(pair.client->read_all().empty());
    CHECK(pair.client->ended_politely());
}

}  // namespace amana::front::test
