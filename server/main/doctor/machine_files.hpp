// SPDX-License-Identifier: AGPL-3.0-or-later
// The machine's own files, below a root: "/" or a made-up one. Paths are given and told as they are on the machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace amana::server::doctor {

class MachineFiles {
public:
    explicit MachineFiles(std::filesystem::path root) : root_(std::move(root)) {}

    // "/etc/x" -> ROOT/etc/x
    [[nodiscard]] std::filesystem::path at(const std::filesystem::path& path) const { return root_ / path.relative_path(); }
    [[nodiscard]] bool exists(const std::filesystem::path& path) const;
    // There, but not for this user.
    [[nodiscard]] bool refused(const std::filesystem::path& path) const;
    // Its text up to a bound, or the last so many bytes of it; nothing when it is not there or can't be read.
    [[nodiscard]] std::optional<std::string> text(const std::filesystem::path& path) const;
    [[nodiscard]] std::optional<std::string> end_of(const std::filesystem::path& path, std::uint64_t bytes) const;
    // The first line, without its end; empty when there is none.
    [[nodiscard]] std::string line(const std::filesystem::path& path) const;
    // Names in a folder, in order.
    [[nodiscard]] std::vector<std::string> names(const std::filesystem::path& folder) const;
    // What a pattern with * and ? stands for, in order, as paths on the machine.
    [[nodiscard]] std::vector<std::filesystem::path> matching(const std::filesystem::path& pattern) const;

private:
    std::filesystem::path root_;
};

[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);
// Split at blanks and tabs.
[[nodiscard]] std::vector<std::string> words_of(const std::string& line);
[[nodiscard]] std::string lower(std::string text);

}  // namespace amana::server::doctor
