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

}  // namespace

Result<BundleFile> BundleFile::open(const std::filesystem::path& path)
{
    // Without O_NONBLOCK a pipe of that name would be waited for.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) return system_error("can't open " + path.string(), errno);
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return system_error("can't read " + path.string(), errno);
    if (!S_ISREG(about.st_mode)) return Error{path.string() + " is not a file", "Name the bundle that 'amana-server export' wrote."};
    return BundleFile(std::move(fd), static_cast<std::uint64_t>(about.st_size));
}

Error BundleFile::cut_off() const
{
    return Error{"the bundle is cut off after " + std::to_string(at_) + " bytes", copy_again};
}

Result<void> BundleFile::read_exactly(MutableBytes out)
{
    const auto count = read_full(fd_.get(), out);
    if (!count) return Error{"the bundle can't be read: " + count.error().message, copy_again};
    at_ += *count;
    if (*count < out.size()) return cut_off();
    return {};
}

Result<BundleFile::Head> BundleFile::read_head()
{
    if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return system_error("the bundle can't be read from the beginning", errno);
    at_ = 0;
    ByteArray<crypto::bundle_preamble_bytes> preamble;
    const auto count = read_full(fd_.get(), preamble);
    if (!count) return Error{"the bundle can't be read: " + count.error().message, copy_again};
    at_ = *count;
    const auto got = ByteView(preamble).first(*count);
    const auto magic = got.first(std::min(got.size(), crypto::bundle_magic.size()));
    if (got.empty() || !crypto::bundle_magic.starts_with(as_text(magic)))
        return Error{"this is not a bundle", "Name the file that 'amana-server export' wrote."};
    if (got.size() < preamble.size()) return cut_off();
    const auto version = Reader(got.subspan(crypto::bundle_magic.size())).integer<std::uint16_t>();
    if (version > crypto::bundle_version)
        return Error{"a newer version of the desk is needed to read version " + std::to_string(version) + " of the bundle",
                     "Install the amana-desk that came with the server's version. Nothing was imported."};
    const auto length = crypto::parse_bundle_preamble(got);
    if (!length) return length.error();

    Head head{Bytes(*length), 0};
    if (const auto read = read_exactly(head.note); !read) return read.error();
    ByteArray<crypto::bundle_first_bytes> first;
    if (const auto read = read_exactly(first); !read) return read.error();
    head.first = Reader(first).integer<std::uint64_t>();
    return head;
}

Result<void> BundleFile::read_entries(std::uint64_t count, crypto::Frontier& tree, EntryVisitor& visitor,
                                      const Progress& progress)
{
    Bytes buffer(piece_bytes);
    for (; count > 0; --count) {
        ByteArray<crypto::bundle_entry_head_bytes> head;
        if (const auto read = read_exactly(head); !read) return read.error();
        const auto bytes = crypto::parse_bundle_entry_head(head);
        if (!bytes) return Error{"entry " + std::to_string(tree.size()) + " of the log: " + bytes.error().message, copy_again};
        if (*bytes > size_ - std::min(at_, size_)) {
            at_ = size_;
            return cut_off();
        }
        const auto position = tree.size();
        if (const auto begun = visitor.begin(position, *bytes); !begun) return begun.error();
        crypto::LeafHash leaf;
        for (auto left = *bytes; left > 0;) {
            const auto piece = MutableBytes(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_bytes)));
            if (const auto read = read_exactly(piece); !read) return read.error();
            leaf.update(piece);
            if (const auto seen = visitor.piece(piece); !seen) return seen.error();
            left -= piece.size();
            progress(at_, size_);
        }
        const auto hash = leaf.finish();
        tree.append(hash);
        if (const auto ended = visitor.end(position, hash); !ended) return ended.error();
    }
    ByteArray<1> more;
    const auto rest = read_full(fd_.get(), more);
    if (!rest) return Error{"the bundle can't be read: " + rest.error().message, copy_again};
    if (*rest > 0) return Error{"something follows the end of the bundle", copy_again};
    return {};
}

}  // namespace amana::desk
