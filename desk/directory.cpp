// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/directory.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace amana::desk {

Result<DeskDirectory> DeskDirectory::open(const std::filesystem::path& directory, Use use)
{
    std::error_code failed;
    // SQLite follows no symbolic link, so the name is resolved once, here.
    DeskPaths paths{std::filesystem::canonical(directory, failed)};
    UniqueFd lock(failed ? -1 : ::open(paths.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat about {};
    if (!lock || ::fstatat(lock.get(), "desk.secret", &about, AT_SYMLINK_NOFOLLOW) != 0)
        return Error{directory.string() + " is not a desk",
                     "Name the folder that 'amana-desk init' made. It holds desk.secret and desk.db."};
    struct stat own {};
    if (::fstat(lock.get(), &own) != 0) return system_error("can't read " + directory.string(), errno);
    if ((own.st_mode & 077) != 0)
        return Error{directory.string() + " can be entered by other users of this machine",
                     "Close it with: chmod 700 " + directory.string()};
    if (::flock(lock.get(), (use == Use::write ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return Error{"another amana-desk is at work on " + directory.string(), "Wait until it is done, then try again."};
        return system_error("can't lock " + directory.string(), errno);
    }
    return DeskDirectory(std::move(paths), std::move(lock));
}

}  // namespace amana::desk
