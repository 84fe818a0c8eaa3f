// SPDX-License-Identifier: AGPL-3.0-or-later
// What a process of ours gives up for good once it holds all that it needs: capabilities, files (Landlock), and every
// system call that its work does not take (seccomp). Whoever runs code of his own in it can do no more than this:
//
//   front    talks over the descriptors it has and takes connections from its listeners: opens no file, writes none,
//            makes no socket, connects to nobody
//   keeper   the same without connections, and works on files beneath its own directory
//
// Neither starts a program, maps memory that can be executed, signals or traces anybody, or gets a privilege back. What is
// denied is answered with EPERM, and the process goes on: a libc that tries something new must not end it.
//
// Sources: landlock(7), seccomp(2), capabilities(7).
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <vector>

namespace amana {

enum class Role { front, keeper };

struct SandboxRules {
    Role role = Role::front;
    std::vector<std::filesystem::path> directories{};  // whose files it may read and write, all beneath them too
    bool keeps_rights_on_files = false;                // of root: to read and write what is somebody else's, in those directories
    int landlock_at_most = 1000;                       // for tests: the ABI of an older kernel; 0: one without Landlock
};

// What is in force.
struct Sandbox {
    int landlock = 0;         // its ABI; 0: this kernel has none, and what may be opened is for seccomp and file permissions
    bool seccomp = false;     // false in sanitised builds alone, which confine nothing
};

// For the whole process; to be called while it has one thread. Whoever may lock memory by CAP_IPC_LOCK alone keeps that.
[[nodiscard]] Result<Sandbox> enter_sandbox(const SandboxRules& rules);

// Landlock's ABI as this kernel offers it; 0: none.
[[nodiscard]] int offered_landlock();

}  // namespace amana
