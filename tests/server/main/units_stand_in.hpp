// SPDX-License-Identifier: AGPL-3.0-or-later
// What systemd does of amana-front.service and amana-keeper.service: somebody attends each place, and when that has ended the next one
// does. In processes of their own, which go with this or with the test's process.
#pragma once

#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/attend.hpp"
#include "server/main/rendezvous.hpp"

#include <csignal>
#include <string>
#include <vector>

#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server::test {

// It goes with who made it.
inline void end_with(pid_t maker)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != maker) ::_exit(97);  // it died before the line above
}

// Attends once, as `user`, in a process of its own.
inline pid_t start_attendant(const Attendance& attendance, const User& user)
{
    const auto maker = ::getpid();
    const auto pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid != 0) return pid;
    if (user.uid != ::getuid() && (::setgroups(0, nullptr) != 0 || ::setgid(user.gid) != 0 || ::setuid(user.uid) != 0)) ::_exit(98);
    end_with(maker);
    ::_exit(attend(attendance, ServiceManager::from_environment()));
}

class UnitsStandIn {
public:
    UnitsStandIn(const std::filesystem::path& directory, const Program& front, const Program& keeper)
        : front_(open(directory, Side::front)), keeper_(open(directory, Side::keeper))
    {
        for (const auto& [side, program] : {std::pair(Side::front, front), std::pair(Side::keeper, keeper)}) loops_.push_back(loop({directory, side, program}));
    }
    ~UnitsStandIn()
    {
        for (const auto pid : loops_) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }
    UnitsStandIn(const UnitsStandIn&) = delete;
    UnitsStandIn& operator=(const UnitsStandIn&) = delete;

    [[nodiscard]] Rendezvous& front() { return front_; }
    [[nodiscard]] Rendezvous& keeper() { return keeper_; }
    std::string said;
    std::vector<pid_t> taken;

private:
    Rendezvous open(const std::filesystem::path& directory, Side side)
    {
        return Rendezvous::open(directory, side, user_of(::getuid()),
                                {[this](const std::string& line) { said += line + "\n"; }, [this](pid_t process) { taken.push_back(process); }})
            .value();
    }

    static pid_t loop(const Attendance& attendance)
    {
        const auto maker = ::getpid();
        const auto pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid != 0) return pid;
        end_with(maker);
        for (;;) {
            const auto attendant = start_attendant(attendance, user_of(::getuid()));
            ::waitpid(attendant, nullptr, 0);
            ::usleep(5000);
        }
    }

    Rendezvous front_;
    Rendezvous keeper_;
    std::vector<pid_t> loops_;
};

}  // namespace amana::server::test
