// SPDX-License-Identifier: AGPL-3.0-or-later
// The files of an update: found in a folder without following a link, and copied while they are hashed, so that what is vouched
// for is what was written, whatever becomes of the medium.
#pragma once

#include "base/file.hpp"
#include "crypto/primitives.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace amana::desk {

// The signed list in an update's folder, beside its files.
inline constexpr const char* update_list_name = "update.list";

// A folder, opened once: every name is looked for in it and nowhere else.
[[nodiscard]] Result<UniqueFd> open_folder(const std::filesystem::path& folder);

struct PackageFile {
    UniqueFd fd;
    std::uint64_t size = 0;
};
// A regular file of this name in the folder; a link, a folder or a pipe of that name is an error.
[[nodiscard]] Result<PackageFile> open_in(const UniqueFd& folder, const std::string& name);

// Calls with each name in the folder but "." and "..", in no order, until one is an error.
[[nodiscard]] Result<void> for_each_name(const UniqueFd& folder, const std::function<Result<void>(const std::string&)>& visit);

// Copies all of the file, which must have as many bytes as when it was opened, to a new private file; the hash of what was written.
using Copied = std::function<void(std::uint64_t bytes)>;
[[nodiscard]] Result<crypto::Hash> copy_hashed(const PackageFile& file, const std::string& name, const std::filesystem::path& to, mode_t mode,
                                               const Copied& copied);

}  // namespace amana::desk
