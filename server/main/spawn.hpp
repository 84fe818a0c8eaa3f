// SPDX-License-Identifier: AGPL-3.0-or-later
// Starts one of our own programs with exactly the descriptors it is meant to have: at 0 and 1 what the caller
// says, stderr at 2 unless it is silent, and the given ones from 3 on. Nothing else is open in it, its environment is empty but for the locale,
// its signals are as after boot. Only for a process without threads.
#pragma once

#include "base/result.hpp"
#include "server/main/users.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace amana::server {

enum class Lifetime {
    bound,  // SIGTERM when this process dies: for the front, which would else serve on, unwatched
    free,   // for the keeper, which notices by itself and has something to finish
};

struct Program {
    std::filesystem::path path;
    std::vector<std::string> arguments;  // without the program's own name
    Lifetime lifetime = Lifetime::free;
    int standard_output = -1;  // -1: /dev/null
    bool told_more = false;    // more may follow its slice, so that its channel stays open
    int standard_input = -1;   // -1: /dev/null
    bool silent = false;       // stderr to /dev/null too: of programs that are not ours, whose words would stand among ours
    std::optional<User> user{};  // whom it becomes, with no group but that user's own; for root

    [[nodiscard]] std::string name() const { return path.filename().string(); }
};

// The two that serve, as they are started by whoever starts them.
[[nodiscard]] Program front_program(std::filesystem::path path);
[[nodiscard]] Program keeper_program(std::filesystem::path path);

[[nodiscard]] Result<pid_t> spawn(const Program& program, const std::vector<int>& descriptors);

// "ended with status 1", "was killed by signal 9 (Killed)".
[[nodiscard]] std::string describe_end(int wait_status);

}  // namespace amana::server
