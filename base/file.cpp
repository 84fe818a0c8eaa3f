// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/file.hpp"

#include <sodium.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana {

namespace {

struct OpenFile {
    UniqueFd fd;
    std::size_t size;
};

Result<OpenFile> open_bounded(const std::filesystem::path& path, std::size_t max)
{
    // O_NONBLOCK: a pipe in the file's place is refused below and not waited for. Regular files know no difference.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) return system_error("can't open " + path.string(), errno);
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return system_error("can't read " + path.string(), errno);
    if (!S_ISREG(about.st_mode)) return Error{path.string() + " is not a regular file", ""};
    const auto size = static_cast<std::size_t>(about.st_size);
    if (size > max)
        return Error{path.string() + " is larger than the " + std::to_string(max) + " bytes such a file may have", ""};
    return OpenFile{std::move(fd), size};
}

}  // namespace

void UniqueFd::reset()
{
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error system_error(const std::string& attempted, int error_number)
{
    return Error{attempted + ": " + std::strerror(error_number), ""};
}

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t max)
{
    auto file = open_bounded(path, max);
    if (!file) return file.error();
    Bytes bytes(file->size);
    const auto count = read_full(file->fd.get(), bytes);
    if (!count) return count.error();
    bytes.resize(*count);
    return bytes;
}

Result<SecretBuffer> read_secret_file(const std::filesystem::path& path, std::size_t max)
{
    auto file = open_bounded(path, max);
    if (!file) return file.error();
    SecretBuffer bytes(file->size);
    const auto count = read_full(file->fd.get(), bytes.span());
    if (!count) return count.error();
    if (*count != bytes.size()) return Error{path.string() + " changed while it was read", "Try again."};
    return bytes;
}

Result<std::size_t> read_full(int fd, MutableBytes out)
{
    std::size_t done = 0;
    while (done < out.size()) {
        const auto count = ::read(fd, out.data() + done, out.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("can't read", errno);
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

Result<void> write_full(int fd, ByteView bytes)
{
    while (!bytes.empty()) {
        const auto count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("can't write", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

DurableFile::DurableFile(UniqueFd fd, std::filesystem::path path, std::filesystem::path temporary, Existing existing)
    : fd_(std::move(fd)), path_(std::move(path)), temporary_(std::move(temporary)), existing_(existing)
{
}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      existing_(other.existing_)
{
}

DurableFile::~DurableFile()
{
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<DurableFile> DurableFile::create(const std::filesystem::path& path, mode_t mode, Existing existing)
{
    ByteArray<8> suffix{};
    randombytes_buf(suffix.data(), suffix.size());
    auto temporary = path;
    temporary += "." + to_hex(suffix) + ".partial";
    UniqueFd fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return system_error("can't create " + temporary.string(), errno);
    return DurableFile(std::move(fd), path, std::move(temporary), existing);
}

Result<void> DurableFile::commit()
{
    if (::fsync(fd_.get()) != 0) return system_error("can't write " + path_.string() + " to disk", errno);
    if (existing_ == Existing::replace) {
        if (::rename(temporary_.c_str(), path_.c_str()) != 0)
            return system_error("can't create " + path_.string(), errno);
    } else {
        // Refuses when the name is taken. Where the file system can't (NFS), a second name does; FAT has no second names.
        bool named = ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0;
        if (!named && errno == EINVAL) {
            named = ::link(temporary_.c_str(), path_.c_str()) == 0;
            if (named) ::unlink(temporary_.c_str());
        }
        if (!named) return system_error("can't create " + path_.string(), errno);
    }
    temporary_.clear();
    const auto directory = path_.parent_path();
    return sync_directory(directory.empty() ? "." : directory);
}

Result<void> write_durable(const std::filesystem::path& path, ByteView bytes, mode_t mode,
                           DurableFile::Existing existing)
{
    auto file = DurableFile::create(path, mode, existing);
    if (!file) return file.error();
    if (const auto written = file->write(bytes); !written) return written.error();
    return file->commit();
}

Result<void> sync_directory(const std::filesystem::path& directory)
{
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return system_error("can't write " + directory.string() + " to disk", errno);
    return {};
}

}  // namespace amana
