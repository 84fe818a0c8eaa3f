// SPDX-License-Identifier: AGPL-3.0-or-later
// The scripts that seal in the browser, as they were bundled when Amana was built (share/amana/script), with their source
// maps. They are the same bytes for every deployment.
#pragma once

#include "web/pages.hpp"

namespace amana::web {

// Fails when a file is missing, or when a packed one does not unpack to the plain one beside it.
[[nodiscard]] Result<Scripts> load_scripts(const std::filesystem::path& data);

}  // namespace amana::web
