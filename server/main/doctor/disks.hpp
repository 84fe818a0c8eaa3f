// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether what is written to a disk is encrypted below the file system, as far as the kernel tells: dm-crypt (LUKS) anywhere below it.
#pragma once

#include "server/main/doctor/machine_files.hpp"

namespace amana::server::doctor {

enum class Encrypted { yes, no, unknown };

struct Disk {
    Encrypted encrypted = Encrypted::unknown;
    std::string what;  // the device or the file system, for people
};
// Of the file system that this path lies on, by /proc/self/mountinfo.
[[nodiscard]] Disk disk_under(const MachineFiles& files, const std::filesystem::path& path);

// Of what /proc/swaps names, all that would bring memory to a disk in plain.
[[nodiscard]] std::vector<std::string> open_swaps(const MachineFiles& files);

}  // namespace amana::server::doctor
