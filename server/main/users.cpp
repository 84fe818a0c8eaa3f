// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/users.hpp"

#include <charconv>

#include <pwd.h>
#include <sys/stat.h>

namespace amana::server {

User user_of(uid_t uid)
{
    if (const auto* found = ::getpwuid(uid); found != nullptr) return {uid, found->pw_gid, found->pw_name};
    return {uid, static_cast<gid_t>(uid), std::to_string(uid)};
}

Result<User> find_user(const std::string& text)
{
    if (const auto* found = ::getpwnam(text.c_str()); found != nullptr) return User{found->pw_uid, found->pw_gid, text};
    uid_t uid = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, uid);
    if (error == std::errc{} && stopped == end && uid != static_cast<uid_t>(-1)) return user_of(uid);
    return Error{"there is no user '" + text + "' on this machine", "The package makes it: systemd-sysusers. For one of several servers: amana-server(8)."};
}

std::optional<User> owner_of(const std::filesystem::path& path)
{
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return std::nullopt;
    return user_of(about.st_uid);
}

}  // namespace amana::server
