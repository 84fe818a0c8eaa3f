// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/checks.hpp"
#include "server/main/doctor/disks.hpp"

#include <algorithm>

#include <sys/stat.h>

namespace amana::server::doctor {

namespace {

// The last KEY=VALUE of a file and the .conf files in FILE.d, which count after it.
std::string setting(const MachineFiles& files, const std::string& file, const std::string& key, std::string value)
{
    std::vector<std::filesystem::path> paths{file};
    for (auto& path : files.matching(file + ".d/*.conf")) paths.push_back(std::move(path));
    for (const auto& path : paths)
        for (const auto& line : lines_of(files.text(path).value_or("")))
            if (line.starts_with(key + "=")) value = line.substr(key.size() + 1);
    return value;
}

}  // namespace

void look_at_swap(const Subject& subject, Diagnosis& diagnosis)
{
    const MachineFiles files(subject.root);
    const auto open = open_swaps(files);
    for (const auto& swap : open) diagnosis.found("swap-open", swap + " is swap, and not encrypted");
    if (open.empty()) return;
    // "[disk]" stands for a machine that can; what it would write to is the swap.
    const auto states = words_of(files.line("/sys/power/state"));
    const bool can = std::find(states.begin(), states.end(), "disk") != states.end();
    if (can && !files.exists("/etc/systemd/system/hibernate.target")) diagnosis.found("hibernation", "this machine can hibernate, into swap that is not encrypted");
}

void look_at_dumps(const Subject& subject, Diagnosis& diagnosis)
{
    const MachineFiles files(subject.root);
    const auto pattern = files.line("/proc/sys/kernel/core_pattern");
    if (pattern.starts_with("|")) {
        const auto handler = words_of(pattern.substr(1)).empty() ? std::string() : words_of(pattern.substr(1)).front();
        const bool nothing = handler.ends_with("/false") || handler.ends_with("/true");
        const bool by_systemd = handler.ends_with("systemd-coredump");
        const bool kept = !by_systemd || setting(files, "/etc/systemd/coredump.conf", "Storage", "external") != "none";
        if (!nothing && kept) diagnosis.found("core-dumps", handler + " keeps what a program that crashes had in memory");
    }
    if (const auto suid = files.line("/proc/sys/fs/suid_dumpable"); suid == "1")
        diagnosis.found("core-dumps", "fs.suid_dumpable is 1: programs that gave up rights leave core dumps, too");
    auto kdump = setting(files, "/etc/default/kdump-tools", "USE_KDUMP", "0");
    std::erase(kdump, '"');
    if (kdump == "1") diagnosis.found("kernel-dumps", "kdump is on (/etc/default/kdump-tools)");
}

void look_at_clock(const Subject& subject, Diagnosis& diagnosis)
{
    if (!subject.clock_synchronised) diagnosis.unknown("whether the clock is synchronised");
    else if (!*subject.clock_synchronised) diagnosis.found("clock-unsynchronised", "the kernel says that nothing has set the clock");
    // Nothing that lies on this machine can have been written tomorrow.
    std::vector<Path> witnesses{subject.config.file, subject.config.keyset.value};
    witnesses.insert(witnesses.end(), subject.deployment.certificates.begin(), subject.deployment.certificates.end());
    for (const auto& path : witnesses) {
        struct stat about {};
        if (path.empty() || ::stat(path.c_str(), &about) != 0 || about.st_mtime <= subject.now + one_day) continue;
        return diagnosis.found("clock-behind", "it is " + to_rfc3339(subject.now) + ", and " + path.string() + " was written on " + to_rfc3339(about.st_mtime));
    }
}

void look_at_disk(const Subject& subject, Diagnosis& diagnosis)
{
    if (subject.config.storage.value.empty()) return;
    const auto disk = disk_under(MachineFiles(subject.root), subject.config.storage.value);
    const auto name = subject.config.storage.value.string();
    switch (disk.encrypted) {
    case Encrypted::yes: diagnosis.fact("disk", disk.what + ", encrypted"); break;
    case Encrypted::no: diagnosis.found("disk-open", name + " lies on " + disk.what + ", which is not encrypted by this machine"); break;
    case Encrypted::unknown: diagnosis.unknown("whether " + disk.what + ", below " + name + ", is encrypted"); break;
    }
}

}  // namespace amana::server::doctor
