// SPDX-License-Identifier: AGPL-3.0-or-later
// What an admin may know of the store: counts, the log's checkpoint and verifier, space. Nothing about one report.
#pragma once

#include "server/keeper/outbox_check.hpp"
#include "server/keeper/storage.hpp"
#include "server/wire/store_facts.hpp"

#include <optional>

namespace amana::keeper {

struct Status {
    Stats stats;
    std::string root;      // of the last checkpoint, base64 as in the note
    std::string verifier;  // the log's verifier key, NAME+ID+KEY
    std::optional<BatchPolicy::Cost> cover;  // what decoys cost in a year; nothing without a key set
    std::uint64_t free_bytes = 0;
    std::uint64_t reserve_bytes = 0;
    std::uint64_t room_bytes = 0;  // for new uploads, coarse: server/wire/room.hpp
    OutboxState outbox;
    // Days since 1970: of the first batch, of the courier's last visit, of the last backup.
    std::optional<std::int64_t> log_day;
    std::optional<std::int64_t> courier_day;
    std::optional<std::int64_t> backup_day;
};

// What the warden is told; nothing where it can't be read.
[[nodiscard]] std::optional<wire::StoreFacts> store_facts(Store& store, const wire::KeeperSlice& slice);

[[nodiscard]] Result<Status> read_status(Storage& storage, const wire::KeeperSlice& slice);

// "key: value" lines, or one JSON object with the same keys.
[[nodiscard]] std::string status_text(const Status& status);
[[nodiscard]] std::string status_json(const Status& status);

}  // namespace amana::keeper
