// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether a line of a log names somebody: an IP address that is neither this machine's own nor the loopback's.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace amana::server::doctor {

// `own`: addresses as text, which are not counted.
[[nodiscard]] bool names_an_address(std::string_view line, const std::set<std::string>& own);

}  // namespace amana::server::doctor
