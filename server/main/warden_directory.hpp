// SPDX-License-Identifier: AGPL-3.0-or-later
// Where the warden keeps what is its own: the lock (storage_lock.hpp) and the key set's serial (server/wire/serial.hpp). That is the
// storage directory; where that one is the keeper's alone (docs/SYSTEMD.md), the directory beside it, "NAME.warden", which whoever
// sets that up makes. So 'serve' and every command find the same, whatever the config says and whoever runs them.
#pragma once

#include <filesystem>

namespace amana::server {

// "/var/lib/amana" → "/var/lib/amana.warden" if that is a directory, else "/var/lib/amana".
[[nodiscard]] std::filesystem::path warden_directory(const std::filesystem::path& storage);
// The name that it has, whether it is there or not.
[[nodiscard]] std::filesystem::path beside(const std::filesystem::path& storage);

}  // namespace amana::server
