// SPDX-License-Identifier: AGPL-3.0-or-later
// What every mode of the keeper opens first: the store and the log's key, checked against one another.
#pragma once

#include "base/file.hpp"
#include "server/keeper/batch_policy.hpp"
#include "server/keeper/sequencer.hpp"
#include "server/keeper/sqlite_store.hpp"
#include "server/wire/slices.hpp"

#include <memory>

namespace amana::keeper {

struct Storage {
    std::unique_ptr<Store> store;
    Sequencer sequencer;
};

[[nodiscard]] BatchPolicy policy_of(const wire::KeeperSlice& slice);
// What must stay free: what the config says, and what the next batch's decoys take.
[[nodiscard]] std::uint64_t reserve_of(const wire::KeeperSlice& slice);

// Whether a store may be opened that was handed over ('backup --handover'): in it nothing may be signed.
enum class HandedOver { refused, accepted };

// An error while a restore is under way there, or was cut off, and where it was handed over. Whoever signs looks again once it holds its
// lock, or has signed and shows it to nobody yet: 'backup --handover' may have come between.
[[nodiscard]] Result<void> is_open_to(const std::filesystem::path& directory, HandedOver handed_over);

// Creates the directory (not its parents), the database and the log key when the log begins. An error where
// it is not open.
[[nodiscard]] Result<Storage> open_storage(const wire::KeeperSlice& slice, HandedOver handed_over = HandedOver::refused);

// Held by the one keeper that serves a directory: it discards what it finds unfinished there, which must not be another's.
// Waits a while for one that is just ending.
[[nodiscard]] Result<UniqueFd> lock_for_serving(const std::filesystem::path& directory);

}  // namespace amana::keeper
