// SPDX-License-Identifier: AGPL-3.0-or-later
// Pages of one size on the wire. A page is compressed once, at start, and padded to packed_page_bytes in the header of the
// gzip format (RFC 1952, 2.3.1.1: the extra field, which every reader skips), so that its length tells neither which page
// it is nor in which language.
//
// What must not be compressed beside anything else (a proof) fills a hole: it stands in blocks of its own, stored as they
// are (RFC 1951, 3.2.4), between parts that were compressed apart.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amana::web {

// With the head of an answer (server/front/responses.hpp) and TLS around it, less than a server may send at once on a
// connection that has just shaken hands (RFC 6928: ten segments, and one more for each that was acknowledged).
inline constexpr std::size_t packed_page_bytes = 13 * 1024;

// The same for everybody: packed for browsers, plain for programs that can't unpack.
struct StaticPage {
    std::string packed;  // gzip, of packed_page_bytes
    std::string plain;
};

class PackedPage {
public:
    PackedPage() = default;

    // `parts`: what stands before, between and behind the holes; one part is a page without a hole.
    [[nodiscard]] static PackedPage pack(std::span<const std::string_view> parts);

    // What the page takes before it is padded, with this many bytes in its holes.
    [[nodiscard]] std::size_t least_bytes(std::size_t in_holes) const;
    // The gzip file, of exactly `size` bytes, in pieces to be sent one behind the other: own bytes, then a hole's,
    // and so on. Nothing when it does not fit. Each hole is at most 65535 bytes.
    [[nodiscard]] Result<std::vector<Bytes>> around(std::span<const ByteView> holes, std::size_t size = packed_page_bytes) const;
    // The same for a page without holes.
    [[nodiscard]] Result<std::string> whole(std::size_t size = packed_page_bytes) const;

private:
    struct Part {
        Bytes deflated;  // ends on a byte, refers to nothing before itself
        std::uint32_t crc = 0;
        std::size_t size = 0;
    };
    std::vector<Part> parts_;
};

}  // namespace amana::web
