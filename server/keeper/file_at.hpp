// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading and writing in the middle of a file, until it is on disk.
#pragma once

#include "base/file.hpp"

namespace amana::keeper {

// All of `out`, or an error: also when the file ends before.
[[nodiscard]] Result<void> read_at(int fd, std::uint64_t at, MutableBytes out);
[[nodiscard]] Result<void> write_at(int fd, std::uint64_t at, ByteView bytes);
// What was written, and the file's times.
[[nodiscard]] Result<void> to_disk(int fd);

}  // namespace amana::keeper
