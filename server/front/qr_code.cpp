// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/qr_code.hpp"

#include "base/require.hpp"

#include <algorithm>
#include <array>

namespace amana::front {

namespace {

constexpr std::size_t digits_that_fit = 28;
constexpr std::size_t data_words = 16;
constexpr std::size_t check_words = 10;
constexpr unsigned numeric_mode = 1;
constexpr unsigned count_bits = 10;
// Level M (00) and mask 0, with their own check bits and under the format's mask (8.9).
constexpr unsigned format = 0x5412;

using Words = SecretArray<data_words + check_words>;

class Bits {
public:
    explicit Bits(Words& words) : words_(words) {}
    void put(unsigned value, unsigned bits)
    {
        for (unsigned i = bits; i-- > 0; ++at_)
            if ((value >> i & 1U) != 0) words_.span()[at_ / 8] |= static_cast<Byte>(0x80U >> (at_ % 8));
    }
    [[nodiscard]] std::size_t at() const { return at_; }

private:
    Words& words_;
    std::size_t at_ = 0;
};

// In the field of 256 elements with the polynomial 0x11d.
constexpr Byte product(Byte one, Byte other)
{
    unsigned result = 0;
    for (int i = 7; i >= 0; --i) {
        result = (result << 1U) ^ ((result >> 7U) * 0x11dU);
        result ^= (static_cast<unsigned>(other) >> static_cast<unsigned>(i) & 1U) * one;
    }
    return static_cast<Byte>(result);
}

// The generator polynomial without its first coefficient: of the roots 1, 2, 4, ...
constexpr std::array<Byte, check_words> generator()
{
    std::array<Byte, check_words> made{};
    made.back() = 1;
    Byte root = 1;
    for (std::size_t i = 0; i < check_words; ++i) {
        for (std::size_t j = 0; j < check_words; ++j) {
            made.at(j) = product(made.at(j), root);
            if (j + 1 < check_words) made.at(j) ^= made.at(j + 1);
        }
        root = product(root, 2);
    }
    return made;
}

void add_data(std::string_view digits, Words& words)
{
    Bits bits(words);
    bits.put(numeric_mode, 4);
    bits.put(digits_that_fit, count_bits);
    for (std::size_t at = 0; at < digits.size();) {
        const auto group = digits.substr(at, 3);
        unsigned value = 0;
        for (const char digit : group) value = 10 * value + static_cast<unsigned>(digit - '0');
        bits.put(value, 3 * static_cast<unsigned>(group.size()) + 1);
        at += group.size();
    }
    bits.put(0, 4);  // the end, which is that of a word
    for (std::size_t pad = bits.at() / 8; pad < data_words; ++pad) bits.put(pad % 2 == 0 ? 0xec : 0x11, 8);
}

void add_checks(Words& words)
{
    constexpr auto divisor = generator();
    const auto rest = words.span().subspan(data_words);
    for (std::size_t i = 0; i < data_words; ++i) {
        const auto factor = static_cast<Byte>(words.span()[i] ^ rest[0]);
        std::copy(rest.begin() + 1, rest.end(), rest.begin());
        rest.back() = 0;
        for (std::size_t j = 0; j < check_words; ++j) rest[j] ^= product(divisor.at(j), factor);
    }
}

Byte& module_at(QrModules& out, std::size_t x, std::size_t y)
{
    return out.span()[y * qr_side + x];
}

// What stands there whatever is said: finders and what parts them from the rest, timing, format.
bool is_fixed(std::size_t x, std::size_t y)
{
    return x == 6 || y == 6 || (x <= 8 && (y <= 8 || y >= qr_side - 8)) || (x >= qr_side - 8 && y <= 8);
}

void draw_finder(QrModules& out, std::size_t left, std::size_t top)
{
    for (std::size_t y = 0; y < 7; ++y)
        for (std::size_t x = 0; x < 7; ++x) {
            const auto from_middle = std::max(x > 3 ? x - 3 : 3 - x, y > 3 ? y - 3 : 3 - y);
            module_at(out, left + x, top + y) = from_middle == 2 ? 0 : 1;
        }
}

void draw_fixed(QrModules& out)
{
    for (std::size_t i = 8; i < qr_side - 8; ++i) module_at(out, 6, i) = module_at(out, i, 6) = i % 2 == 0 ? 1 : 0;
    draw_finder(out, 0, 0);
    draw_finder(out, qr_side - 7, 0);
    draw_finder(out, 0, qr_side - 7);
    const auto bit = [](std::size_t i) { return static_cast<Byte>(format >> i & 1U); };
    for (std::size_t i = 0; i < 6; ++i) module_at(out, 8, i) = bit(i);
    module_at(out, 8, 7) = bit(6);
    module_at(out, 8, 8) = bit(7);
    module_at(out, 7, 8) = bit(8);
    for (std::size_t i = 9; i < 15; ++i) module_at(out, 14 - i, 8) = bit(i);
    for (std::size_t i = 0; i < 8; ++i) module_at(out, qr_side - 1 - i, 8) = bit(i);
    for (std::size_t i = 8; i < 15; ++i) module_at(out, 8, qr_side - 15 + i) = bit(i);
    module_at(out, 8, qr_side - 8) = 1;
}

// Two columns at a time, from the right, up and down by turns; the timing's column is passed over.
void draw_words(const Words& words, QrModules& out)
{
    std::size_t at = 0;
    bool upward = true;
    for (std::size_t right = qr_side - 1; right < qr_side; right = right == 8 ? 5 : right - 2, upward = !upward) {
        for (std::size_t step = 0; step < qr_side; ++step)
            for (const std::size_t x : {right, right - 1}) {
                const auto y = upward ? qr_side - 1 - step : step;
                if (is_fixed(x, y)) continue;
                const unsigned bit = static_cast<unsigned>(words.view()[at / 8]) >> (7 - at % 8) & 1U;
                ++at;
                const unsigned masked = (x + y) % 2 == 0 ? 1 : 0;
                module_at(out, x, y) = static_cast<Byte>(bit ^ masked);
            }
    }
    require(at == 8 * words.view().size(), "a QR code with other room than it has");
}

}  // namespace

void draw_qr(std::string_view digits, QrModules& out)
{
    require(digits.size() == digits_that_fit, "a receipt of another length");
    Words words;
    add_data(digits, words);
    add_checks(words);
    draw_fixed(out);
    draw_words(words, out);
}

}  // namespace amana::front
