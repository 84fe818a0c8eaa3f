// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/free_space.hpp"

#include "base/file.hpp"

#include <cerrno>

#include <sys/statvfs.h>

namespace amana::keeper {

Result<std::uint64_t> free_space(const std::filesystem::path& directory)
{
    struct statvfs about {};
    if (::statvfs(directory.c_str(), &about) != 0)
        return system_error("can't tell how much space is free in " + directory.string(), errno);
    return std::uint64_t{about.f_bavail} * about.f_frsize;
}

}  // namespace amana::keeper
