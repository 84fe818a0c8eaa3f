// SPDX-License-Identifier: AGPL-3.0-or-later
// Files: owned descriptors, bounded reading, and writing that is durable before it is named.
#pragma once

#include "base/bytes.hpp"
#include "base/secret.hpp"

#include <filesystem>
#include <utility>

#include <sys/types.h>

namespace amana {

class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    ~UniqueFd() { reset(); }
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset();

private:
    int fd_ = -1;
};

// The error text of errno, with what was attempted: "can't open /etc/x: No such file or directory".
[[nodiscard]] Error system_error(const std::string& attempted, int error_number);

// The whole file; an error when it is larger than `max`, not a regular file, or unreadable.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path, std::size_t max);
// The same, straight into locked memory.
[[nodiscard]] Result<SecretBuffer> read_secret_file(const std::filesystem::path& path, std::size_t max);

// Reads exactly `out.size()` bytes, or fewer only at the end of the file; returns how many.
[[nodiscard]] Result<std::size_t> read_full(int fd, MutableBytes out);
[[nodiscard]] Result<void> write_full(int fd, ByteView bytes);

// A new file that appears under its name only when it is complete and on disk: written beside it under a temporary name,
// fsynced, then renamed into place, and the directory fsynced. Removed if it is dropped uncommitted.
class DurableFile {
public:
    enum class Existing { refuse, replace };

    [[nodiscard]] static Result<DurableFile> create(const std::filesystem::path& path, mode_t mode, Existing existing);
    DurableFile(DurableFile&& other) noexcept;
    DurableFile& operator=(DurableFile&&) = delete;
    ~DurableFile();

    [[nodiscard]] Result<void> write(ByteView bytes) { return write_full(fd_.get(), bytes); }
    [[nodiscard]] Result<void> commit();
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    DurableFile(UniqueFd fd, std::filesystem::path path, std::filesystem::path temporary, Existing existing);

    UniqueFd fd_;
    std::filesystem::path path_;
    std::filesystem::path temporary_;
    Existing existing_;
};

[[nodiscard]] Result<void> write_durable(const std::filesystem::path& path, ByteView bytes, mode_t mode,
                                         DurableFile::Existing existing);

// Makes the names in a directory durable.
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& directory);

}  // namespace amana
