// SPDX-License-Identifier: AGPL-3.0-or-later
// What an attacker reads off a stolen data directory, as numbers: docs/FORENSICS.md has the table. The same names, in the same order,
// of every directory.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace amana::forensic {

struct Features {
    std::vector<double> values;
};

[[nodiscard]] const std::vector<std::string>& feature_names();
[[nodiscard]] Features features_of(const std::filesystem::path& folder);

}  // namespace amana::forensic
