// SPDX-License-Identifier: AGPL-3.0-or-later
// PROXY headers: those of the specification and of the proxies that are in use, in any cut, to the byte; and what is none.
#include "tests/support/catch.hpp"

#include "server/front/forwarded.hpp"
#include "server/front/proxy_header.hpp"

#include <array>
#include <optional>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace amana::front::test {

namespace {

using namespace std::string_literals;

struct Read {
    ProxyHeader::State state = ProxyHeader::State::unfinished;
    std::optional<ProxyFailure> failure;
    std::string source;  // empty: none
    std::size_t taken = 0;
    bool operator==(const Read&) const = default;
};

std::string address_of(const sockaddr_storage& address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) return ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(), text.size());
    if (address.ss_family == AF_INET6) return ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text.data(), text.size());
    return {};
}

// In pieces of `piece` bytes.
Read read(std::string_view bytes, std::size_t piece)
{
    ProxyHeader header;
    std::size_t taken = 0;
    while (header.state() == ProxyHeader::State::unfinished && taken < bytes.size()) taken += header.put(as_bytes(bytes.substr(taken, piece)));
    Read all{header.state(), std::nullopt, address_of(header.source()), taken};
    if (all.state == ProxyHeader::State::failed) {
        all.failure = header.failure();
        all.taken = 0;  // which means nothing
    }
    return all;
}

// The header is followed by what belongs to the client, which must stay where it is; and read alike however it comes.
Read read(const std::string& header, const std::string& behind = "\x16\x03\x01")
{
    const auto whole = read(header + behind, header.size() + behind.size());
    for (std::size_t piece = 1; piece <= header.size(); ++piece) CHECK(read(header + behind, piece) == whole);
    return whole;
}

void is_from(const std::string& source, const std::string& header)
{
    INFO(to_hex(as_bytes(header)));
    CHECK(read(header) == Read{ProxyHeader::State::done, std::nullopt, source, header.size()});
    // A header cut short is no header yet; never another one.
    for (std::size_t size = 0; size < header.size(); ++size) CHECK(read(header.substr(0, size), 1).state == ProxyHeader::State::unfinished);
}

void is_none(ProxyFailure failure, const std::string& bytes)
{
    INFO(to_hex(as_bytes(bytes)));
    const auto found = read(bytes, bytes.size());
    CHECK(found.failure == failure);
}

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string number(std::size_t value, std::size_t bytes)
{
    std::string out;
    while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
    return out;
}

std::string binary(char command, char family, const std::string& behind)
{
    return signature + command + family + number(behind.size(), 2) + behind;
}

std::string value(unsigned char type, const std::string& bytes)
{
    return static_cast<char>(type) + number(bytes.size(), 2) + bytes;
}

const std::string addresses4 = "\xc0\x00\x02\x01\xc6\x33\x64\x07\xc0\x00\x01\xbb"s;  // 192.0.2.1:49152, 198.51.100.7:443
const std::string addresses6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" + std::string(15, '\0') + "\x01\xc0\x00\x01\xbb"s;

}  // namespace

