// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/update_making.hpp"

#include "desk/package_files.hpp"
#include "desk/terminal.hpp"

#include <cerrno>
#include <ctime>
#include <map>
#include <optional>

#include <sys/stat.h>
#include <unistd.h>

namespace amana::desk {

namespace {

namespace fs = std::filesystem;

constexpr mode_t public_file = 0644;
constexpr mode_t public_directory = 0755;
constexpr std::string_view own_package = "amana-desk_";
constexpr std::string_view package_magic = "!<arch>\ndebian-binary";

// By name, the folder that each package lies in.
using Found = std::map<std::string, fs::path>;

Result<void> add(Found& found, const fs::path& folder, const std::string& name)
{
    if (!crypto::is_package_name(name))
        return Error{neutralised(name) + " is not a package's name", "It ends in .deb and has at most 200 letters, digits and -._~+%, as apt and deploy/package write it."};
    if (found.contains(name)) return Error{name + " is there twice", "Leave one of them out."};
    found.emplace(name, folder);
    return {};
}

Result<void> find_packages(Found& found, const fs::path& source)
{
    std::error_code failed;
    if (!fs::is_directory(source, failed)) {
        const auto folder = source.parent_path();
        return add(found, folder.empty() ? "." : folder, source.filename().string());
    }
    const auto folder = open_folder(source);
    if (!folder) return folder.error();
    // apt keeps a lock and a folder among what it fetched.
    return for_each_name(*folder, [&](const std::string& name) { return name.ends_with(".deb") ? add(found, source, name) : Result<void>{}; });
}

// Of the one amana-desk_VERSION_ARCHITECTURE.deb.
Result<std::string> version_in(const Found& found)
{
    std::optional<std::string> version;
    for (const auto& [name, folder] : found) {
        if (!name.starts_with(own_package)) continue;
        if (version) return Error{"there are two packages of amana-desk", "Leave the older one out."};
        const auto rest = std::string_view(name).substr(own_package.size());
        version = std::string(rest.substr(0, rest.find('_')));
    }
    if (!version) return Error{"there is no package of amana-desk", "It goes into each update, changed or not; 'deploy/package' builds it: amana-desk_VERSION_ARCHITECTURE.deb."};
    return Result<std::string>(boost::system::in_place_value, *std::move(version));
}

Result<void> is_package(const PackageFile& file, const std::string& name)
{
    ByteArray<package_magic.size()> head{};
    const auto count = ::pread(file.fd.get(), head.data(), head.size(), 0);
    if (count != static_cast<ssize_t>(head.size()) || as_text(head) != package_magic) return Error{name + " is not a Debian package", ""};
    if (file.size > crypto::max_package_bytes) return Error{name + " is larger than a file of an update may be", ""};
    return {};
}

}  // namespace

Result<NewUpdate> NewUpdate::fill(const fs::path& out, const std::vector<fs::path>& sources, std::uint64_t serial)
{
    Found found;
    for (const auto& source : sources)
        if (const auto added = find_packages(found, source); !added) return added.error();
    const auto version = version_in(found);
    if (!version) return version.error();
    if (::mkdir(out.c_str(), public_directory) != 0) return system_error("can't create " + out.string(), errno);
    NewUpdate update(out);
    update.manifest_ = {serial, *version, {}};
    for (const auto& [name, folder] : found) {
        const auto where = open_folder(folder);
        if (!where) return where.error();
        const auto file = open_in(*where, name);
        if (!file) return file.error();
        if (const auto good = is_package(*file, name); !good) return good.error();
        const auto hash = copy_hashed(*file, name, out / name, public_file, [](std::uint64_t) {});
        if (!hash) return hash.error();
        update.manifest_.files.push_back({*hash, file->size, name});
    }
    // Its own reader's rules: order, sizes, how many.
    if (const auto text = update.manifest_.text(); !text) return text.error();
    return update;
}

NewUpdate::~NewUpdate()
{
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

fs::path NewUpdate::list() const
{
    return folder_ / update_list_name;
}

std::uint64_t serial_of(UnixTime now)
{
    const auto time = static_cast<std::time_t>(now);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::uint64_t serial = static_cast<std::uint64_t>(parts.tm_year) + 1900;
    for (const int part : {parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min}) serial = serial * 100 + static_cast<std::uint64_t>(part);
    return serial;
}

}  // namespace amana::desk
