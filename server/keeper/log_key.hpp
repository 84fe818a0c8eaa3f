// SPDX-License-Identifier: AGPL-3.0-or-later
// The log's signing key: <directory>/log.key, 32 raw bytes (an Ed25519 seed), mode 0600. It is the keeper's alone; a copy
// in another hand can sign a log that shows other entries to other people.
#pragma once

#include "base/secret.hpp"

#include <filesystem>

namespace amana::keeper {

// Makes the key when there is none and `may_create`; without it a missing key is an error, because a log that was signed
// by one key can't go on under another.
[[nodiscard]] Result<SecretBuffer> load_log_key(const std::filesystem::path& directory, bool may_create);

}  // namespace amana::keeper
