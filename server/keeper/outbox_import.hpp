// SPDX-License-Identifier: AGPL-3.0-or-later
// Takes an outbox that the courier has brought (docs/INBOX.md, section 2), whole or not at all, beside a serving keeper or
// without one, in constant memory. The steps, each of which may be the last:
//
//   1. the file is copied to outbox.partial while it is checked; then the copy is on disk
//   2. the copy is held against the erased keys
//   3. its serial and its note's hash are committed as those taken last
//   4. it takes its place, under the store's write lock
//   5. the outbox that was there before is overwritten and deleted
//
// Cut off before 3, nothing has changed; after it, the next start or tick of a serving keeper does what is missing.
#pragma once

#include "base/clock.hpp"
#include "server/keeper/outbox_folder.hpp"
#include "server/keeper/storage.hpp"

namespace amana::keeper {

struct ImportRequest {
    std::filesystem::path file;
    Clock clock = system_clock();
    // Called now and then with what is done and what there is in all; false ends the import with an error.
    OutboxFile::Progress progress;
};

struct ImportSummary {
    crypto::OutboxNote note;
    bool taken = false;  // false: it was already
};

// An error says which check failed, and then nothing was changed.
[[nodiscard]] Result<ImportSummary> import_outbox(Storage& storage, const wire::KeeperSlice& slice, const ImportRequest& request);

}  // namespace amana::keeper
