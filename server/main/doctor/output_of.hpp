// SPDX-License-Identifier: AGPL-3.0-or-later
// What a program says: run to its end, with nothing but its arguments.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace amana::server::doctor {

// Its standard output, up to a bound; an error when it can't be started, is killed or fails.
[[nodiscard]] Result<std::string> output_of(const std::filesystem::path& program, std::vector<std::string> arguments);

}  // namespace amana::server::doctor
