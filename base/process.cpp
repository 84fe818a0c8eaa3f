// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/process.hpp"

#include "base/file.hpp"

#include <sodium.h>

#include <array>
#include <cerrno>

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace amana {

namespace {

// CAP_IPC_LOCK: RLIMIT_MEMLOCK does not count for this process.
bool may_lock_without_limit()
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
    return (sets[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

}  // namespace

Result<MemoryProtection> harden_process(std::size_t needed)
{
    if (sodium_init() < 0) return Error{"libsodium can't start: no source of randomness", ""};
    const rlimit no_core{0, 0};
    if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return system_error("can't turn core dumps off", errno);
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error("can't become undumpable", errno);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("can't give up new privileges", errno);

    rlimit lock{};
    if (::getrlimit(RLIMIT_MEMLOCK, &lock) != 0) return system_error("can't read RLIMIT_MEMLOCK", errno);
    // Whoever may raise the limit (root, a unit with CAP_SYS_RESOURCE) does; for others it stays as it is.
    rlimit raised{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MEMLOCK, &raised) == 0) lock = raised;
    // With a finite limit MCL_FUTURE would make ordinary allocations fail once it is reached; then only secrets are
    // locked, each by itself.
    const bool unlimited = lock.rlim_cur == RLIM_INFINITY || may_lock_without_limit();
    if (unlimited && ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
        return MemoryProtection{true, SIZE_MAX};
    if (lock.rlim_cur < needed)
        return Error{"only " + std::to_string(lock.rlim_cur) + " bytes of memory may be locked, " +
                         std::to_string(needed) + " are needed to keep secrets out of swap",
                     "Raise it: 'ulimit -l', LimitMEMLOCK= in the systemd unit, or /etc/security/limits.conf."};
    return MemoryProtection{false, static_cast<std::size_t>(lock.rlim_cur)};
}

}  // namespace amana
