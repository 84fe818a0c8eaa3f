// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/receipt.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace amana::crypto {

namespace {

// Of PBKDF2: each two hashes.
constexpr unsigned iterations = 1024;

// Damm's quasigroup of order 10.
constexpr std::array<std::array<Byte, 10>, 10> quasigroup{{
    {0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
    {7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
    {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
    {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
    {6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
    {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
    {5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
    {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
    {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
    {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}};

// 0 of digits that end with their own check digit.
Byte damm(ByteView digits)
{
    Byte state = 0;
    for (const Byte digit : digits) state = quasigroup.at(state).at(digit - '0');
    return state;
}

// The zeros of Unicode 14's decimal digits (General_Category Nd); each stands before its nine others.
constexpr std::array<char32_t, 66> zeros{
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

// The value of a decimal digit of any script.
std::optional<unsigned> digit_of(char32_t character)
{
    const auto* after = std::upper_bound(zeros.begin(), zeros.end(), character);
    if (after == zeros.begin()) return std::nullopt;
    const auto value = character - *std::prev(after);
    if (value > 9) return std::nullopt;
    return static_cast<unsigned>(value);
}

// Takes the first character of UTF-8; what is none counts as one that is no digit, byte by byte.
char32_t next_character(std::string_view& text)
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto first = byte(0);
    const std::size_t length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1;
    char32_t character = first;
    if (length > 1) {
        character = first & (0xFFU >> (length + 1));
        for (std::size_t at = 1; at < length; ++at) {
            if (at == text.size() || (byte(at) & 0xC0U) != 0x80) {
                text.remove_prefix(1);
                return 0xFFFD;
            }
            character = character << 6U | (byte(at) & 0x3FU);
        }
    }
    text.remove_prefix(length);
    return character;
}

}  // namespace

Receipt Receipt::make()
{
    SecretBuffer digits(receipt_digits);
    const auto random = digits.span().first(receipt_digits - 1);
    for (auto& digit : random) digit = static_cast<Byte>('0' + random_below(10));
    // The diagonal is 0: the check digit is the state before it.
    digits.span().back() = static_cast<Byte>('0' + damm(random));
    return Receipt(std::move(digits));
}

Receipt Receipt::of_seed(ByteView seed)
{
    SecretBuffer digits(receipt_digits);
    const auto drawn = digits.span().first(receipt_digits - 1);
    SecretArray<hash_bytes> random;
    std::size_t count = 0;
    for (Byte round = 0; count < drawn.size(); ++round) {
        hkdf(seed, {}, {as_bytes("amana/1 receipt digits"), {&round, 1}}, random.span());
        // What is left of 256 beside 25 tens would come up more often.
        for (const Byte byte : random.view())
            if (byte < 250 && count < drawn.size()) drawn[count++] = static_cast<Byte>('0' + byte % 10);
    }
    digits.span().back() = static_cast<Byte>('0' + damm(drawn));
    return Receipt(std::move(digits));
}

Result<Receipt, CodeFault> Receipt::read(std::string_view typed)
{
    if (typed.size() > max_typed_bytes) return CodeFault::count;
    SecretBuffer digits(receipt_digits);
    std::size_t count = 0;
    while (!typed.empty()) {
        const auto digit = digit_of(next_character(typed));
        if (!digit) continue;
        if (count == receipt_digits) return CodeFault::count;
        digits.span()[count++] = static_cast<Byte>('0' + *digit);
    }
    if (count != receipt_digits) return CodeFault::count;
    if (damm(digits.view()) != 0) return CodeFault::check;
    return Receipt(std::move(digits));
}

Receipt::Keys Receipt::keys(const Hash& root) const
{
    SecretArray<key_bytes> master;
    Bytes salt;
    append(salt, as_bytes("amana/1 receipt"));
    append(salt, root);
    pbkdf2(digits_.view().first(receipt_digits - 1), salt, iterations, master.span());

    Keys keys{{}, SecretBuffer(key_bytes), SecretBuffer(key_bytes)};
    hkdf(master.view(), {}, {as_bytes("amana/1 inbox")}, keys.inbox);
    hkdf(master.view(), {}, {as_bytes("amana/1 inbox reply key")}, keys.reply.span());
    hkdf(master.view(), {}, {as_bytes("amana/1 inbox erasure key")}, keys.erasure.span());
    return keys;
}

}  // namespace amana::crypto
