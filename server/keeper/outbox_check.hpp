// SPDX-License-Identifier: AGPL-3.0-or-later
// What an admin may know of the outbox, and what fsck finds wrong with it.
#pragma once

#include "server/keeper/outbox_folder.hpp"
#include "server/wire/slices.hpp"

#include <string>

namespace amana::keeper {

struct OutboxState {
    std::string state;         // "none", "open", "expired", or why it can't be used
    std::uint64_t serial = 0;  // 0: there is none that can be used
    UnixTime expires = 0;
};
[[nodiscard]] OutboxState outbox_state(Store& store, const wire::KeeperSlice& slice, UnixTime now);

// One line for each fault: the note, the lengths, the files' order, what is left of an import or an expiry, and what kept
// keys should have erased. Beside a serving keeper or without one; changes nothing.
[[nodiscard]] Result<std::vector<std::string>> outbox_faults(Store& store, const wire::KeeperSlice& slice);

}  // namespace amana::keeper
