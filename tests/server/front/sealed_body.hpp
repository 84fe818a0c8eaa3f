// SPDX-License-Identifier: AGPL-3.0-or-later
// What the page's script sends: an envelope's pieces with their heads (docs/SEALING.md, section 3).
#pragma once

#include "base/reader.hpp"
#include "server/front/sealed_piece.hpp"

#include <algorithm>
#include <string>

namespace amana::front::test {

struct SealedHead {
    Byte version = 2;
    Byte kind = 1;
    Byte promise = 0;
    Byte zero = 0;
    UploadName upload{};
    std::uint32_t total = 0;
    std::uint32_t offset = 0;
    crypto::Hash keys{};
    crypto::WorkToken token{};
    crypto::WorkNumbers solution{};
    Bytes zeros = Bytes(36);

    [[nodiscard]] Bytes bytes() const
    {
        Writer out;
        out.integer(version).integer(kind).integer(promise).integer(zero).bytes(upload).integer(total).integer(offset).bytes(keys).bytes(token);
        for (const auto number : solution) out.integer(number);
        return out.bytes(zeros).take();
    }
};

// The body that brings the piece at `offset`.
inline std::string sealed_body(SealedHead head, ByteView envelope, std::uint32_t offset = 0)
{
    head.total = static_cast<std::uint32_t>(envelope.size());
    head.offset = offset;
    const auto piece = envelope.subspan(offset, std::min<std::size_t>(sealed_piece_bytes, envelope.size() - offset));
    return std::string(as_text(head.bytes())) + std::string(as_text(piece));
}

}  // namespace amana::front::test
