// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/package_files.hpp"

#include "desk/terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::desk {

namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

}  // namespace

Result<UniqueFd> open_folder(const std::filesystem::path& folder)
{
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return system_error("can't open " + folder.string(), errno);
    return fd;
}

Result<PackageFile> open_in(const UniqueFd& folder, const std::string& name)
{
    // Without O_NONBLOCK a pipe of that name would be waited for.
    UniqueFd fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd && errno == ELOOP) return Error{neutralised(name) + " is a link, and not a file", "Copy the file itself."};
    if (!fd && errno == ENOENT) return Error{neutralised(name) + " is not there", ""};
    if (!fd) return system_error("can't open " + neutralised(name), errno);
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return system_error("can't read " + neutralised(name), errno);
    if (!S_ISREG(about.st_mode)) return Error{neutralised(name) + " is not a file", ""};
    return PackageFile{std::move(fd), static_cast<std::uint64_t>(about.st_size)};
}

Result<void> for_each_name(const UniqueFd& folder, const std::function<Result<void>(const std::string&)>& visit)
{
    // A descriptor of its own, for closedir() closes it.
    UniqueFd own(::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> names(own ? ::fdopendir(own.get()) : nullptr, &::closedir);
    if (!names) return system_error("can't read the folder", errno);
    (void)own.release();
    for (;;) {
        errno = 0;
        const auto* entry = ::readdir(names.get());
        if (entry == nullptr && errno != 0) return system_error("can't read the folder", errno);
        if (entry == nullptr) return {};
        const std::string name = static_cast<const char*>(entry->d_name);
        if (name == "." || name == "..") continue;
        if (const auto visited = visit(name); !visited) return visited.error();
    }
}

Result<crypto::Hash> copy_hashed(const PackageFile& file, const std::string& name, const std::filesystem::path& to, mode_t mode, const Copied& copied)
{
    // Into a folder that was just made: nothing can be there, and not every medium can refuse.
    auto copy = DurableFile::create(to, mode, DurableFile::Existing::replace);
    if (!copy) return copy.error();
    crypto::Sha256 hash;
    Bytes buffer(piece_bytes);
    std::uint64_t done = 0;
    for (;;) {
        // One byte more than is left, so that a file that grows is seen and no more of it is read.
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(file.size - done + 1, buffer.size()));
        const auto count = read_full(file.fd.get(), MutableBytes(buffer).first(wanted));
        if (!count) return Error{neutralised(name) + ": " + count.error().message, count.error().hint};
        done += *count;
        if (done > file.size || (*count < wanted && done < file.size)) return Error{neutralised(name) + " changed while it was read", "Leave the medium alone meanwhile, and try again."};
        const auto piece = ByteView(buffer).first(*count);
        hash.update(piece);
        if (const auto written = copy->write(piece); !written) return Error{"can't copy " + neutralised(name) + ": " + written.error().message, "Make room on this disk."};
        copied(*count);
        if (*count < wanted) break;
    }
    if (const auto committed = copy->commit(); !committed) return committed.error();
    return hash.finish();
}

}  // namespace amana::desk
