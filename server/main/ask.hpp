// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs one of the other programs in a mode in which it does not serve: it gets its slice as ever, does what it is asked and
// ends.
#pragma once

#include "base/bytes.hpp"
#include "server/main/users.hpp"

#include <optional>
#include <string>
#include <vector>

namespace amana::server {

// Its exit code. What it prints goes to our standard output, or to `capture`; what it says of itself, to stderr. It runs as `user`, if
// one is named.
[[nodiscard]] Result<int> ask(const std::string& program, ByteView slice, std::vector<std::string> arguments, std::string* capture,
                              const std::optional<User>& user = std::nullopt);

}  // namespace amana::server
