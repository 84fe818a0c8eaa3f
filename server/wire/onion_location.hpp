// SPDX-License-Identifier: AGPL-3.0-or-later
// How long an address in Onion-Location may be, so that every page's head has room for it (server/front/responses.hpp).
#pragma once

#include <cstddef>

namespace amana::wire {

inline constexpr std::size_t max_onion_location_bytes = 128;

}  // namespace amana::wire
