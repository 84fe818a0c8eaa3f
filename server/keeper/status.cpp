// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/status.hpp"

#include "crypto/keyset.hpp"
#include "server/keeper/days.hpp"
#include "server/keeper/free_space.hpp"
#include "server/wire/room.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace amana::keeper {

namespace {

// In the order in which they are shown; numbers stay numbers in JSON.
boost::json::object fields(const Status& status)
{
    const auto& stats = status.stats;
    boost::json::object all{
        {"pending", stats.pending},
        {"pending-bytes", stats.pending_bytes},
        {"log-size", stats.log_size},
        {"log-witnessed", stats.witnessed_size},
        {"log-erased", stats.erased_below},
        {"checkpoint-root", status.root},
        {"log-verifier", status.verifier},
    };
    if (status.cover) {
        all["decoys-a-year"] = std::llround(status.cover->entries);
        all["decoy-bytes-a-year"] = std::llround(status.cover->bytes);
    }
    all["free-bytes"] = status.free_bytes;
    all["reserve-bytes"] = status.reserve_bytes;
    all["room-bytes"] = status.room_bytes;
    all["reclaimable-bytes"] = stats.reclaimable_bytes;
    all["outbox"] = status.outbox.state;
    if (status.outbox.serial != 0) {
        all["outbox-serial"] = status.outbox.serial;
        all["outbox-until"] = to_rfc3339(status.outbox.expires);
    }
    const auto day = [&](const char* name, const std::optional<std::int64_t>& value) {
        if (value) all[name] = day_text(*value);
    };
    day("log-day", status.log_day);
    day("courier-day", status.courier_day);
    day("backup-day", status.backup_day);
    return all;
}

}  // namespace

std::optional<wire::StoreFacts> store_facts(Store& store, const wire::KeeperSlice& slice)
{
    const auto tree = store.tree();
    const auto free = free_space(slice.directory);
    if (!tree || !free) return std::nullopt;
    return wire::StoreFacts{wire::coarse_bytes(*free), wire::log_step(tree->size, slice.batch), read_day(courier_day_path(slice.directory)),
                            read_day(backup_day_path(slice.directory))};
}

Result<Status> read_status(Storage& storage, const wire::KeeperSlice& slice)
{
    const auto stats = storage.store->stats();
    if (!stats) return stats.error().error;
    const auto tree = storage.store->tree();
    if (!tree) return tree.error().error;
    const auto checkpoint = crypto::Checkpoint::parse(tree->checkpoint, storage.sequencer.verifier());
    if (!checkpoint) return checkpoint.error();
    const auto free = free_space(slice.directory);
    if (!free) return free.error();
    std::optional<BatchPolicy::Cost> cover;
    if (const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint); keys)
        cover = policy_of(slice).yearly_cost(keys->recipients().size());
    const auto first = first_day(*storage.store, storage.sequencer.today());
    if (!first) return first.error().error;
    const auto reserve = reserve_of(slice);
    const auto needed = reserve + tick_factor * stats->pending_bytes;
    return Status{*stats, to_base64(checkpoint->root), storage.sequencer.verifier().text(), cover, *free,
                  reserve, wire::told_room(*free - std::min(*free, needed)), outbox_state(*storage.store, slice, system_clock()()),
                  *first, read_day(courier_day_path(slice.directory)), read_day(backup_day_path(slice.directory))};
}

std::string status_text(const Status& status)
{
    std::string text;
    for (const auto& [key, value] : fields(status))
        text += fmt::format("{}: {}\n", std::string_view(key.data(), key.size()),
                            value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value));
    return text;
}

std::string status_json(const Status& status)
{
    return boost::json::serialize(fields(status)) + "\n";
}

}  // namespace amana::keeper
