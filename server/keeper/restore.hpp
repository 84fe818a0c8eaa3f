// SPDX-License-Identifier: AGPL-3.0-or-later
// A backup put back into an empty storage folder (docs/LOG.md, section 12), whole or not at all:
//
//   1. <storage>/restoring is made: while it is there, nothing opens what lies beside it
//   2. all of the backup is copied into it, each file held to the manifest; the store is brought up to this version, and proved whole
//   3. the log goes on, if it was handed over; else a new one begins with what it had
//   4. the files take their places; then the folder goes
//
// Cut off anywhere, the next restore takes away what was left and begins anew.
#pragma once

#include "server/keeper/backup.hpp"
#include "server/keeper/fsck.hpp"

namespace amana::keeper {

// Which log there is afterwards.
enum class LogAfter {
    same,  // only of a store that was handed over: any other may have signed more since
    anew,  // under a new key
};

struct RestoreRequest {
    std::filesystem::path backup;
    LogAfter log = LogAfter::same;
    GoOn go_on = [] { return true; };
};

struct RestoreSummary {
    BackupManifest manifest;
    FsckReport checked;
    crypto::NoteVerifier log;  // from now on
};

[[nodiscard]] Result<RestoreSummary> restore(const wire::KeeperSlice& slice, const RestoreRequest& request);

// The same into a folder of its own inside `scratch`, which is taken away again. The log's name is the backup's.
[[nodiscard]] Result<RestoreSummary> drill(const std::filesystem::path& scratch, const std::filesystem::path& backup, const GoOn& go_on);

}  // namespace amana::keeper
