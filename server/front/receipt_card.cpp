// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/receipt_card.hpp"

#include "base/require.hpp"
#include "server/front/qr_code.hpp"

#include <algorithm>

#define ZLIB_CONST
#include <zlib.h>

namespace amana::front {

namespace {

constexpr std::size_t quiet_zone = 4;  // modules (ISO/IEC 18004, 9.1)
constexpr std::size_t pixels_a_module = 8;
constexpr std::size_t modules = qr_side + 2 * quiet_zone;
// A filter's number, and eight pixels a byte, which are a module.
constexpr std::size_t row_bytes = 1 + modules;
static_assert(pixels_a_module == 8);

// What zlib works in, which is given back wiped: its least window, for it is enough to see the row above.
constexpr int window_bits = 9;
constexpr int memory_level = 1;
class Arena {
public:
    static void* allocate(void* arena, unsigned items, unsigned size)
    {
        auto& self = *static_cast<Arena*>(arena);
        constexpr std::size_t alignment = 16;
        const auto at = (self.used_ + alignment - 1) / alignment * alignment;
        const auto bytes = std::size_t{items} * size;
        if (at + bytes > self.memory_.size()) return nullptr;
        self.used_ = at + bytes;
        return self.memory_.data() + at;
    }
    static void free(void*, void*) {}

private:
    SecretBuffer memory_{32 * 1024};
    std::size_t used_ = 0;
};

void put_integer(MutableBytes out, std::uint32_t value)
{
    for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<Byte>(value >> (24 - 8 * i));
}

// A chunk's length, type, data and checksum (PNG, 5.3).
bool append_chunk(SecretText& out, std::string_view type, ByteView data)
{
    ByteArray<4> number{};
    put_integer(number, static_cast<std::uint32_t>(data.size()));
    if (!out.append(number) || !out.append(type) || !out.append(data)) return false;
    auto crc = ::crc32(0, as_bytes(type).data(), static_cast<uInt>(type.size()));
    if (!data.empty()) crc = ::crc32(crc, data.data(), static_cast<uInt>(data.size()));
    put_integer(number, static_cast<std::uint32_t>(crc));
    return out.append(number);
}

// The rows, compressed, into `out`; how many bytes.
std::size_t compress_rows(const QrModules& drawn, MutableBytes out)
{
    Arena arena;
    z_stream stream{};
    stream.zalloc = Arena::allocate;
    stream.zfree = Arena::free;
    stream.opaque = &arena;
    require(::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) == Z_OK, "zlib can't begin");
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    SecretArray<row_bytes> row;
    for (std::size_t y = 0; y < modules * pixels_a_module; ++y) {
        std::fill(row.span().begin() + 1, row.span().end(), Byte{0xff});
        const auto line = y / pixels_a_module;
        if (line >= quiet_zone && line < quiet_zone + qr_side)
            for (std::size_t x = 0; x < qr_side; ++x)
                if (drawn.view()[(line - quiet_zone) * qr_side + x] != 0) row.span()[1 + quiet_zone + x] = 0;
        stream.next_in = row.data();
        stream.avail_in = static_cast<uInt>(row_bytes);
        const bool last = y + 1 == modules * pixels_a_module;
        const int done = ::deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
        require(done == (last ? Z_STREAM_END : Z_OK) && stream.avail_in == 0, "a picture longer than any is");
    }
    const auto size = out.size() - stream.avail_out;
    ::deflateEnd(&stream);
    return size;
}

// RFC 4648, section 4.
bool append_base64(SecretText& out, ByteView bytes)
{
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) group = group << 8U | (i < count ? bytes[at + i] : 0U);
        std::array<char, 4> four{};
        for (std::size_t i = 0; i < 4; ++i) four.at(i) = i <= count ? letters[group >> (18 - 6 * i) & 63U] : '=';
        if (!out.append(std::string_view(four.data(), four.size()))) return false;
    }
    return true;
}

}  // namespace

SecretText in_groups(std::string_view digits, std::string_view zero_to_nine)
{
    SecretText out(max_groups_bytes);
    const auto width = zero_to_nine.size() / 10;
    bool fits = true;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        // Without a mark of direction, groups of Arabic digits stand in the reverse order, whatever the element's direction
        // (UAX #9, N1: what is between two numbers takes the right-to-left of both).
        if (i > 0 && i % 4 == 0) fits = fits && out.append(std::string_view(" \u200e"));
        fits = fits && out.append(zero_to_nine.substr(width * static_cast<std::size_t>(digits[i] - '0'), width));
    }
    require(fits, "a code longer than it can be");
    return out;
}

SecretText picture_of(std::string_view digits)
{
    QrModules drawn;
    draw_qr(digits, drawn);
    SecretBuffer rows(max_picture_bytes);
    const auto compressed = compress_rows(drawn, rows.span());
    // One bit a pixel, grey, no interlace.
    ByteArray<13> header{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    put_integer(MutableBytes(header).first(4), modules * pixels_a_module);
    put_integer(MutableBytes(header).subspan(4, 4), modules * pixels_a_module);
    constexpr ByteArray<8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    SecretText png(max_picture_bytes);
    SecretText out((max_picture_bytes + 2) / 3 * 4);
    const bool fits = png.append(signature) && append_chunk(png, "IHDR", header) && append_chunk(png, "IDAT", rows.view().first(compressed)) &&
                      append_chunk(png, "IEND", {}) && append_base64(out, png.view());
    require(fits, "a picture longer than any is");
    return out;
}

std::string inbox_address(std::string_view site, std::string_view language)
{
    return std::string(site).append(language).append("/inbox");
}

}  // namespace amana::front
