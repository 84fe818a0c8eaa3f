// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/bundle_file.hpp"

#include "base/reader.hpp"
#include "crypto/envelope.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::desk {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr const char* copy_again = "Copy it from the server again; nothing of it was imported.";

crypto::Hash hash_from(ByteView bytes)
{
    crypto::Hash hash{};
    std::copy_n(bytes.begin(), hash.size(), hash.begin());
    return hash;
}

}  // namespace

Result<BundleFile> BundleFile::open(const std::filesystem::path& path)
{
    // Without O_NONBLOCK a pipe of that name would be waited for.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) return system_error("can't open " + path.string(), errno);
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return system_error("can't read " + path.string(), errno);
    if (!S_ISREG(about.st_mode)) return Error{path.string() + " is not a file", "Name the bundle that 'amana-server export' wrote."};
    BundleFile file(std::move(fd), path, static_cast<std::uint64_t>(about.st_size));
    auto head = file.read_head();
    if (!head) return head.error();
    file.head_ = *std::move(head);
    // The leaves, then at least a head for each entry, then the hash: bounds what a head can make anybody do.
    const auto count = file.head_.end - file.head_.begin;
    const auto room = file.size_ - std::min(file.size_, file.leaves_at() + crypto::hash_bytes);
    if (file.size_ < file.leaves_at() + crypto::hash_bytes || count > room / (crypto::hash_bytes + crypto::bundle_entry_head_bytes))
        return file.cut_off(file.size_);
    return file;
}

Error BundleFile::cut_off(std::uint64_t at) const
{
    return Error{path_.filename().string() + " is cut off after " + std::to_string(at) + " bytes", copy_again};
}

Result<void> BundleFile::read_at(std::uint64_t at, MutableBytes out) const
{
    while (!out.empty()) {
        const auto count = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("the bundle can't be read", errno);
        if (count == 0) return cut_off(at);
        out = out.subspan(static_cast<std::size_t>(count));
        at += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<crypto::BundleHead> BundleFile::read_head() const
{
    ByteArray<crypto::bundle_preamble_bytes> preamble{};
    const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(size_, preamble.size()));
    if (const auto read = read_at(0, MutableBytes(preamble).first(there)); !read) return read.error();
    const auto got = ByteView(preamble).first(there);
    const auto magic = got.first(std::min(got.size(), crypto::bundle_magic.size()));
    if (got.empty() || !crypto::bundle_magic.starts_with(as_text(magic)))
        return Error{path_.filename().string() + " is not a bundle", "Name the file that 'amana-server export' wrote."};
    if (got.size() < preamble.size()) return cut_off(size_);
    const auto length = crypto::parse_bundle_preamble(got);
    if (!length) return Error{length.error().message, length.error().hint + " Nothing was imported."};
    Bytes note(*length);
    if (const auto read = read_at(preamble.size(), note); !read) return read.error();
    ByteArray<crypto::bundle_bounds_bytes> bounds{};
    if (const auto read = read_at(preamble.size() + note.size(), bounds); !read) return read.error();
    return crypto::parse_bundle_bounds(std::move(note), bounds);
}

std::uint64_t BundleFile::entries_at() const
{
    return leaves_at() + (head_.end - head_.begin) * crypto::hash_bytes;
}

Result<void> BundleFile::check_copy(const Progress& progress) const
{
    crypto::Sha256 hash;
    Bytes buffer(piece_bytes);
    const auto end = size_ - crypto::hash_bytes;
    for (std::uint64_t at = 0; at < end;) {
        const auto piece = MutableBytes(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(end - at, piece_bytes)));
        if (const auto read = read_at(at, piece); !read) return read.error();
        hash.update(piece);
        at += piece.size();
        progress(at, size_);
    }
    crypto::Hash written{};
    if (const auto read = read_at(end, written); !read) return read.error();
    if (written != hash.finish())
        return Error{path_.filename().string() + " is not the whole file that the server wrote: it is damaged or cut off", copy_again};
    return {};
}

Result<crypto::Hash> BundleFile::leaf(std::uint64_t position) const
{
    crypto::Hash hash{};
    if (const auto read = read_at(leaves_at() + (position - head_.begin) * crypto::hash_bytes, hash); !read) return read.error();
    return hash;
}

Result<void> BundleFile::for_each_leaf(const LeafVisitor& visit) const
{
    Bytes buffer(piece_bytes);
    for (auto position = head_.begin; position < head_.end;) {
        const auto count = std::min<std::uint64_t>(head_.end - position, piece_bytes / crypto::hash_bytes);
        const auto piece = MutableBytes(buffer).first(static_cast<std::size_t>(count) * crypto::hash_bytes);
        if (const auto read = read_at(leaves_at() + (position - head_.begin) * crypto::hash_bytes, piece); !read) return read.error();
        for (std::size_t at = 0; at < piece.size(); at += crypto::hash_bytes)
            if (const auto visited = visit(position++, hash_from(ByteView(piece).subspan(at))); !visited) return visited.error();
    }
    return {};
}

Result<void> BundleFile::read_entries(EntryVisitor& visitor, const Progress& progress) const
{
    Bytes buffer(piece_bytes);
    auto at = entries_at();
    const auto end = size_ - crypto::hash_bytes;
    for (auto position = head_.begin; position < head_.end; ++position) {
        ByteArray<crypto::bundle_entry_head_bytes> bytes{};
        if (end - at < bytes.size()) return cut_off(size_);
        if (const auto read = read_at(at, bytes); !read) return read.error();
        at += bytes.size();
        const auto head = crypto::parse_bundle_entry_head(bytes);
        if (!head) return Error{"entry " + std::to_string(position) + " of the log: " + head.error().message, copy_again};
        if (head->bytes > end - at) return cut_off(size_);
        const auto listed = leaf(position);
        if (!listed) return listed.error();
        if (const auto begun = visitor.begin(position, *head); !begun) return begun.error();
        crypto::LeafHash hash;
        for (auto left = head->bytes; left > 0;) {
            const auto piece = MutableBytes(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_bytes)));
            if (const auto read = read_at(at, piece); !read) return read.error();
            hash.update(piece);
            if (const auto seen = visitor.piece(piece); !seen) return seen.error();
            left -= piece.size();
            at += piece.size();
            progress(at, size_);
        }
        const auto found = head->bytes == 0 ? std::nullopt : std::optional(hash.finish());
        if (const auto ended = visitor.end(position, *listed, found); !ended) return ended.error();
    }
    if (at != end) return Error{"something follows the last entry of " + path_.filename().string(), copy_again};
    return {};
}

}  // namespace amana::desk
