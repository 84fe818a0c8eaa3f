// SPDX-License-Identifier: AGPL-3.0-or-later
// Listeners of every kind, as a whole front serves them: behind a proxy that passes TLS through, behind one that ends it, on port 80,
// and by several names.
#include "tests/server/front/asking.hpp"
#include "tests/server/front/front.hpp"
#include "tests/server/front/reporting.hpp"
#include "tests/support/catch.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace amana::front::test {

namespace {

using Catch::Contains;
using Catch::StartsWith;
using namespace std::string_literals;

const std::string get_page = "GET /en/ HTTP/1.1\r\nHost: report.example.org\r\nConnection: close\r\n\r\n";
const std::string health = "GET /healthz HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n";
const std::string header = "PROXY TCP4 192.0.2.1 198.51.100.7 49152 443\r\n";

std::string get_from(const std::string& host, const std::string& fields = "", const std::string& target = "/en/")
{
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "Connection: close\r\n\r\n";
}

// Says this, without TLS, and hears until the end.
std::string say_plainly(std::uint16_t port, const std::string& text)
{
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{20, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    ::shutdown(fd.get(), SHUT_WR);
    std::string heard;
    std::array<char, 4096> room{};
    for (ssize_t count = 0; (count = ::recv(fd.get(), room.data(), room.size(), 0)) > 0;) heard.append(room.data(), static_cast<std::size_t>(count));
    return heard;
}

Front::Options with(wire::ListenerSlice listener, std::vector<Front::Options::Address> addresses = {Front::Options::Address()})
{
    Front::Options options;
    options.scripts = true;  // and so in English alone, which is quick
    options.listener = std::move(listener);
    options.addresses = std::move(addresses);
    return options;
}

wire::ListenerSlice proxied()
{
    wire::ListenerSlice listener;
    listener.proxy = true;
    listener.peers = {wire::Network::parse("127.0.0.0/8").value()};
    return listener;
}

wire::ListenerSlice plain(std::string forwarded = {})
{
    wire::ListenerSlice listener;
    listener.tls = false;
    listener.forwarded = std::move(forwarded);
    return listener;
}

// With a name in its handshake, or none. What it was answered, and which certificate it was shown; nothing when it was refused.
struct Shown {
    std::string name;  // of the certificate
    std::string answer;
};
std::optional<Shown> ask_by(std::uint16_t port, const char* name, const std::string& request)
{
    Client client(port);
    if (name != nullptr) SSL_set_tlsext_host_name(client.ssl(), name);
    if (!client.handshake()) return std::nullopt;
    const auto* certificate = SSL_get0_peer_certificate(client.ssl());
    std::array<char, 256> common_name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common_name.data(), common_name.size());
    client.write(request);
    return Shown{common_name.data(), client.read_all()};
}

std::vector<Front::Options::Address> two_sites()
{
    static const auto second = make_identity("mirror.example");
    return {{"https://report.example.org/", "http://abc.onion/"}, {"https://mirror.example.net/", "", &second}};
}

}  // namespace

