// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether a caller's bug ends the process, as require() promises: tried in a child.
#pragma once

#include <csignal>
#include <cstdio>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::testing {

template <typename Bug>
bool aborts(Bug bug)
{
    std::fflush(nullptr);
    const auto child = ::fork();
    if (child == 0) {
        const rlimit no_core{0, 0};
        (void)::setrlimit(RLIMIT_CORE, &no_core);
        // Catch2 would print a report of its own.
        (void)std::signal(SIGABRT, SIG_DFL);
        if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(1);
        bug();
        ::_exit(0);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace amana::testing
