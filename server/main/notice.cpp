// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/notice.hpp"

#include "base/file.hpp"
#include "server/main/commands.hpp"
#include "server/main/spawn.hpp"
#include "server/main/storage_lock.hpp"
#include "server/main/warden_directory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server {

namespace {

constexpr int longest_run_milliseconds = 60'000;
// So that a clock that was set is noticed.
constexpr std::chrono::seconds longest_sleep{30};

int say(const Error& error)
{
    std::cerr << "amana-server: " << error.text() << "\n" << std::flush;
    return 1;
}

int send_notice(const Config& config)
{
    // A server that does not run needs looking after too.
    const auto running = running_server(warden_directory(config.storage.value));
    const bool due = is_round_due(running && running->store ? running->store->courier_day : std::nullopt, system_clock()(), config.read_every);
    const auto sent = hand_to(config.notice, notice_text(config.origin, due));
    return sent ? 0 : say(sent.error());
}

// What fails is said, and tried again the next day.
[[noreturn]] void send_daily(const Config& config, std::chrono::minutes at)
{
    for (auto due = next_notice(system_clock()(), at);;) {
        std::this_thread::sleep_for(longest_sleep);
        const auto now = system_clock()();
        // A clock that was set back must not silence it.
        if (now < due - one_day) due = next_notice(now, at);
        if (now < due) continue;
        (void)send_notice(config);
        due = next_notice(now, at);
    }
}

}  // namespace

bool is_round_due(std::optional<std::int64_t> courier_day, UnixTime now, std::chrono::seconds read_every)
{
    if (!courier_day) return true;
    const auto promised = std::max<std::int64_t>(1, read_every / std::chrono::seconds(one_day));
    return now / one_day - *courier_day >= promised;
}

std::string notice_text(const std::string& origin, bool due)
{
    return "Subject: Amana, the courier's round of " + origin + "\n\nThe courier's round is due: " + (due ? "yes" : " no") +
           "\n\nThis comes every day, and says nothing else. A day without it means that something is wrong with the server.\n";
}

UnixTime next_notice(UnixTime now, std::chrono::minutes at)
{
    const auto today = now / one_day * one_day + std::chrono::seconds(at).count();
    return today > now ? today : today + one_day;
}

Result<void> hand_to(const std::vector<std::string>& command, const std::string& text)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("can't hand the notice on", errno);
    const UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    Program program{command.front(), {command.begin() + 1, command.end()}};
    program.standard_input = reading.get();
    const auto child = spawn(program, {});
    if (!child) return child.error();
    (void)write_full(writing.get(), as_bytes(text));  // less than a pipe holds
    writing.reset();
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, *child, 0)));
    pollfd ended{process.get(), POLLIN, 0};
    const bool in_time = ::poll(&ended, 1, longest_run_milliseconds) > 0;
    if (!in_time) ::kill(*child, SIGKILL);
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {}
    if (!in_time) return Error{command.front() + " did not take the notice within a minute", ""};
    if (status != 0) return Error{"the notice was not sent: " + command.front() + " " + describe_end(status), "Try 'command' in [notice] by hand."};
    return {};
}

int run_notice(const Path& file, bool daily)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    if (config->notice.empty())
        return say(Error{"no command to hand the notice to", "Add under [notice]: command = [\"/usr/sbin/sendmail\", \"courier@example.org\"]"});
    if (!daily) return send_notice(*config);
    if (!config->notice_at) return say(Error{"no time of day for the notice", "Add under [notice]: at = \"07:00\""});
    send_daily(*config, *config->notice_at);
}

}  // namespace amana::server
