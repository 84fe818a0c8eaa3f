// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes a planned outbox (docs/INBOX.md, section 1) bucket by bucket: in memory are the plan, a bucket, and the verifiers of
// all slots, 1 KiB a bucket (8 MiB at 100,000 letters). Each letter is put together, signed, sealed and forgotten by itself.
#pragma once

#include "base/file.hpp"
#include "desk/bundle_file.hpp"
#include "desk/directory.hpp"
#include "desk/outbox_plan.hpp"

namespace amana::desk {

struct OutboxWriting {
    const DeskPaths& paths;
    Records records;
    const Conversations& conversations;
    ByteView courier_seed;
    // What its note says, but for the files and the hash; `buckets` is the plan's.
    crypto::OutboxNote note;
};

// Writes into `file`, which is left on disk, complete and without its name. Letters that can't be sealed leave the plan and are
// named in it. Returns what the note says.
[[nodiscard]] Result<crypto::OutboxNote> write_outbox(OutboxPlan& plan, OutboxWriting writing, DurableFile& file, const Progress& progress);

}  // namespace amana::desk
