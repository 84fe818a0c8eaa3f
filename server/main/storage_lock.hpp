// SPDX-License-Identifier: AGPL-3.0-or-later
// One server to a storage directory: a lock on <storage>/lock, held as long as the warden lives. It outlives nothing: the
// kernel drops it with the process, so there is no stale lock to remove.
#pragma once

#include "base/file.hpp"

#include <filesystem>
#include <optional>

namespace amana::server {

// An error that names the other server when there is one.
[[nodiscard]] Result<UniqueFd> lock_storage(const std::filesystem::path& storage);

struct Running {
    std::string process;  // its number, as text
};
// Which server holds the directory, if any.
[[nodiscard]] std::optional<Running> running_server(const std::filesystem::path& storage);

}  // namespace amana::server
