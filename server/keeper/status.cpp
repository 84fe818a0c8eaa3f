// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/status.hpp"

#include "server/keeper/free_space.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace amana::keeper {

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
    return Status{*stats, to_base64(checkpoint->root), storage.sequencer.verifier().text(), *free, slice.reserve_bytes};
}

std::string status_text(const Status& status)
{
    return fmt::format(
        "pending: {}\n"
        "pending-bytes: {}\n"
        "log-size: {}\n"
        "checkpoint-root: {}\n"
        "log-verifier: {}\n"
        "free-bytes: {}\n"
        "reserve-bytes: {}\n"
        "reclaimable-bytes: {}\n",
        status.stats.pending, status.stats.pending_bytes, status.stats.log_size, status.root, status.verifier,
        status.free_bytes, status.reserve_bytes, status.stats.reclaimable_bytes);
}

std::string status_json(const Status& status)
{
    return boost::json::serialize(boost::json::object{
               {"pending", status.stats.pending},
               {"pending-bytes", status.stats.pending_bytes},
               {"log-size", status.stats.log_size},
               {"checkpoint-root", status.root},
               {"log-verifier", status.verifier},
               {"free-bytes", status.free_bytes},
               {"reserve-bytes", status.reserve_bytes},
               {"reclaimable-bytes", status.stats.reclaimable_bytes},
           }) +
           "\n";
}

}  // namespace amana::keeper
