// SPDX-License-Identifier: AGPL-3.0-or-later
// Waiting for a report's turn, when as many are under way as may.
#pragma once

#include "server/front/keeper_link.hpp"
#include "server/front/limits.hpp"
#include "server/front/stream.hpp"

namespace amana::front {

// Nothing when its turn did not come in 20 s, or when none will: the keeper is gone. `returned`: for a form
// that only goes back.
[[nodiscard]] asio::awaitable<std::optional<Admitted>> admit(Limits& limits, std::shared_ptr<const Source> source, Stream& stream,
                                                             const KeeperLink& link, bool returned = false);

}  // namespace amana::front