TEST_CASE("Behind a PROXY header TLS begins, and the connection is served")
{
    Front front(with(proxied()));
    for (const auto& begin : {header, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\7\xc0\0\1\xbb"s, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s}) {
        Client client(front.port());
        client.write_raw(begin);
        REQUIRE(client.handshake());
        client.write(get_page);
        CHECK_THAT(client.read_all(), StartsWith("HTTP/1.1 200 OK"));
    }
}

TEST_CASE("Without its header, or with two, nothing is served")
{
    Front front(with(proxied()));
    Client without(front.port());
    CHECK(!without.handshake());
    Client twice(front.port());
    twice.write_raw(header + header);
    CHECK(!twice.handshake());
    CHECK(say_plainly(front.port(), get_page).empty());
    CHECK(say_plainly(front.port(), header.substr(0, 20)).empty());
    CHECK(say_plainly(front.port(), header).empty());
    CHECK_THAT(say_plainly(front.port(), header + get_page), StartsWith("HTTP/1.1 400"));  // plain HTTP, behind a good one
}

TEST_CASE("The source is the one that the header names, and connections of one network stay one")
{
    Front front(with(proxied()));
    auto& sources = front.shared().common.limits.sources();
    std::vector<std::unique_ptr<Client>> clients;
    for (const auto* source : {"192.0.2.1", "192.0.2.77", "203.0.113.1", "198.51.100.1"}) {
        auto& client = clients.emplace_back(std::make_unique<Client>(front.port()));
        client->write_raw("PROXY TCP4 "s + source + " 198.51.100.7 49152 443\r\n");
        REQUIRE(client->handshake());
    }
    // The proxy's own goes when the last of them has shaken hands there, too.
    const auto are = [&](std::size_t count) {
        for (int i = 0; i < 500 && sources.size() != count; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return sources.size() == count;
    };
    CHECK(are(3));
    Client of_the_proxy(front.port());
    of_the_proxy.write_raw("PROXY UNKNOWN\r\n");
    REQUIRE(of_the_proxy.handshake());
    CHECK(are(4));
}

TEST_CASE("Who is none of the peers is not served")
{
    auto listener = proxied();
    listener.peers = {wire::Network::parse("10.0.0.0/8").value()};
    Front front(with(listener));
    Client client(front.port());
    client.write_raw(header);
    CHECK(!client.handshake());
}

TEST_CASE("A PROXY header where none is expected is not taken for one")
{
    Front front(with(wire::ListenerSlice()));
    Client client(front.port());
    client.write_raw(header);
    CHECK(!client.handshake());
    Front plain_one(with(plain()));
    CHECK(say_plainly(plain_one.port(), header + get_page).empty());
}

TEST_CASE("Plain HTTP at a TLS port is told so, and TLS at a plain port is not answered")
{
    Front front(with(wire::ListenerSlice()));
    const auto answer = say_plainly(front.port(), get_page);
    CHECK_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n") && Contains("Connection: close"));
    const auto length = std::stoul(answer.substr(answer.find("Content-Length: ") + 16));
    CHECK(answer.substr(answer.find("\r\n\r\n") + 4).size() == length);
    Front plain_one(with(plain()));
    Client client(plain_one.port());
    CHECK(!client.handshake());
}

TEST_CASE("Where another has ended TLS, the site is served without it, with reports")
{
    Front front(with(plain()));
    CHECK_THAT(say_plainly(front.port(), get_page), StartsWith("HTTP/1.1 200 OK"));
    const auto report = post_form(FormBody().story(story).end());
    CHECK_THAT(say_plainly(front.port(), report), StartsWith("HTTP/1.1 200 OK") || StartsWith("HTTP/1.1 303"));
    CHECK(front.stored() == 1);
    // A large one comes in pieces.
    const auto large = post_form(FormBody().story(story).file("f", std::string(3'000'000, 'x')).end());
    CHECK_THAT(say_plainly(front.port(), large), StartsWith("HTTP/1.1 200 OK") || StartsWith("HTTP/1.1 303"));
    CHECK(front.stored() == 2);
}

TEST_CASE("Each request has the source that the proxy names, and must have one")
{
    Front front(with(plain("X-Forwarded-For")));
    const auto from = [&](const std::string& fields) { return say_plainly(front.port(), get_from("a", fields)); };
    CHECK_THAT(from("X-Forwarded-For: 192.0.2.1\r\n"), StartsWith("HTTP/1.1 200"));
    CHECK_THAT(from("x-forwarded-for: 1.2.3.4, 2001:db8::1\r\n"), StartsWith("HTTP/1.1 200"));
    CHECK_THAT(from("X-Forwarded-For: unknown\r\nX-Forwarded-For: 192.0.2.1\r\n"), StartsWith("HTTP/1.1 200"));
    CHECK_THAT(from(""), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(from("X-Real-IP: 192.0.2.1\r\n"), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(from("X-Forwarded-For: unknown\r\n"), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(from("X-Forwarded-For: 192.0.2.1, \r\n"), StartsWith("HTTP/1.1 400"));
    // Nobody need say it who only looks whether somebody is there.
    CHECK_THAT(say_plainly(front.port(), health), StartsWith("HTTP/1.1 204"));
}

TEST_CASE("Requests behind one another may come from different sources")
{
    Front front(with(plain("X-Forwarded-For")));
    const auto one = [](const char* source) { return "GET /en/ HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: "s + source + "\r\n\r\n"; };
    const auto answers = say_plainly(front.port(), one("192.0.2.1") + one("203.0.113.1") + one("192.0.2.1") + get_from("a", "X-Forwarded-For: 2001:db8::1\r\n"));
    std::size_t found = 0;
    for (auto at = answers.find("HTTP/1.1 200 OK"); at != std::string::npos; at = answers.find("HTTP/1.1 200 OK", at + 1)) ++found;
    CHECK(found == 4);
    CHECK(front.shared().common.limits.connections().count() == 0);
}

TEST_CASE("A health check touches nothing")
{
    Front front(with(wire::ListenerSlice()));
    const auto answer = front.ask("GET /healthz HTTP/1.0\r\n\r\n");
    CHECK_THAT(answer.head, StartsWith("HTTP/1.1 204 No Content\r\n") && !Contains("Content-Length") && !Contains("Content-Type"));
    CHECK(front.asked() == 0);
    CHECK_THAT(front.ask("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n", true).head, StartsWith("HTTP/1.1 204"));
    CHECK_THAT(front.ask("PUT /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").head, StartsWith("HTTP/1.1 405"));
    const auto client = front.connect();
    // Answered while the body is still to come.
    client->write("POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 134217728\r\n\r\nabc");
    CHECK_THAT(client->read_until("\r\n\r\n"), StartsWith("HTTP/1.1 204 No Content\r\n") && Contains("Connection: close"));
}

TEST_CASE("A name that the site does not have is refused, in the handshake and in the request")
{
    Front front(with({}, two_sites()));
    const auto mine = ask_by(front.port(), "report.example.org", get_page);
    REQUIRE(mine);
    CHECK(mine->name == "front.example");
    CHECK_THAT(mine->answer, StartsWith("HTTP/1.1 200") && Contains("\r\nOnion-Location: http://abc.onion/\r\n") && Contains("\r\nStrict-Transport-Security: "));
    const auto mirror = ask_by(front.port(), "MIRROR.example.net", get_from("Mirror.Example.Net:8443"));
    REQUIRE(mirror);
    CHECK(mirror->name == "mirror.example");
    CHECK_THAT(mirror->answer, StartsWith("HTTP/1.1 200") && !Contains("Onion-Location") && !Contains("report.example.org"));
    CHECK(!ask_by(front.port(), "other.example.org", get_page));
    CHECK(!ask_by(front.port(), nullptr, get_page));
    for (const auto& request : {get_from("mirror.example.net"), get_from("report.example.org.evil.example"), get_from("127.0.0.1"), "GET /en/ HTTP/1.0\r\n\r\n"s}) {
        const auto crossed = ask_by(front.port(), "report.example.org", request);
        REQUIRE(crossed);
        CHECK_THAT(crossed->answer, StartsWith("HTTP/1.1 421 Misdirected Request\r\n") && Contains("Connection: close") && !Contains("Onion-Location") &&
                                        !Contains("Strict-Transport-Security"));
    }
    for (const auto* host : {"report.example.org.", "report.example.org:", "a@report.example.org", "report.example.org report.example.org", "report.example.org,mirror.example.net"})
        CHECK_THAT(ask_by(front.port(), "report.example.org", get_from(host))->answer, StartsWith("HTTP/1.1 400"));
}

TEST_CASE("An address in digits needs no name in the handshake")
{
    auto addresses = two_sites();
    addresses.push_back({"https://127.0.0.1:8443/"});
    Front front(with({}, addresses));
    const auto nameless = ask_by(front.port(), nullptr, get_from("127.0.0.1"));
    REQUIRE(nameless);
    CHECK_THAT(nameless->answer, StartsWith("HTTP/1.1 200"));
    CHECK(ask_by(front.port(), "mirror.example.net", get_from("mirror.example.net"))->name == "mirror.example");
    CHECK(!ask_by(front.port(), "other.example.org", get_page));
}

TEST_CASE("An onion address has neither HSTS nor a way to another")
{
    Front front(with(plain(), {{"http://abc.onion/"}}));
    const auto answer = say_plainly(front.port(), get_from("abc.onion"));
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200") && !Contains("Strict-Transport-Security") && !Contains("Onion-Location"));
    CHECK_THAT(say_plainly(front.port(), get_page), StartsWith("HTTP/1.1 421"));
}

TEST_CASE("A target that names the host once more must name the same")
{
    Front front(with(plain(), {{"https://report.example.org/"}}));
    const auto to = [&](const std::string& target, const std::string& host = "report.example.org") { return say_plainly(front.port(), get_from(host, "", target)).substr(0, 12); };
    CHECK(to("https://report.example.org/en/") == "HTTP/1.1 200");
    CHECK(to("HTTP://Report.example.org/en/") == "HTTP/1.1 200");
    CHECK(to("https://report.example.org") == "HTTP/1.1 200");
    CHECK(to("https://report.example.org?a") == "HTTP/1.1 200");
    CHECK(to("https://other.example.org/en/") == "HTTP/1.1 400");
    CHECK(to("https://report.example.org/en/", "other.example.org") == "HTTP/1.1 400");
    CHECK(to("https://report.example.org:8443/en/") == "HTTP/1.1 400");
    CHECK(to("https://a@report.example.org/en/") == "HTTP/1.1 400");
    CHECK(to("ftp://report.example.org/en/") == "HTTP/1.1 400");
    CHECK(to("report.example.org:443") == "HTTP/1.1 400");
    CHECK(to("//other.example.org/en/") == "HTTP/1.1 404");
    CHECK(to("*") == "HTTP/1.1 404");
}

TEST_CASE("Port 80 leads to the site, and says nothing more")
{
    auto listener = plain();
    listener.redirect = true;
    Front front(with(listener, two_sites()));
    const auto ask = [&](const std::string& request) { return say_plainly(front.port(), request); };
    const auto page = ask(get_from("report.example.org", "", "/en/help?utm=1"));
    CHECK_THAT(page, StartsWith("HTTP/1.1 308 Permanent Redirect\r\n") && Contains("\r\nLocation: https://report.example.org/en/help\r\n") && Contains("Content-Length: 0\r\n"));
    CHECK_THAT(page, !Contains("Onion") && !Contains("Set-Cookie") && !Contains("Strict-Transport") && Contains("Connection: close"));
    CHECK_THAT(ask(get_from("mirror.example.net:80", "", "/")), Contains("\r\nLocation: https://mirror.example.net/\r\n"));
    for (const auto* target : {"/nothing", "/en/nothing", "/ar/", "/xx/", "/\\evil.example", "//evil.example/", "/en/report/..%2f", "/?next=evil"})
        CHECK_THAT(ask(get_from("report.example.org", "", target)), Contains("\r\nLocation: https://report.example.org/\r\n"));
    CHECK_THAT(ask(get_from("evil.example")), StartsWith("HTTP/1.1 421") && !Contains("Location"));
    CHECK_THAT(ask("POST /ar/report HTTP/1.1\r\nHost: report.example.org\r\nContent-Length: 3\r\n\r\nabc"), StartsWith("HTTP/1.1 405") && !Contains("Location"));
    CHECK_THAT(ask(health), StartsWith("HTTP/1.1 204"));
}

TEST_CASE("Certificates that were renewed are shown to who comes, and no connection ends for it")
{
    static const auto renewed = make_identity("renewed.example");
    Front front(with({}, {{"https://report.example.org/"}}));
    Client before(front.port());
    SSL_set_tlsext_host_name(before.ssl(), "report.example.org");
    REQUIRE(before.handshake());
    const auto tls = [](const Identity& identity) {
        wire::TlsSlice slice;
        slice.certificates.emplace_back().push_back({secret(identity.certificate), secret(identity.private_key)});
        return slice;
    };
    CHECK(front.shared().show(tls(renewed)).has_value());
    CHECK(ask_by(front.port(), "report.example.org", get_page)->name == "renewed.example");
    before.write(get_page);
    CHECK_THAT(before.read_all(), StartsWith("HTTP/1.1 200"));
    // What can't be shown changes nothing.
    CHECK(!front.shared().show(tls({renewed.certificate, identity().private_key})).has_value());
    CHECK(!front.shared().show({}).has_value());
    CHECK(ask_by(front.port(), "report.example.org", get_page)->name == "renewed.example");
}

}  // namespace amana::front::test
