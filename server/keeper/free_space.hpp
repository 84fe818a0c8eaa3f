// SPDX-License-Identifier: AGPL-3.0-or-later
// How much room the file system of a directory has left for an ordinary user.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>

namespace amana::keeper {

[[nodiscard]] Result<std::uint64_t> free_space(const std::filesystem::path& directory);

}  // namespace amana::keeper
