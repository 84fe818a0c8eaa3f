// SPDX-License-Identifier: AGPL-3.0-or-later
// The passphrase: from the terminal without echo, or from a file. It goes straight into locked memory.
#pragma once

#include "base/secret.hpp"

#include <filesystem>
#include <string>

namespace amana::desk {

// The file's bytes less one trailing newline.
[[nodiscard]] Result<SecretText> passphrase_from_file(const std::filesystem::path& path);

// Asks on the terminal; echo is off until the line is in, and comes back whatever signal arrives meanwhile.
[[nodiscard]] Result<SecretText> ask_passphrase(const std::string& prompt);
// Asks twice; refuses one that is too short before it asks again.
[[nodiscard]] Result<SecretText> ask_new_passphrase(const std::string& prompt);

}  // namespace amana::desk
