// SPDX-License-Identifier: AGPL-3.0-or-later
// Takes a checkpoint that the desk has co-signed (docs/LOG.md, section 6): what is below it may be erased in its time.
#pragma once

#include "server/keeper/storage.hpp"

namespace amana::keeper {

// The size that is co-signed now. An error when the note is not a checkpoint of this log's own past, not co-signed by the
// key set's witness, or smaller than the last one taken.
[[nodiscard]] Result<std::uint64_t> take_cosigned(Storage& storage, const wire::KeeperSlice& slice, ByteView note);

}  // namespace amana::keeper
