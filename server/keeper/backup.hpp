// SPDX-License-Identifier: AGPL-3.0-or-later
// A backup of the store: a folder that is there whole or not at all (docs/LOG.md, section 12). The steps, each of which may be
// the last:
//
//   1. of a store that is handed over: the mark that nothing signs in it any more, then the rest as it is then
//   2. OUT.partial is made, or what was left in it taken away
//   3. the database is copied from one moment of it, rows alone: no page of it holds what was deleted
//   4. what else there is; the manifest; then the folder takes its name
//
// Cut off before the last, there is OUT.partial, which the next backup to OUT takes away.
#pragma once

#include "base/file.hpp"
#include "server/keeper/backup_manifest.hpp"
#include "server/wire/slices.hpp"

#include <functional>

namespace amana::keeper {

// False ends what is being done, with an error.
using GoOn = std::function<bool()>;

struct BackupRequest {
    std::filesystem::path out;
    BackupKind kind = BackupKind::copy;
    Clock clock = system_clock();
    GoOn go_on = [] { return true; };
};

// What the storage folder says of itself: each a file beside the database.
[[nodiscard]] std::filesystem::path handed_over_path(const std::filesystem::path& storage);
[[nodiscard]] std::filesystem::path restoring_path(const std::filesystem::path& storage);

[[nodiscard]] Result<BackupManifest> back_up(const wire::KeeperSlice& slice, const BackupRequest& request);

// Copies a regular file into a new one, durably.
[[nodiscard]] Result<BackupFile> copy_hashed(const std::filesystem::path& from, const std::filesystem::path& to, const GoOn& go_on);

// A folder that something is made in; what a run that was cut off left in it is taken away. Removed if it is dropped before
// done().
class WorkFolder {
public:
    [[nodiscard]] static Result<WorkFolder> make(std::filesystem::path path);
    WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
    WorkFolder& operator=(WorkFolder&&) = delete;
    ~WorkFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    void done() { path_.clear(); }

private:
    WorkFolder(std::filesystem::path path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

    std::filesystem::path path_;
    UniqueFd lock_;
};

}  // namespace amana::keeper
