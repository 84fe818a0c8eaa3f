// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/warden_directory.hpp"

namespace amana::server {

std::filesystem::path beside(const std::filesystem::path& storage)
{
    // A directory may be named with a slash at its end.
    auto path = storage.has_filename() ? storage : storage.parent_path();
    path += ".warden";
    return path;
}

std::filesystem::path warden_directory(const std::filesystem::path& storage)
{
    std::error_code problem;
    auto own = beside(storage);
    return std::filesystem::is_directory(own, problem) ? own : storage;
}

}  // namespace amana::server
