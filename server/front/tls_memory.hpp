// SPDX-License-Identifier: AGPL-3.0-or-later
// OpenSSL's memory in the front: everything it frees is wiped, and its record buffers, through which every report passes
// in the clear, lie in locked memory.
#pragma once

#include "base/process.hpp"

namespace amana::front {

// What the record buffers take of the locked memory when not everything is locked anyway.
inline constexpr std::size_t record_buffers = 64;
inline constexpr std::size_t record_buffer_bytes = 20 * 1024;

// Before the first use of OpenSSL in the process.
[[nodiscard]] Result<void> take_over_tls_memory(const MemoryProtection& protection);

}  // namespace amana::front
