// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/proxy_header.hpp"

#include "base/reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace amana::front {

namespace {

constexpr std::string_view line_begin = "PROXY ";
constexpr std::array<Byte, 12> signature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr Byte tls_handshake = 0x16;  // RFC 8446, 5.1
constexpr Byte type_crc32c = 0x03;

constexpr std::size_t length_at = 14;
enum Command : Byte { local = 0x20, proxied = 0x21 };  // with the version
enum Family : std::size_t { unspecified = 0, ipv4 = 1, ipv6 = 2, unix_sockets = 3 };
constexpr std::array<std::size_t, 4> address_bytes{0, 12, 36, 216};

bool begins_as(ByteView bytes, ByteView whole)
{
    const auto size = std::min(bytes.size(), whole.size());
    return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size), whole.begin());
}

// A method and what it names; a request line has nothing else before its target.
bool is_http(ByteView bytes)
{
    const auto text = as_text(bytes);
    const auto space = text.find(' ');
    const auto method = text.substr(0, space);
    const bool letters = !method.empty() && std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; });
    return letters && method.size() <= 16 && (space != std::string_view::npos || method.size() < 16);
}

// CRC-32C (RFC 3385), by bits: a header is a few hundred bytes.
std::uint32_t crc32c(ByteView bytes, std::uint32_t crc)
{
    constexpr std::uint32_t polynomial = 0x82f63b78;
    for (const Byte byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    }
    return crc;
}

template <typename T>
std::optional<T> number(std::string_view text)
{
    T value{};
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view take_word(std::string_view& rest)
{
    const auto space = rest.find(' ');
    const auto word = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    return word;
}

}  // namespace

ProxyHeader::~ProxyHeader()
{
    wipe(bytes_);
    wipe({reinterpret_cast<Byte*>(&source_), sizeof source_});
}

void ProxyHeader::fail(ProxyFailure failure)
{
    state_ = State::failed;
    failure_ = failure;
}

std::size_t ProxyHeader::put(ByteView bytes)
{
    if (bytes.empty() || state_ != State::unfinished) return 0;
    const auto first = size_ > 0 ? bytes_[0] : bytes[0];
    return first == signature[0] ? put_binary(bytes) : put_line(bytes);
}

