// SPDX-License-Identifier: AGPL-3.0-or-later
// One server to a storage directory: a lock on <storage>/lock, held as long as the warden lives. It outlives nothing: the
// kernel drops it with the process, so there is no stale lock to remove. The file says who holds it and how it fares, in three
// lines of one length: they are written in place, which works on a full disk too.
#pragma once

#include "base/file.hpp"
#include "server/main/steps.hpp"

#include <filesystem>
#include <optional>

namespace amana::server {

// An error that names the other server when there is one.
[[nodiscard]] Result<UniqueFd> lock_storage(const std::filesystem::path& storage);

// For the holder: what running_server() is to tell of it.
void show_steps(const UniqueFd& lock, const Steps::Told& told);

struct Running {
    std::string process;  // its number, as text
    Steps::Told told;
};
// Which server holds the directory, if any.
[[nodiscard]] std::optional<Running> running_server(const std::filesystem::path& storage);

}  // namespace amana::server
