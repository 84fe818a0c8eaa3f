// SPDX-License-Identifier: AGPL-3.0-or-later
// What a process that holds secrets does first.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

namespace amana {

// What could be had; `status` and `doctor` tell it to the admin.
struct MemoryProtection {
    bool everything_locked;      // mlockall is in force: nothing of this process is ever swapped
    std::size_t lockable_bytes;  // what SecretBuffers may lock when it is not
};

// libsodium initialised; no core dumps; not dumpable or traceable by the same user; no new privileges; every page locked
// as it is touched if the limit allows or CAP_IPC_LOCK lifts it. An error when not even `needed` bytes may be locked.
[[nodiscard]] Result<MemoryProtection> harden_process(std::size_t needed);

}  // namespace amana
