// SPDX-License-Identifier: AGPL-3.0-or-later
// One server to a storage directory: a lock on the file "lock" in the warden's directory (warden_directory.hpp), held as long as the
// warden lives. It outlives nothing: the kernel drops it with the process, so there is no stale lock to remove. The file says who holds
// it and how it fares, in six lines of one length: they are written in place, which works on a full disk too.
#pragma once

#include "base/file.hpp"
#include "server/main/steps.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace amana::server {

// An error that names the other server when there is one.
[[nodiscard]] Result<UniqueFd> lock_storage(const std::filesystem::path& own);

// Processes that attend the warden (attend.hpp), whose children front and keeper then are; 0: none.
struct Attending {
    pid_t front = 0;
    pid_t keeper = 0;
};

// For the holder: what running_server() is to tell of it.
void show_steps(const UniqueFd& lock, const Steps::Told& told, const Attending& attending = {});

struct Running {
    std::string process;  // its number, as text
    Steps::Told told;
    std::vector<std::string> attending;  // numbers, as text
};
// Which server holds the directory, if any.
[[nodiscard]] std::optional<Running> running_server(const std::filesystem::path& own);

}  // namespace amana::server
