// SPDX-License-Identifier: AGPL-3.0-or-later
// Questions about the log's tree that its tiles answer, at a cost that does not grow with the log.
#pragma once

#include "server/keeper/store.hpp"

namespace amana::keeper {

// The right edge of the tree as it was when it had `size` leaves, of those it has now.
[[nodiscard]] Result<crypto::Frontier> frontier_at(Store& store, std::uint64_t size);

// Shows the leaves [begin, end) in order; reads a tile at a time.
[[nodiscard]] Result<void> for_each_leaf(Store& store, std::uint64_t begin, std::uint64_t end,
                                         const std::function<Result<void>(std::uint64_t, const crypto::Hash&)>& visit);

}  // namespace amana::keeper
