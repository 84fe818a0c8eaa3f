// SPDX-License-Identifier: AGPL-3.0-or-later
// Backup, restore and drill as modes of amana-keeper: what they say to the admin.
#pragma once

#include "server/keeper/restore.hpp"

namespace amana::keeper {

[[nodiscard]] Result<void> run_backup(const wire::KeeperSlice& slice, const BackupRequest& request);
[[nodiscard]] Result<void> run_restore(const wire::KeeperSlice& slice, const RestoreRequest& request);
// The slice's directory is where there is room for it.
[[nodiscard]] Result<void> run_drill(const wire::KeeperSlice& slice, const std::filesystem::path& backup, const GoOn& go_on);

}  // namespace amana::keeper
