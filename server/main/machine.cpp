// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/machine.hpp"

#include "base/file.hpp"
#include "server/main/doctor/disks.hpp"
#include "server/main/units.hpp"
#include "server/main/warden_directory.hpp"

#include <cerrno>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifndef AMANA_LIBEXEC_DIR
#error "AMANA_LIBEXEC_DIR names the directory of amana-front and amana-keeper"
#endif

namespace amana::server {

namespace {

// Below this the front can hold only a few reports at once.
constexpr std::size_t lockable_wanted = 8 * 1024 * 1024;
constexpr std::uint64_t descriptors_beside_connections = 128;

void check_memory(const MemoryProtection& memory, Findings& findings)
{
    if (memory.everything_locked) return;
    if (memory.lockable_bytes < lockable_wanted)
        findings.warning({}, "only " + format_size(memory.lockable_bytes) + " of memory may be locked, so few reports can be "
                         "received at once", "Raise it: LimitMEMLOCK=infinity in the systemd unit, or 'ulimit -l unlimited'.");
    if (const auto open = doctor::open_swaps(doctor::MachineFiles("/")); !open.empty())
        findings.warning({}, "swap is on (" + open.front() + "), not encrypted, and not everything of the server is locked in memory",
                         "LimitMEMLOCK=infinity in the systemd unit locks it all; or turn swap off, or encrypt it.");
}

// Why this user can't serve from it. Where the store is the keeper's alone, what is beside it is the warden's.
std::optional<Error> not_served_from(const Path& storage)
{
    const auto own = warden_directory(storage);
    const auto owner = owner_of(own);
    const bool apart = own != storage;
    if (!apart && ::geteuid() == 0 && owner && owner->uid != 0)
        return Error{own.string() + " is the user " + owner->name + "'s, and what root writes there " + owner->name + " could not read",
                     "Run it as that user: runuser -u " + owner->name + " -- amana-server ..."};
    if (::access(own.c_str(), R_OK | W_OK | X_OK) == 0) return std::nullopt;
    const auto hint = "Run it as the user whose it is" + (owner ? ", " + owner->name : std::string()) + ", or make it this user's: chown.";
    return Error{own.string() + " may not be written by this user",
                 apart ? hint : hint + " Where front and keeper have users of their own, this user's is " + beside(storage).string() + ", and it is missing (SYSTEMD.md)."};
}

void check_storage(const Config& config, Findings& findings)
{
    const auto& [directory, place] = config.storage;
    if (directory.empty()) return;
    const auto name = directory.string();
    struct stat about {};
    if (::stat(directory.c_str(), &about) != 0)
        return findings.error(place, system_error("can't use " + name, errno).message,
                              "Make it, for the server's user alone: install -d -m 0700 " + name);
    if (!S_ISDIR(about.st_mode)) return findings.error(place, name + " is not a directory", "Name a directory.");
    if (const auto wrong = not_served_from(directory)) return findings.error(place, wrong->message, wrong->hint);
    if ((about.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        findings.error(place, name + " is open to other users of this machine", "chmod 0700 " + name);
    struct statvfs space {};
    if (::statvfs(directory.c_str(), &space) == 0 &&
        std::uint64_t{space.f_bavail} * space.f_frsize < config.reserve_bytes)
        findings.warning(place, name + " has less than the reserve of " + format_size(config.reserve_bytes) +
                         " free: no report will be accepted", "Make room, or lower 'reserve' in [storage].");
}

void check_data(const Config& config, Findings& findings)
{
    const auto& [data, place] = config.data;
    std::error_code problem;
    if (!std::filesystem::is_directory(data / "templates", problem) || !std::filesystem::is_directory(data / "locale", problem))
        return findings.error(place, data.string() + " does not hold the pages (templates/ and locale/)",
                              "Set 'data' in [site] to the directory that came with the server.");
    for (const auto& language : config.languages) {
        const auto catalogue = data / "locale" / language.value / "LC_MESSAGES" / "amana.mo";
        if (::access(catalogue.c_str(), R_OK) == 0) continue;
        findings.error(language.place, system_error("can't read " + catalogue.string(), errno).message,
                       "Remove '" + language.value + "' from 'languages' in [site], or add its translation.");
    }
}

void check_descriptors(const Config& config, Findings& findings)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return;
    const auto needed = config.limits.max_connections + descriptors_beside_connections +
                        std::uint64_t{config.threads} * (config.listeners.size() + 1);
    if (limit.rlim_max < needed)
        findings.error({}, "'max_connections' needs " + std::to_string(needed) + " open files, and this user may have " +
                       std::to_string(limit.rlim_max), "Raise it: LimitNOFILE= in the systemd unit, or 'ulimit -Hn'; or lower "
                       "'max_connections' in [limits].");
}

}  // namespace

void check_machine(const Config& config, const MemoryProtection& memory, Findings& findings)
{
    check_memory(memory, findings);
    check_storage(config, findings);
    check_data(config, findings);
    check_descriptors(config, findings);
    for (const auto* name : {"amana-front", "amana-keeper"})
        if (const auto program = find_program(name); !program)
            findings.error({}, program.error().message, program.error().hint);
}

Result<std::optional<User>> keeper_user(const Path& storage)
{
    auto owner = owner_of(storage);
    if (!owner || owner->uid == ::geteuid()) return std::optional<User>();
    if (::geteuid() == 0) return owner;
    if (::access(storage.c_str(), R_OK | W_OK | X_OK) == 0) return std::optional<User>();
    return Error{storage.string() + " is the user " + owner->name + "'s, and this is run as " + user_of(::geteuid()).name,
                 "Run it as root, which starts the keeper as " + owner->name + ": sudo amana-server ..."};
}

void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string describe(const MemoryProtection& memory)
{
    if (memory.everything_locked) return "all locked, never swapped";
    return "secrets locked (limit " + format_size(memory.lockable_bytes) + "), the rest may be swapped";
}

Result<Path> find_program(std::string_view name)
{
    std::error_code problem;
    const auto own = std::filesystem::read_symlink("/proc/self/exe", problem).parent_path();
    for (const auto& directory : {own, Path(AMANA_LIBEXEC_DIR)}) {
        const auto path = directory / name;
        if (!directory.empty() && ::access(path.c_str(), X_OK) == 0)
            return {boost::system::in_place_value, path};
    }
    return Error{std::string(name) + " is neither in " + own.string() + " nor in " AMANA_LIBEXEC_DIR,
                 "amana-server, amana-front and amana-keeper are one installation: install them together."};
}

}  // namespace amana::server
