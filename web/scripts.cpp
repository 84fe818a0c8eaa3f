// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/scripts.hpp"

#include "base/file.hpp"
#include "web/inline.hpp"

#include <fmt/format.h>

#include <utility>

#define ZLIB_CONST
#include <zlib.h>

namespace amana::web {

namespace {

constexpr std::size_t max_script_bytes = 1U << 20U;
constexpr std::size_t max_map_bytes = 8U << 20U;
constexpr int gzip_wrapper = 16;  // added to zlib's window bits

Result<std::string> read_text(const std::filesystem::path& path, std::size_t max)
{
    const auto bytes = read_file(path, max);
    if (!bytes) return Error{bytes.error().message, "The pages' scripts come with Amana: install it anew."};
    return Result<std::string>(boost::system::in_place_value, as_text(*bytes));
}

// Whether `packed` is one gzip file of exactly `plain`.
bool unpacks_to(std::string_view packed, std::string_view plain)
{
    z_stream stream{};
    if (inflateInit2(&stream, MAX_WBITS + gzip_wrapper) != Z_OK) return false;
    Bytes out(plain.size() + 1);
    stream.next_in = as_bytes(packed).data();
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int ended = inflate(&stream, Z_FINISH);
    const auto count = stream.total_out;
    const bool all = ended == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    return all && as_text(ByteView(out).first(count)) == plain;
}

Result<SealingScript> load(const std::filesystem::path& path)
{
    auto plain = read_text(path, max_script_bytes);
    if (!plain) return plain.error();
    auto packed = read_text(path.string() + ".gz", max_script_bytes);
    if (!packed) return packed.error();
    auto map = read_text(path.string() + ".map", max_map_bytes);
    if (!map) return map.error();
    if (!unpacks_to(*packed, *plain))
        return Error{fmt::format("{}.gz is not {} packed", path.string(), path.filename().string()), "Install Amana anew."};
    auto hash = source_hash(*plain);
    return SealingScript{{*std::move(packed), *std::move(plain)}, *std::move(map), std::move(hash)};
}

}  // namespace

Result<Scripts> load_scripts(const std::filesystem::path& data)
{
    Scripts scripts;
    for (const auto& [name, script] : {std::pair{"page.js", &scripts.page}, std::pair{"worker.js", &scripts.worker},
                                       std::pair{"inbox.js", &scripts.inbox}, std::pair{"inbox_worker.js", &scripts.inbox_worker}}) {
        auto loaded = load(data / "script" / name);
        if (!loaded) return loaded.error();
        *script = *std::move(loaded);
    }
    return Result<Scripts>(boost::system::in_place_value, std::move(scripts));
}

}  // namespace amana::web
