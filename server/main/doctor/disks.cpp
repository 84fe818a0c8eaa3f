// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/disks.hpp"

#include <algorithm>
#include <array>

namespace amana::server::doctor {

namespace {

constexpr int max_depth = 8;  // of devices on devices

// `device`: its folder below /sys.
Encrypted encrypted(const MachineFiles& files, const std::filesystem::path& device, int depth = 0)
{
    if (depth > max_depth || !files.exists(device)) return Encrypted::unknown;
    if (files.line(device / "dm/uuid").starts_with("CRYPT-")) return Encrypted::yes;
    if (const auto backing = files.line(device / "loop/backing_file"); !backing.empty()) return disk_under(files, backing).encrypted;
    const auto below = files.names(device / "slaves");
    auto result = below.empty() ? Encrypted::no : Encrypted::yes;
    for (const auto& name : below) {
        const auto one = encrypted(files, std::filesystem::path("/sys/class/block") / name, depth + 1);
        if (one == Encrypted::no) return Encrypted::no;
        if (one == Encrypted::unknown) result = Encrypted::unknown;
    }
    return result;
}

// "/dev/sda2", "/dev/mapper/swap"
std::filesystem::path folder_of_device(const MachineFiles& files, const std::filesystem::path& device)
{
    const std::filesystem::path blocks("/sys/class/block");
    if (device.parent_path() != "/dev/mapper") return blocks / device.filename();
    for (const auto& name : files.names(blocks))
        if (files.line(blocks / name / "dm/name") == device.filename()) return blocks / name;
    return blocks / device.filename();
}

// mountinfo writes blanks, tabs and the like as octal numbers.
std::string unescaped(const std::string& text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '\\' && i + 3 < text.size() && std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i) + 1, text.begin() + static_cast<std::ptrdiff_t>(i) + 4, [](char c) { return c >= '0' && c <= '7'; });
        if (escaped) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

struct Mount {
    std::string point;
    std::string numbers;  // "254:0"
    std::string type;
    std::string source;
};

// proc_pid_mountinfo(5): 36 35 98:0 /root /point options [optional...] - type source options
Mount mount_of(const MachineFiles& files, const std::filesystem::path& path)
{
    Mount best;
    for (const auto& line : lines_of(files.text("/proc/self/mountinfo").value_or(""))) {
        const auto words = words_of(line);
        const auto dash = std::find(words.begin(), words.end(), "-");
        if (words.size() < 7 || words.end() - dash < 3) continue;
        const auto point = unescaped(words[4]);
        const auto text = path.string();
        const bool below = point == "/" || text == point || text.starts_with(point + "/");
        // Of two at one point the later lies above.
        if (below && point.size() >= best.point.size()) best = {point, words[2], dash[1], dash[2]};
    }
    return best;
}

}  // namespace

Disk disk_under(const MachineFiles& files, const std::filesystem::path& path)
{
    const auto mount = mount_of(files, path);
    if (mount.point.empty()) return {Encrypted::unknown, "an unknown file system"};
    const auto what = mount.type + " on " + mount.source;
    if (mount.type == "tmpfs" || mount.type == "ramfs" || mount.type == "ecryptfs") return {Encrypted::yes, what};
    // btrfs and others have numbers of their own, which no device has.
    const bool anonymous = mount.numbers.starts_with("0:");
    if (!anonymous) return {encrypted(files, "/sys/dev/block/" + mount.numbers), what};
    if (!mount.source.starts_with("/dev/")) return {Encrypted::unknown, what};
    return {encrypted(files, folder_of_device(files, mount.source)), what};
}

std::vector<std::string> open_swaps(const MachineFiles& files)
{
    std::vector<std::string> open;
    const auto lines = lines_of(files.text("/proc/swaps").value_or(""));
    for (std::size_t i = 1; i < lines.size(); ++i) {  // behind the heading
        const auto words = words_of(lines[i]);
        if (words.size() < 2 || words[0].starts_with("/dev/zram")) continue;  // which stays in memory
        const auto state = words[1] == "file" ? disk_under(files, words[0]).encrypted : encrypted(files, folder_of_device(files, words[0]));
        if (state != Encrypted::yes) open.push_back(words[0]);
    }
    return open;
}

}  // namespace amana::server::doctor
