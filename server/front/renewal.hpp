// SPDX-License-Identifier: AGPL-3.0-or-later
// Certificates that were renewed while the front serves: the warden reads and checks them, and sends them behind the front's slice
// (server/wire/slices.hpp). Who connects from then on is shown them; connections that are there keep what they have.
#pragma once

#include "server/front/site.hpp"

#include <boost/asio/awaitable.hpp>

namespace amana::front {

// From `channel`, which it takes no possession of, until that ends.
[[nodiscard]] boost::asio::awaitable<void> take_renewals(Shared& shared, int channel);

}  // namespace amana::front
