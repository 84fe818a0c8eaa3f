// SPDX-License-Identifier: AGPL-3.0-or-later
// What any gzip reader makes of a page that was sent packed.
#pragma once

#include "base/bytes.hpp"

#ifndef ZLIB_CONST
#define ZLIB_CONST
#endif
#include <zlib.h>

#include <optional>
#include <string>
#include <string_view>

namespace amana::test {

// Nothing when it is not one whole gzip file, its checksum among what must fit.
inline std::optional<std::string> gunzipped(std::string_view packed)
{
    z_stream stream{};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return std::nullopt;
    std::string out(2U << 20U, '\0');
    stream.next_in = as_bytes(packed).data();
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
    out.resize(stream.total_out);
    inflateEnd(&stream);
    if (!whole) return std::nullopt;
    return out;
}

}  // namespace amana::test