std::size_t ProxyHeader::put_line(ByteView bytes)
{
    const auto room = max_proxy_line_bytes - size_;
    const auto end = std::find(bytes.begin(), bytes.end(), Byte{'\n'});
    const auto taken = std::min(room, static_cast<std::size_t>(end - bytes.begin()) + (end == bytes.end() ? 0 : 1));
    std::copy_n(bytes.begin(), taken, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += taken;
    const auto all = ByteView(bytes_).first(size_);
    if (!begins_as(all, as_bytes(line_begin))) {
        switch (beginning_of(all)) {
        case Beginning::tls: fail(ProxyFailure::tls); break;
        case Beginning::http: fail(ProxyFailure::http); break;
        case Beginning::proxy_header:
        case Beginning::other: fail(ProxyFailure::other); break;
        }
    } else if (size_ > 0 && bytes_.at(size_ - 1) == '\n') {
        if (read_line()) state_ = State::done;
        else fail(ProxyFailure::malformed);
    } else if (size_ == max_proxy_line_bytes) {
        fail(ProxyFailure::malformed);
    }
    return taken;
}

// "PROXY TCP4 192.0.2.1 198.51.100.7 49152 443\r\n"; behind "PROXY UNKNOWN" stands what nobody is to read.
bool ProxyHeader::read_line()
{
    auto rest = as_text(ByteView(bytes_).first(size_));
    if (!rest.ends_with("\r\n")) return false;
    rest.remove_suffix(2);
    rest.remove_prefix(line_begin.size());
    const auto family = take_word(rest);
    if (family == "UNKNOWN") return true;
    if (family != "TCP4" && family != "TCP6") return false;
    const bool v6 = family == "TCP6";
    std::array<ByteArray<sizeof(in6_addr)>, 2> addresses{};
    bool good = true;
    for (auto& address : addresses) {
        std::array<char, INET6_ADDRSTRLEN> text{};
        const auto word = take_word(rest);
        good = good && word.size() < text.size() && word.find('\0') == std::string_view::npos;
        if (good) word.copy(text.data(), word.size());
        good = good && ::inet_pton(v6 ? AF_INET6 : AF_INET, text.data(), address.data()) == 1;
        wipe({reinterpret_cast<Byte*>(text.data()), text.size()});
    }
    good = good && number<std::uint16_t>(take_word(rest));
    good = good && number<std::uint16_t>(rest);
    if (good) good = read_addresses(v6 ? Family::ipv6 : Family::ipv4, ByteView(addresses[0]).first(v6 ? sizeof(in6_addr) : sizeof(in_addr)));
    for (auto& address : addresses) wipe(address);
    return good;
}

std::size_t ProxyHeader::put_binary(ByteView bytes)
{
    std::size_t taken = 0;
    const auto take = [&](std::size_t until) {
        const auto count = std::min(until - size_, bytes.size() - taken);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(taken), count, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += count;
        taken += count;
        return size_ == until;
    };
    if (size_ < proxy_head_bytes) {
        const bool head = take(proxy_head_bytes);
        if (!begins_as(ByteView(bytes_).first(size_), signature)) {
            fail(ProxyFailure::other);
            return taken;
        }
        if (!head) return taken;
    }
    const auto length = static_cast<std::size_t>(Reader(ByteView(bytes_).subspan(length_at, 2)).integer<std::uint16_t>());
    const auto command = bytes_[12];
    if (length > max_proxy_values_bytes || (command != Command::local && command != Command::proxied)) {
        fail(ProxyFailure::malformed);
        return taken;
    }
    if (!take(proxy_head_bytes + length)) return taken;
    if (read_binary()) state_ = State::done;
    else if (state_ != State::failed) fail(ProxyFailure::malformed);
    return taken;
}

bool ProxyHeader::read_binary()
{
    const auto family = static_cast<std::size_t>(bytes_[13] >> 4U);
    const auto protocol = bytes_[13] & 0x0fU;
    if (family > Family::unix_sockets || protocol > 2) return false;
    const auto all = ByteView(bytes_).first(size_);
    const auto values = all.subspan(proxy_head_bytes);
    // One that says LOCAL may say anything behind it, or nothing (section 2.2).
    const bool own = bytes_[12] == Command::local;
    const auto addresses = own && values.size() < address_bytes.at(family) ? 0 : address_bytes.at(family);
    if (values.size() < addresses) return false;
    if (!own && !read_addresses(family, values.first(addresses))) return false;
    Reader reader(values.subspan(addresses));
    while (!reader.rest().empty()) {
        const auto type = reader.integer<Byte>();
        const auto length = reader.integer<std::uint16_t>();
        const auto value = reader.bytes(length);
        if (!reader.ok()) return own;
        if (type != type_crc32c) continue;
        if (value.size() != sizeof(std::uint32_t)) return false;
        // Over the whole header, with zeros where it stands.
        constexpr ByteArray<sizeof(std::uint32_t)> zeros{};
        const auto at = static_cast<std::size_t>(value.data() - all.data());
        const auto found = ~crc32c(all.subspan(at + zeros.size()), crc32c(zeros, crc32c(all.first(at), ~0U)));
        if (Reader(value).integer<std::uint32_t>() == found) continue;
        fail(ProxyFailure::checksum);
        return false;
    }
    return true;
}

// The source's, as it begins.
bool ProxyHeader::read_addresses(std::size_t family, ByteView bytes)
{
    if (family == Family::ipv4) {
        auto& in = reinterpret_cast<sockaddr_in&>(source_);
        if (bytes.size() < sizeof in.sin_addr) return false;
        in.sin_family = AF_INET;
        std::memcpy(&in.sin_addr, bytes.data(), sizeof in.sin_addr);
    } else if (family == Family::ipv6) {
        auto& in = reinterpret_cast<sockaddr_in6&>(source_);
        if (bytes.size() < sizeof in.sin6_addr) return false;
        in.sin6_family = AF_INET6;
        std::memcpy(&in.sin6_addr, bytes.data(), sizeof in.sin6_addr);
    }
    return true;
}

Beginning beginning_of(ByteView bytes)
{
    if (bytes.empty()) return Beginning::other;
    if (bytes[0] == tls_handshake) return Beginning::tls;
    // As much as no request begins with.
    constexpr std::size_t enough = 5;
    if (bytes.size() >= line_begin.size() && begins_as(bytes, as_bytes(line_begin))) return Beginning::proxy_header;
    if (bytes.size() >= enough && begins_as(bytes, signature)) return Beginning::proxy_header;
    return is_http(bytes) ? Beginning::http : Beginning::other;
}

}  // namespace amana::front
