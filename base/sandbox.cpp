// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/sandbox.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace amana {

namespace {

// Landlock's header may be older than the kernel: what later ABIs handle is written out (linux/landlock.h of 6.12).
constexpr std::uint64_t access_truncate = 1ULL << 14;      // ABI 3
constexpr std::uint64_t access_ioctl_device = 1ULL << 15;  // ABI 5
constexpr std::uint64_t access_of_abi_1 = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                                          LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                          LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                          LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                          LANDLOCK_ACCESS_FS_MAKE_SYM;
// What is done beneath the keeper's directory: regular files and folders, and nothing else is ever made.
constexpr std::uint64_t working = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | access_truncate;

std::uint64_t handled_by(int abi)
{
    return access_of_abi_1 | (abi >= 2 ? std::uint64_t{LANDLOCK_ACCESS_FS_REFER} : 0) | (abi >= 3 ? access_truncate : 0) |
           (abi >= 5 ? access_ioctl_device : 0);
}

// The ABI that is in force then; 0: this kernel has none.
Result<int> restrict_files(const SandboxRules& rules)
{
    const int abi = std::min(offered_landlock(), rules.landlock_at_most);
    if (abi < 1) return 0;
    const auto failed = [](const char* what) { return system_error(std::string("can't give up files by Landlock: ") + what, errno); };
    landlock_ruleset_attr handled{};
    handled.handled_access_fs = handled_by(abi);
    const UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0)));
    if (!ruleset) return failed("making a rule set");
    for (const auto& directory : rules.directories) {
        const UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!fd) return system_error("can't open " + directory.string(), errno);
        const landlock_path_beneath_attr beneath{working & handled.handled_access_fs, fd.get()};
        if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) return failed("adding a directory");
    }
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return failed("restricting this process");
    return abi;
}

// The limit that counts without the capability.
bool locks_by_capability()
{
    rlimit lock{};
    return ::getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur != RLIM_INFINITY;
}

// All of them in the first word.
constexpr std::uint32_t rights_on_files = CAP_TO_MASK(CAP_DAC_OVERRIDE) | CAP_TO_MASK(CAP_DAC_READ_SEARCH) | CAP_TO_MASK(CAP_FOWNER);

Result<void> drop_capabilities(std::uint32_t beside)
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) return system_error("can't read capabilities", errno);
    const std::uint32_t kept = beside | (locks_by_capability() ? CAP_TO_MASK(CAP_IPC_LOCK) : 0);
    static_assert(CAP_TO_INDEX(CAP_IPC_LOCK) == 0);
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const std::uint32_t mask = i == 0 ? kept : 0;
        sets[i] = {sets[i].effective & mask, sets[i].permitted & mask, 0};
    }
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return system_error("can't clear ambient capabilities", errno);
    // Only who has CAP_SETPCAP may take from the bounding set; for others no_new_privs makes it worth nothing.
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (::syscall(SYS_capset, &header, sets.data()) != 0) return system_error("can't drop capabilities", errno);
    return {};
}

#ifndef AMANA_SANITISED

// Memory, threads and time; reading and writing what is open.
constexpr auto for_both = std::to_array<int>({
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(membarrier),
    SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname),
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(lseek), SCMP_SYS(fcntl), SCMP_SYS(dup),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(shutdown),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
});

constexpr auto for_front = std::to_array<int>({
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
});

// Files: which ones is for Landlock and for permissions.
constexpr auto for_keeper = std::to_array<int>({
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(preadv), SCMP_SYS(pwritev), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range),
    SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fadvise64), SCMP_SYS(flock), SCMP_SYS(copy_file_range), SCMP_SYS(umask),
    SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat),
    SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(fchmod), SCMP_SYS(utimensat),
});

// No argument check fits more than its own call.
struct Conditional {
    int call;
    scmp_arg_cmp argument;
};

std::vector<Conditional> conditional()
{
    const auto without = [](unsigned argument, std::uint64_t bits) { return scmp_arg_cmp{argument, SCMP_CMP_MASKED_EQ, bits, 0}; };
    const auto is = [](unsigned argument, std::uint64_t value) { return scmp_arg_cmp{argument, SCMP_CMP_EQ, value, 0}; };
    return {
        {SCMP_SYS(mmap), without(2, PROT_EXEC)},
        {SCMP_SYS(mprotect), without(2, PROT_EXEC)},
        {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}},
        {SCMP_SYS(tgkill), is(0, static_cast<std::uint64_t>(::getpid()))},  // abort()
        {SCMP_SYS(prlimit64), is(2, 0)},                                   // to read a limit
        {SCMP_SYS(ioctl), is(1, FIONBIO)},
        {SCMP_SYS(ioctl), is(1, FIONREAD)},
        {SCMP_SYS(prctl), is(0, PR_SET_NAME)},
    };
}

Result<void> filter_calls(Role role)
{
    struct Free {
        void operator()(void* filter) const { seccomp_release(filter); }
    };
    const auto failed = [](int code) { return system_error("can't give up system calls by seccomp", -code); };
    const std::unique_ptr<void, Free> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    if (!filter) return failed(-ENOMEM);
    std::vector<int> codes{seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)),
                           seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1),
                           seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2),
                           // Its flags lie in memory, where no filter sees them: clone does the same, and its own are seen.
                           seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0)};
    const auto allow = [&](std::span<const int> calls) {
        for (const int call : calls) codes.push_back(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0));
    };
    allow(for_both);
    allow(role == Role::front ? std::span<const int>(for_front) : std::span<const int>(for_keeper));
    for (const auto& [call, argument] : conditional()) codes.push_back(seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &argument));
    const auto wrong = std::ranges::find_if(codes, [](int code) { return code != 0; });
    if (wrong != codes.end()) return failed(*wrong);
    if (const int code = seccomp_load(filter.get()); code != 0) return failed(code);
    return {};
}

#endif

}  // namespace

Result<Sandbox> enter_sandbox(const SandboxRules& rules)
{
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("can't give up new privileges", errno);
#ifdef AMANA_SANITISED
    // A sanitiser looks for leaks by what is denied: another process, and files of /proc.
    (void)rules;
    (void)restrict_files;
    (void)drop_capabilities;
    (void)rights_on_files;
    return Sandbox{};
#else
    const auto abi = restrict_files(rules);
    if (!abi) return abi.error();
    if (const auto dropped = drop_capabilities(rules.keeps_rights_on_files ? rights_on_files : 0); !dropped) return dropped.error();
    if (const auto filtered = filter_calls(rules.role); !filtered) return filtered.error();
    return Sandbox{*abi, true};
#endif
}

int offered_landlock()
{
    return std::max(0, static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION)));
}

}  // namespace amana
