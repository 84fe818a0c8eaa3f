// SPDX-License-Identifier: AGPL-3.0-or-later
// Users of this machine, by name and by number.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace amana::server {

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name;  // its number where it has none
};

// By name; or by a number, which then stands for a group too where no user has it.
[[nodiscard]] Result<User> find_user(const std::string& text);
[[nodiscard]] User user_of(uid_t uid);
// Nothing where it can't be looked at.
[[nodiscard]] std::optional<User> owner_of(const std::filesystem::path& path);

}  // namespace amana::server
