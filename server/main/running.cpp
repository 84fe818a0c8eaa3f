// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/running.hpp"

#include <csignal>

#include <sys/wait.h>

namespace amana::server {

namespace {

class ChildProcess final : public RunningProcess {
public:
    explicit ChildProcess(pid_t pid) : pid_(pid) {}

    bool begun() const override { return true; }
    pollfd interest() const override { return {-1, 0, 0}; }

    std::optional<int> step() override
    {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
        return status;
    }

    void kill(int signal) override { ::kill(pid_, signal); }

    std::string describe(const std::optional<int>& end) const override { return end ? describe_end(*end) : "is not ready"; }

private:
    pid_t pid_;
};

}  // namespace

Result<std::unique_ptr<RunningProcess>> start_child(const Program& program, const std::vector<int>& descriptors)
{
    const auto pid = spawn(program, descriptors);
    if (!pid) return pid.error();
    return std::unique_ptr<RunningProcess>(std::make_unique<ChildProcess>(*pid));
}

}  // namespace amana::server
