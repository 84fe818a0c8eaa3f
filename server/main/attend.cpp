// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/attend.hpp"

#include "base/require.hpp"
#include "server/main/commands.hpp"
#include "server/main/machine.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_tries{50};
constexpr std::chrono::milliseconds longest_poll{60'000};

class Attendant {
public:
    Attendant(const Attendance& attendance, const ServiceManager& manager) : attendance_(attendance), manager_(manager)
    {
        sigset_t set;
        sigemptyset(&set);
        for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, signal);
        require(::sigprocmask(SIG_BLOCK, &set, nullptr) == 0, "sigprocmask");
        signals_ = UniqueFd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
        require(static_cast<bool>(signals_), "signalfd");
    }

    int run()
    {
        // Before anything else: the warden's unit starts when this one is ready to be taken.
        manager_.tell("READY=1\nSTATUS=waits for amana-server");
        if (!connect()) return code();
        if (!be_taken()) return code();
        if (const auto started = start(); !started) {
            say(started.error().text());
            (void)say_number(connection_.get(), "ended", W_EXITCODE(EXIT_FAILURE, 0));
            return EXIT_FAILURE;
        }
        manager_.tell("STATUS=" + attendance_.program.name() + " runs (process " + std::to_string(child_) + ")");
        return watch();
    }

private:
    void say(const std::string& line) const { std::cerr << "amana-server: attend: " + line + "\n" << std::flush; }
    [[nodiscard]] int code() const { return told_to_stop_ ? EXIT_SUCCESS : EXIT_FAILURE; }

    // Until something happens or `until` has come; the watchdog hears of it.
    void wait(Clock::time_point until)
    {
        const auto now = Clock::now();
        if (manager_.heartbeat().count() > 0 && now >= beat_due_) {
            manager_.tell("WATCHDOG=1");
            beat_due_ = now + manager_.heartbeat();
        }
        const auto due = manager_.heartbeat().count() > 0 ? std::min(until, beat_due_) : until;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - now);
        std::array<pollfd, 2> polled{pollfd{signals_.get(), POLLIN, 0}, pollfd{connection_.get(), POLLIN, 0}};
        const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), longest_poll).count()));
        require(ready >= 0 || errno == EINTR, "poll");
        signalfd_siginfo info{};
        while (::read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info)))
            if (info.ssi_signo != SIGCHLD) told_to_stop_ = true;
    }

    bool connect()
    {
        const auto address = meeting_point(attendance_.directory, attendance_.side);
        if (!address) {
            say(address.error().text());
            return false;
        }
        const auto deadline = Clock::now() + attendance_.warden;
        while (!told_to_stop_) {
            UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0) {
                connection_ = std::move(fd);
                return true;
            }
            const int error = errno;
            if (Clock::now() >= deadline) {
                say(system_error(std::string("no warden at ") + address->sun_path, error).message);
                return false;
            }
            wait(Clock::now() + between_tries);
        }
        return false;
    }

    bool be_taken()
    {
        const auto deadline = Clock::now() + attendance_.taken;
        while (!told_to_stop_ && Clock::now() < deadline) {
            Packet packet;
            const auto heard = hear(connection_.get(), packet);
            if (heard == Heard::nothing) {
                wait(deadline);
                continue;
            }
            const bool as_agreed = heard == Heard::packet && packet.word == "descriptors" && !packet.descriptors.empty();
            if (!as_agreed) return false;  // the warden has ended, or it refused this user and said so
            for (auto& fd : packet.descriptors) descriptors_.push_back(std::move(fd));
            if (descriptors_.size() >= static_cast<std::size_t>(packet.number)) return true;
        }
        return false;
    }

    Result<void> start()
    {
        std::vector<int> numbers;
        for (const auto& fd : descriptors_) numbers.push_back(fd.get());
        const auto pid = spawn(attendance_.program, numbers);
        descriptors_.clear();
        if (!pid) return pid.error();
        child_ = *pid;
        return {};
    }

    int watch()
    {
        auto until = Clock::time_point::max();
        bool stop_passed_on = false;
        for (;;) {
            int status = 0;
            if (::waitpid(child_, &status, WNOHANG) == child_) return account(status);
            if (Clock::now() >= until) ::kill(child_, SIGKILL);
            if (told_to_stop_ && !std::exchange(stop_passed_on, true)) let_end(until);
            if (connection_ && !listen()) {
                connection_.reset();
                let_end(until);
                until = std::min(until, Clock::now() + attendance_.farewell);
            }
            const auto due = Clock::now() >= until ? Clock::now() + between_tries : until;
            wait(std::min(due, Clock::now() + longest_poll));
        }
    }

    // The front drains, for as long as its slice says; the keeper ends by itself when the front has.
    void let_end(Clock::time_point& until) const
    {
        if (attendance_.program.lifetime == Lifetime::bound) ::kill(child_, SIGTERM);
        else until = Clock::now() + attendance_.farewell;
    }

    // False when the warden is gone.
    bool listen()
    {
        for (Packet packet;;) {
            const auto heard = hear(connection_.get(), packet);
            if (heard == Heard::nothing) return true;
            if (heard == Heard::end || packet.word != "signal") return false;
            if (packet.number == SIGTERM || packet.number == SIGKILL) ::kill(child_, packet.number);
        }
    }

    int account(int status)
    {
        manager_.tell("STATUS=" + attendance_.program.name() + " " + describe_end(status));
        if (connection_) (void)say_number(connection_.get(), "ended", status);
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
    }

    const Attendance& attendance_;
    const ServiceManager& manager_;
    UniqueFd signals_;
    UniqueFd connection_;
    std::vector<UniqueFd> descriptors_;
    pid_t child_ = -1;
    bool told_to_stop_ = false;
    Clock::time_point beat_due_{};
};

}  // namespace

int attend(const Attendance& attendance, const ServiceManager& manager)
{
    return Attendant(attendance, manager).run();
}

int run_attend(const std::string& place, const Path& directory)
{
    const auto of = place == name_of(Side::front) ? Side::front : Side::keeper;
    const auto program = find_program("amana-" + std::string(name_of(of)));
    if (!program) {
        std::cerr << "amana-server: " << program.error().text() << "\n";
        return 1;
    }
    raise_descriptor_limit();
    Attendance attendance;
    attendance.directory = directory;
    attendance.side = of;
    attendance.program = of == Side::front ? front_program(*program) : keeper_program(*program);
    return attend(attendance, ServiceManager::from_environment());
}

}  // namespace amana::server