TEST_CASE("Version 1")
{
    is_from("192.0.2.1", "PROXY TCP4 192.0.2.1 198.51.100.7 49152 443\r\n");
    is_from("255.255.255.255", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n");
    is_from("2001:db8::1", "PROXY TCP6 2001:db8::1 ::1 49152 443\r\n");
    is_from("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n");
    is_from("", "PROXY UNKNOWN\r\n");
    is_from("", "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n");
    // As Tor sends it, with the circuit's number in it.
    is_from("fc00:dead:beef:4dad::1:2a", "PROXY TCP6 fc00:dead:beef:4dad::1:2a ::1 42 443\r\n");
}

TEST_CASE("What is no header of version 1")
{
    const auto malformed = [](const std::string& bytes) {
        INFO(bytes);
        const auto found = read(bytes, bytes.size());
        CHECK(found.failure == ProxyFailure::malformed);
    };
    for (const auto* text : {"PROXY TCP4 192.0.2.1 198.51.100.7 49152 443\n", "PROXY TCP4 192.0.2.1 198.51.100.7 49152\r\n", "PROXY TCP4 192.0.2.1\r\n", "PROXY \r\n",
                             "PROXY TCP4 192.0.2.1 198.51.100.7 49152 443 \r\n", "PROXY TCP4  192.0.2.1 198.51.100.7 49152 443\r\n",
                             "PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 049 443\r\n",
                             "PROXY TCP4 192.0.2.1 198.51.100.7 -1 443\r\n", "PROXY TCP4 192.0.2 198.51.100.7 1 443\r\n",
                             "PROXY TCP4 2001:db8::1 ::1 1 443\r\n", "PROXY TCP6 192.0.2.1 198.51.100.7 1 443\r\n", "PROXY TCP5 192.0.2.1 198.51.100.7 1 443\r\n",
                             "PROXY tcp4 192.0.2.1 198.51.100.7 1 443\r\n", "PROXY UDP4 192.0.2.1 198.51.100.7 1 443\r\n", "PROXY UNKNOWNS\r\n"})
        malformed(text);
    malformed("PROXY UNKNOWN " + std::string(max_proxy_line_bytes, 'x'));
    malformed("PROXY TCP4 192.0.2.1\0 198.51.100.7 1 443\r\n"s);
}

TEST_CASE("What is no header at all, and what it is instead")
{
    is_none(ProxyFailure::tls, "\x16\x03\x01\x02\x00\x01\x00"s);
    is_none(ProxyFailure::http, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    is_none(ProxyFailure::http, "POST /ar/report HTTP/1.1\r\n");
    is_none(ProxyFailure::http, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    is_none(ProxyFailure::other, "SSH-2.0-OpenSSH_9.2\r\n");
    is_none(ProxyFailure::other, "\0"s);
    is_none(ProxyFailure::other, "\r\n\r\nGET / HTTP/1.1\r\n");
}

TEST_CASE("Version 2")
{
    is_from("192.0.2.1", binary(0x21, 0x11, addresses4));
    is_from("2001:db8::1", binary(0x21, 0x21, addresses6));
    is_from("", binary(0x21, 0x31, std::string(216, '/')));
    is_from("", binary(0x21, 0x00, ""));
    is_from("", binary(0x21, 0x00, value(0x04, std::string(20, '\0'))));
    // Whoever looks whether somebody is there.
    is_from("", binary(0x20, 0x00, ""));
    is_from("", binary(0x20, 0x11, addresses4));
    is_from("", binary(0x20, 0x00, "anything"));
}

TEST_CASE("Values behind the addresses are passed over, and bounded")
{
    const auto name = value(0x02, "report.example.org"), alpn = value(0x01, "h2"), tls = value(0x20, "\x01\0\0\0\0"s + value(0x21, "TLSv1.3"));
    is_from("192.0.2.1", binary(0x21, 0x11, addresses4 + name + alpn + tls + value(0x04, "") + value(0xea, "\x01" "vpce-1")));
    is_from("192.0.2.1", binary(0x21, 0x11, addresses4 + value(0xe0, std::string(1000, 'x'))));
    is_none(ProxyFailure::malformed, binary(0x21, 0x11, addresses4 + "\x02"));
    is_none(ProxyFailure::malformed, binary(0x21, 0x11, addresses4 + "\x02\x00\x05name"s));
    CHECK(read(binary(0x21, 0x11, addresses4 + value(0xe0, std::string(max_proxy_values_bytes, 'x'))), 4096).failure == ProxyFailure::malformed);
}

TEST_CASE("A checksum is verified where there is one")
{
    // CRC-32C of the whole, with zeros in its place.
    const auto with = [](const std::string& crc) { return binary(0x21, 0x11, addresses4 + value(0x03, crc)); };
    const auto sum = [&](const std::string& bytes) {
        std::uint32_t crc = ~0U;
        for (const char c : bytes) {
            crc ^= static_cast<unsigned char>(c);
            for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
        }
        return ~crc;
    };
    REQUIRE(sum("123456789") == 0xe3069283);  // the check value of CRC-32C (RFC 3720, appendix B.4 has others)
    const auto good = with(number(sum(with(std::string(4, '\0'))), 4));
    is_from("192.0.2.1", good);
    for (std::size_t i = 16; i < good.size(); ++i) {
        if (i >= 28 && i < 31) continue;  // its own head
        auto changed = good;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK(read(changed, changed.size()).failure == ProxyFailure::checksum);
    }
    CHECK(read(with("abc"), 4096).failure == ProxyFailure::malformed);
}

TEST_CASE("What is no header of version 2")
{
    for (const char command : "\x00\x11\x22\x2f\x31\xff"s) CHECK(read(binary(command, 0x11, addresses4), 64).failure == ProxyFailure::malformed);
    for (const char family : "\x41\xf1\x13\x1f"s) CHECK(read(binary(0x21, family, std::string(216, '\1')), 512).failure == ProxyFailure::malformed);
    CHECK(read(binary(0x21, 0x11, addresses4.substr(1)), 64).failure == ProxyFailure::malformed);
    CHECK(read(binary(0x21, 0x21, addresses4), 64).failure == ProxyFailure::malformed);
    auto other = binary(0x21, 0x11, addresses4);
    other[11] = 'x';
    CHECK(read(other, 64).failure == ProxyFailure::other);
}

TEST_CASE("What a connection begins with")
{
    CHECK(beginning_of(as_bytes("\x16\x03\x01")) == Beginning::tls);
    CHECK(beginning_of(as_bytes("GET / HTTP/1.1")) == Beginning::http);
    CHECK(beginning_of(as_bytes("PROXY TCP4 ")) == Beginning::proxy_header);
    CHECK(beginning_of(as_bytes(signature)) == Beginning::proxy_header);
    CHECK(beginning_of(as_bytes("PROXYS / HTTP/1.1")) == Beginning::http);
    CHECK(beginning_of(as_bytes("PUT /")) == Beginning::http);
    CHECK(beginning_of(as_bytes("\r\nGET /")) == Beginning::other);
    CHECK(beginning_of(as_bytes("get /")) == Beginning::other);
    CHECK(beginning_of({}) == Beginning::other);
}

TEST_CASE("A forwarded address is the last of its list")
{
    const auto of = [](std::string_view value) {
        Forwarded forwarded;
        forwarded.read(value);
        return forwarded.state() == Forwarded::State::known ? address_of(forwarded.source()) : std::string();
    };
    CHECK(of("192.0.2.1") == "192.0.2.1");
    CHECK(of("10.0.0.1, 203.0.113.9 ,\t192.0.2.1 ") == "192.0.2.1");
    CHECK(of("192.0.2.1:4711") == "192.0.2.1");
    CHECK(of("2001:db8::1") == "2001:db8::1");
    CHECK(of("x, [2001:db8::1]") == "2001:db8::1");
    CHECK(of("[2001:db8::1]:4711") == "2001:db8::1");
    for (const auto* bad : {"", " ", "unknown", "_hidden", "192.0.2.1,", "192.0.2", "192.0.2.1:", "192.0.2.1:x", "[2001:db8::1", "[2001:db8::1]x", "for=192.0.2.1",
                            "192.0.2.1 192.0.2.2", "2001:db8::1%eth0", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"})
        CHECK(of(bad).empty());
    Forwarded forwarded;
    CHECK(forwarded.state() == Forwarded::State::absent);
    forwarded.read("unknown");
    CHECK(forwarded.state() == Forwarded::State::unreadable);
    forwarded.read("192.0.2.1");
    forwarded.clear();
    CHECK((forwarded.state() == Forwarded::State::absent && address_of(forwarded.source()).empty()));
}

}  // namespace amana::front::test
