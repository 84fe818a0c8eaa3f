// SPDX-License-Identifier: AGPL-3.0-or-later
// The highest key set serial this server has served with, kept in <storage>/keys.serial: an old key set, put back by
// whoever holds one of its keys, is noticed. It counts for one root; a new root begins anew, for only who may change the
// config can name one.
#pragma once

#include "base/file.hpp"
#include "crypto/keyset.hpp"

#include <filesystem>

namespace amana::server {

// An error when this set's serial is lower than the one remembered, or when what is remembered can't be read.
[[nodiscard]] Result<void> check_serial(const std::filesystem::path& storage, const crypto::KeySet& keyset);
// Makes this set's serial the one remembered, durably.
[[nodiscard]] Result<void> remember_serial(const std::filesystem::path& storage, const crypto::KeySet& keyset);

}  // namespace amana::server
