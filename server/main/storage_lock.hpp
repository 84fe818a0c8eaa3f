// SPDX-License-Identifier: AGPL-3.0-or-later
// One server to a storage directory: a lock on the file "lock" in the warden's directory (warden_directory.hpp), held as long as the
// warden lives. It outlives nothing: the kernel drops it with the process, so there is no stale lock to remove. The file says who holds
// it and how it and its store fare, in seven lines of one length: they are written in place, which works on a full disk too.
#pragma once

#include "base/file.hpp"
#include "server/main/steps.hpp"
#include "server/wire/store_facts.hpp"

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
struct Shown {
    Steps::Told told{};
    Attending attending{};
    std::optional<wire::StoreFacts> store{};  // as the keeper told last
};
void show(const UniqueFd& lock, const Shown& shown);

struct Running {
    std::string process;  // its number, as text
    Steps::Told told;
    std::vector<std::string> attending;  // numbers, as text
    std::optional<wire::StoreFacts> store;
};
// Which server holds the directory, if any.
[[nodiscard]] std::optional<Running> running_server(const std::filesystem::path& own);

}  // namespace amana::server
