// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/attendants.hpp"

#include <cerrno>
#include <csignal>

#include <sys/wait.h>

namespace amana::server {

namespace {

constexpr std::chrono::seconds pause_after_end{30};

std::string what(const Program& program)
{
    return "'" + (program.arguments.empty() ? program.name() : program.arguments.front()) + "'";
}

}  // namespace

Attendants::Attendants(std::vector<Program> programs, std::function<void(const std::string&)> say) : say_(std::move(say))
{
    for (auto& program : programs) all_.push_back({std::move(program)});
}

Attendants::~Attendants()
{
    for (const auto& attendant : all_)
        if (attendant.pid > 0) ::kill(attendant.pid, SIGTERM);
    for (const auto& attendant : all_)
        while (attendant.pid > 0 && ::waitpid(attendant.pid, nullptr, 0) < 0 && errno == EINTR) {}
}

void Attendants::attend(Time now)
{
    for (auto& attendant : all_) look(attendant, now);
}

void Attendants::look(Attendant& attendant, Time now)
{
    int status = 0;
    if (attendant.pid > 0) {
        if (::waitpid(attendant.pid, &status, WNOHANG) != attendant.pid) return;
        say_(what(attendant.program) + " " + describe_end(status) + "; it is started again in a while");
        attendant.pid = -1;
        attendant.due = now + pause_after_end;
    }
    if (now < attendant.due) return;
    const auto started = spawn(attendant.program, {});
    if (started) {
        attendant.pid = *started;
        return;
    }
    say_(what(attendant.program) + ": " + started.error().text());
    attendant.due = now + pause_after_end;
}

}  // namespace amana::server
