// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/job.hpp"

#include "base/bytes.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>
#include <sodium/crypto_hash_sha3.h>

#include <algorithm>
#include <string_view>

namespace amana::print {

namespace {

constexpr std::size_t max_address_bytes = 100;
constexpr std::size_t max_text_characters = 200;
constexpr std::string_view base32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t onion_characters = 56;
constexpr std::string_view onion_suffix = ".onion";

bool consists_of(std::string_view text, std::string_view characters)
{
    return text.find_first_not_of(characters) == std::string_view::npos;
}

Result<void> check_address(const std::string& address)
{
    constexpr std::string_view scheme = "https://";
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    const auto bad = [&](const char* why) {
        return Error{fmt::format("--address {} is not fit to be printed: {}", address, why),
                     "Write it as people shall type it: https://reports.example.org"};
    };
    if (!address.starts_with(scheme)) return bad("it does not begin with https://");
    if (address.size() > max_address_bytes) return bad("it is longer than 100 characters");
    const auto rest = std::string_view(address).substr(scheme.size());
    const auto host = rest.substr(0, rest.find_first_of(":/"));
    if (host.size() < 3 || host.find('.') == std::string_view::npos || host.front() == '.' || host.back() == '.' ||
        host.find("..") != std::string_view::npos || !consists_of(host, plain))
        return bad("its host is not one of lower-case letters, digits, hyphens and dots");
    if (!consists_of(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/"))
        return bad("it holds a character that nobody should have to type");
    return {};
}

// `digits` of base 32 (RFC 4648, lower case, no padding), five bits each; 56 of them are 35 bytes exactly.
ByteArray<35> from_base32(std::string_view digits)
{
    ByteArray<35> bytes{};
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        const auto value = base32.find(digits[bit / 5]);
        if ((value >> (4 - bit % 5) & 1U) != 0) bytes[bit / 8] |= static_cast<Byte>(0x80U >> (bit % 8));
    }
    return bytes;
}

Result<Colour> parse_colour(const std::string& text)
{
    ByteArray<3> parts{};
    std::string digits = text.starts_with('#') ? text.substr(1) : "";
    for (auto& c : digits)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!from_hex(digits, parts))
        return Error{fmt::format("--colour {} is not a colour", text), "Write it as #rrggbb, six hexadecimal digits."};
    return Colour{parts[0] / 255.0, parts[1] / 255.0, parts[2] / 255.0};
}

Result<void> check_text(const char* option, const std::string& language, std::string_view text)
{
    const auto length = utf8_length(text);
    const bool control = std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
    if (length && *length > 0 && *length <= max_text_characters && !control) return {};
    return Error{fmt::format("{} {}: this is empty, longer than {} characters, not UTF-8 or holds a control character",
                             option, language, max_text_characters),
                 "Give one short line of text."};
}

Result<std::map<std::string, std::string>> by_language(const char* option, const std::vector<std::string>& given,
                                                       const std::vector<std::string>& languages)
{
    std::map<std::string, std::string> texts;
    for (const auto& pair : given) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos)
            return Error{fmt::format("{} {}: no language", option, pair), fmt::format("Write it as {} ar=TEXT.", option)};
        const auto language = pair.substr(0, equals);
        if (std::ranges::find(languages, language) == languages.end())
            return Error{fmt::format("{} is given for {}, which is not printed", option, language),
                         fmt::format("Add --language {}, or leave it out.", language)};
        if (const auto fit = check_text(option, language, pair.substr(equals + 1)); !fit) return fit.error();
        if (!texts.emplace(language, pair.substr(equals + 1)).second)
            return Error{fmt::format("{} is given twice for {}", option, language), "Remove one."};
    }
    return texts;
}

Result<std::optional<Kind>> parse_kind(const std::string& only)
{
    if (only.empty()) return std::optional<Kind>();
    if (only == "poster") return std::optional(Kind::poster);
    if (only == "card") return std::optional(Kind::card);
    if (only == "sheet") return std::optional(Kind::sheet);
    return Error{fmt::format("--only {}: there is no such thing", only), "It may be poster, card or sheet."};
}

}  // namespace

Result<std::string> onion_host(const std::string& url)
{
    const auto bad = [&](const char* why) {
        return Error{fmt::format("--onion {} is not an onion address: {}", url, why),
                     "Copy it from the onion service's hostname file, with http:// in front."};
    };
    std::string_view host = url;
    if (host.starts_with("https://")) host.remove_prefix(8);
    else if (host.starts_with("http://")) host.remove_prefix(7);
    else return bad("it does not begin with http://");
    if (host.ends_with('/')) host.remove_suffix(1);
    if (host.size() != onion_characters + onion_suffix.size() || !host.ends_with(onion_suffix))
        return bad("it is not 56 characters and .onion");
    const auto name = host.substr(0, onion_characters);
    if (!consists_of(name, base32)) return bad("a character is not one of a to z and 2 to 7");

    // public key (32) || checksum (2) || version (1); checksum = SHA3-256(".onion checksum" || public key || version)[:2]
    const auto bytes = from_base32(name);
    const ByteView all = bytes;
    Bytes summed;
    append(summed, as_bytes(".onion checksum"));
    append(summed, all.first(32));
    append(summed, all.last(1));
    ByteArray<crypto_hash_sha3256_BYTES> sum{};
    crypto_hash_sha3256(sum.data(), summed.data(), summed.size());
    if (bytes[34] != 3 || bytes[32] != sum[0] || bytes[33] != sum[1])
        return bad("its checksum is wrong, so some character is");
    return Result<std::string>(boost::system::in_place_value, host);
}

Result<Job> check(const Arguments& arguments)
{
    Job job;
    job.data = arguments.data;
    job.out = arguments.out;
    job.force = arguments.force;
    if (!arguments.logo.empty()) job.logo = arguments.logo;
    for (const auto& language : arguments.languages) {
        if (std::ranges::find(job.languages, language) != job.languages.end())
            return Error{fmt::format("--language {} is given twice", language), "Remove one."};
        job.languages.push_back(language);
    }
    if (const auto fit = check_address(arguments.address); !fit) return fit.error();
    job.address = arguments.address;
    if (!arguments.onion.empty()) {
        auto host = onion_host(arguments.onion);
        if (!host) return host.error();
        job.onion = arguments.onion;
        job.onion_host = std::move(*host);
    }
    ByteArray<32> root{};
    if (!from_hex(arguments.root, root))
        return Error{fmt::format("--root {} is not a fingerprint", arguments.root),
                     "Give the 64 hexadecimal digits that 'amana-desk public' prints, in lower case and without spaces."};
    job.root = arguments.root;

    const auto colour = parse_colour(arguments.colour);
    if (!colour) return colour.error();
    job.colour = *colour;
    const auto only = parse_kind(arguments.only);
    if (!only) return only.error();
    job.only = *only;
    auto headlines = by_language("--headline", arguments.headlines, job.languages);
    if (!headlines) return headlines.error();
    auto names = by_language("--name", arguments.names, job.languages);
    if (!names) return names.error();
    auto numbers = by_language("--numbers", arguments.numbers, job.languages);
    if (!numbers) return numbers.error();
    job.form = arguments.form;
    job.headlines = std::move(*headlines);
    job.names = std::move(*names);
    job.numbers = std::move(*numbers);
    return job;
}

}  // namespace amana::print
