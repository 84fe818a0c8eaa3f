// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/packed.hpp"

#include "base/require.hpp"

#include <fmt/format.h>

#define ZLIB_CONST
#include <zlib.h>

namespace amana::web {

namespace {

constexpr std::size_t max_stored_bytes = 65535;
constexpr std::size_t stored_head_bytes = 5;
constexpr std::size_t fixed_head_bytes = 10;
constexpr std::size_t extra_head_bytes = 2 + 4;  // XLEN, and one subfield's identifier and length
constexpr std::size_t trailer_bytes = 8;
constexpr std::size_t max_padding_bytes = 65535 - 4;

void little_endian(Bytes& out, std::uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<Byte>(value >> (8 * i)));
}

// Raw deflate, ending on a byte: with the stream's last block, or so that another may follow.
Bytes deflated(std::string_view text, bool last)
{
    z_stream stream{};
    require(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK,
            "zlib can't begin");
    const auto bytes = as_bytes(text);
    Bytes out(deflateBound(&stream, bytes.size()) + 16);
    stream.next_in = bytes.data();
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int done = deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
    require(done == (last ? Z_STREAM_END : Z_OK) && stream.avail_in == 0, "zlib did not compress a page");
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::uint32_t crc_of(ByteView bytes)
{
    return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

std::uint32_t crc_joined(std::uint32_t before, std::uint32_t next, std::size_t next_size)
{
    return static_cast<std::uint32_t>(crc32_combine(before, next, static_cast<z_off_t>(next_size)));
}

}  // namespace

PackedPage PackedPage::pack(std::span<const std::string_view> parts)
{
    PackedPage page;
    for (std::size_t i = 0; i < parts.size(); ++i)
        page.parts_.push_back({deflated(parts[i], i + 1 == parts.size()), crc_of(as_bytes(parts[i])), parts[i].size()});
    return page;
}

std::size_t PackedPage::least_bytes(std::size_t in_holes) const
{
    auto bytes = fixed_head_bytes + extra_head_bytes + trailer_bytes + in_holes;
    for (const auto& part : parts_) bytes += part.deflated.size();
    return bytes + (parts_.size() - 1) * stored_head_bytes;
}

Result<std::vector<Bytes>> PackedPage::around(std::span<const ByteView> holes, std::size_t size) const
{
    require(!parts_.empty() && holes.size() + 1 == parts_.size(), "a page's holes are not as many as it has");
    std::size_t in_holes = 0;
    for (const auto hole : holes) {
        require(hole.size() <= max_stored_bytes, "a hole too large for one block");
        in_holes += hole.size();
    }
    const auto least = least_bytes(in_holes);
    if (least > size)
        return Error{fmt::format("a page takes {} bytes more than the {} it may have on the wire", least - size, size),
                     "Shorten its texts or logo."};

    std::vector<Bytes> pieces(1);
    // Magic, deflate, FEXTRA; no time, the slowest compression, an unknown system.
    for (const int byte : {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 2, 255}) pieces[0].push_back(static_cast<Byte>(byte));
    const auto padding = static_cast<std::uint32_t>(size - least);
    if (padding > max_padding_bytes) return Error{fmt::format("a file would be padded by {} bytes, which gzip can't", padding), {}};
    little_endian(pieces[0], padding + 4, 2);
    pieces[0].push_back('P');
    pieces[0].push_back('d');
    little_endian(pieces[0], padding, 2);
    pieces[0].resize(pieces[0].size() + padding);

    std::uint32_t crc = 0;
    std::size_t plain_size = 0;
    const auto count = [&](std::uint32_t next_crc, std::size_t next_size) {
        crc = crc_joined(crc, next_crc, next_size);
        plain_size += next_size;
    };
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        append(pieces.back(), parts_[i].deflated);
        count(parts_[i].crc, parts_[i].size);
        if (i == holes.size()) break;
        const auto length = static_cast<std::uint32_t>(holes[i].size());
        pieces.back().push_back(0);  // not the last block, stored
        little_endian(pieces.back(), length, 2);
        little_endian(pieces.back(), ~length, 2);
        count(crc_of(holes[i]), holes[i].size());
        pieces.emplace_back();
    }
    little_endian(pieces.back(), crc, 4);
    little_endian(pieces.back(), static_cast<std::uint32_t>(plain_size), 4);
    return pieces;
}

Result<std::string> PackedPage::whole(std::size_t size) const
{
    const auto pieces = around({}, size);
    if (!pieces) return pieces.error();
    return Result<std::string>(boost::system::in_place_value, as_text(pieces->front()));
}

}  // namespace amana::web
