// SPDX-License-Identifier: AGPL-3.0-or-later
// A front's or a keeper's process, whoever started it: this process itself, or a unit of its own that has lent it to the warden
// (rendezvous.hpp). Nothing here waits.
#pragma once

#include "server/main/spawn.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>

namespace amana::server {

class RunningProcess {
public:
    RunningProcess() = default;
    virtual ~RunningProcess() = default;
    RunningProcess(const RunningProcess&) = delete;
    RunningProcess& operator=(const RunningProcess&) = delete;

    // It has its descriptors; before, whatever it is sent would lie about.
    [[nodiscard]] virtual bool begun() const = 0;
    // What to poll for beside SIGCHLD; a negative descriptor where there is nothing.
    [[nodiscard]] virtual pollfd interest() const = 0;
    // Goes as far as is possible at once. As waitpid(2) says, once it is over; not to be called again then.
    [[nodiscard]] virtual std::optional<int> step() = 0;
    virtual void kill(int signal) = 0;
    // "is not ready", "ended with status 1": behind its name, for the journal. `end`: what step() said.
    [[nodiscard]] virtual std::string describe(const std::optional<int>& end) const = 0;
};

// Makes it have `descriptors`, from wire::warden_fd on. They may be closed as soon as this returns.
using Starter = std::function<Result<std::unique_ptr<RunningProcess>>(const Program& program, const std::vector<int>& descriptors)>;

// As a child of this process.
[[nodiscard]] Result<std::unique_ptr<RunningProcess>> start_child(const Program& program, const std::vector<int>& descriptors);

}  // namespace amana::server
