// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/machine_files.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <sstream>

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::server::doctor {

namespace {

constexpr std::size_t max_text_bytes = 1024 * 1024;
constexpr std::size_t max_names = 1000;

}  // namespace

bool MachineFiles::exists(const std::filesystem::path& path) const
{
    struct stat about {};
    return ::stat(at(path).c_str(), &about) == 0;
}

bool MachineFiles::refused(const std::filesystem::path& path) const
{
    return ::access(at(path).c_str(), R_OK) != 0 && errno == EACCES;
}

std::optional<std::string> MachineFiles::text(const std::filesystem::path& path) const
{
    return end_of(path, max_text_bytes);
}

std::optional<std::string> MachineFiles::end_of(const std::filesystem::path& path, std::uint64_t bytes) const
{
    const UniqueFd fd(::open(at(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat about {};
    if (!fd || ::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size > bytes && ::lseek(fd.get(), static_cast<off_t>(size - bytes), SEEK_SET) < 0) return std::nullopt;
    // Files below /proc and /sys say that they are empty.
    std::string text(size == 0 ? max_text_bytes : static_cast<std::size_t>(std::min(size, bytes)), '\0');
    const auto count = read_full(fd.get(), {reinterpret_cast<Byte*>(text.data()), text.size()});
    if (!count) return std::nullopt;
    text.resize(*count);
    return text;
}

std::string MachineFiles::line(const std::filesystem::path& path) const
{
    const auto whole = text(path).value_or("");
    return whole.substr(0, whole.find('\n'));
}

std::vector<std::string> MachineFiles::names(const std::filesystem::path& folder) const
{
    std::vector<std::string> names;
    std::error_code problem;
    for (std::filesystem::directory_iterator entry(at(folder), problem), end; !problem && entry != end && names.size() < max_names; entry.increment(problem))
        names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::filesystem::path> MachineFiles::matching(const std::filesystem::path& pattern) const
{
    std::vector<std::filesystem::path> found;
    glob_t results{};
    if (::glob(at(pattern).c_str(), 0, nullptr, &results) == 0) {
        for (std::size_t i = 0; i < results.gl_pathc && i < max_names; ++i)
            found.push_back(std::filesystem::path("/") / std::filesystem::path(results.gl_pathv[i]).lexically_relative(root_));
    }
    ::globfree(&results);
    return found;
}

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
    return lines;
}

std::vector<std::string> words_of(const std::string& line)
{
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) words.push_back(std::move(word));
    return words;
}

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

}  // namespace amana::server::doctor
