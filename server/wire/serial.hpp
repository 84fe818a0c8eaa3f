// SPDX-License-Identifier: AGPL-3.0-or-later
// The highest key set serial this server has served with, kept in <directory>/keys.serial: an old key set, put back by
// whoever holds one of its keys, is noticed. It counts for one root; a new root begins anew, for only who may change the
// config can name one.
//
// The warden keeps it in its own directory, so that an old set is refused before anything is begun anew; the keeper in the storage
// directory, so that a backup has it and a restored store knows it. Mostly the two are one directory, and then it is one file.
#pragma once

#include "base/file.hpp"
#include "crypto/keyset.hpp"

#include <filesystem>

namespace amana::wire {

// An error when this set's serial is lower than the one remembered, or when what is remembered can't be read.
[[nodiscard]] Result<void> check_serial(const std::filesystem::path& directory, const crypto::KeySet& keyset);
// Makes this set's serial the one remembered, durably.
[[nodiscard]] Result<void> remember_serial(const std::filesystem::path& directory, const crypto::KeySet& keyset);

}  // namespace amana::wire
