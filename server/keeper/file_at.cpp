// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/file_at.hpp"

#include <cerrno>

#include <unistd.h>

namespace amana::keeper {

Result<void> read_at(int fd, std::uint64_t at, MutableBytes out)
{
    while (!out.empty()) {
        const auto count = ::pread(fd, out.data(), out.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("can't read", errno);
        if (count == 0) return Error{"the file ends too early", ""};
        at += static_cast<std::uint64_t>(count);
        out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> write_at(int fd, std::uint64_t at, ByteView bytes)
{
    while (!bytes.empty()) {
        const auto count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("can't write", errno);
        at += static_cast<std::uint64_t>(count);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> to_disk(int fd)
{
    if (::fsync(fd) != 0) return system_error("can't write to disk", errno);
    return {};
}

}  // namespace amana::keeper
