// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server {

namespace {

constexpr std::size_t max_line = 2048;

}  // namespace

Child::Child(const Program& program, std::unique_ptr<RunningProcess> process, UniqueFd channel, SecretBuffer slice)
    : name_(program.name()), process_(std::move(process)), channel_(std::move(channel)), told_more_(program.told_more)
{
    outgoing_.push_back(std::move(slice));
}

Result<Child> Child::start(const Starter& starter, const Program& program, const std::vector<int>& descriptors, SecretBuffer slice)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return system_error("can't start " + program.name(), errno);
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return system_error("can't start " + program.name(), errno);

    std::vector<int> all{theirs.get()};
    all.insert(all.end(), descriptors.begin(), descriptors.end());
    auto process = starter(program, all);
    if (!process) return process.error();
    return Child(program, *std::move(process), std::move(ours), std::move(slice));
}

std::array<pollfd, 2> Child::interest() const
{
    const bool feeding = !outgoing_.empty() && process_->begun();
    const auto events = static_cast<short>(feeding ? POLLIN | POLLOUT : POLLIN);
    return {pollfd{channel_.get(), events, 0}, ended() ? pollfd{-1, 0, 0} : process_->interest()};
}

void Child::step()
{
    const auto end = ended() ? end_ : process_->step();
    if (channel_ && process_->begun()) feed();
    if (channel_) listen();  // its last words too
    end_ = end;
}

void Child::feed()
{
    while (!outgoing_.empty()) {
        const auto rest = outgoing_.front().view().subspan(fed_);
        const auto sent = ::send(channel_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return;
        if (sent >= 0) fed_ += static_cast<std::size_t>(sent);
        if (sent >= 0 && fed_ < outgoing_.front().size()) continue;
        // All of it, or nobody to read it: either way this process has no more use for what may be the private key.
        outgoing_.pop_front();
        fed_ = 0;
        if (!told_more_) ::shutdown(channel_.get(), SHUT_WR);
    }
}

void Child::tell(SecretBuffer message)
{
    if (channel_ && told_more_ && !ended()) outgoing_.push_back(std::move(message));
}

void Child::take_lines()
{
    for (auto newline = heard_.find('\n'); newline != std::string::npos; newline = heard_.find('\n')) {
        auto line = heard_.substr(0, newline);
        heard_.erase(0, newline + 1);
        std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 127; }, '?');
        if (said_.empty()) said_ = std::move(line);
        else news_.push_back(std::move(line));
    }
}

// A bounded part of what there is: one that never stops speaking is listened to between other things.
void Child::listen()
{
    std::array<char, 256> room{};
    bool at_end = false;
    for (std::size_t heard = 0; heard < max_line && !at_end;) {
        const auto count = ::read(channel_.get(), room.data(), room.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        at_end = count <= 0;
        if (at_end) break;
        heard += static_cast<std::size_t>(count);
        heard_.append(room.data(), static_cast<std::size_t>(count));
        take_lines();
    }
    at_end = at_end || heard_.size() >= max_line;
    if (at_end && said_.empty() && !heard_.empty()) {
        heard_ = heard_.substr(0, max_line) + '\n';
        take_lines();
    }
    if (said_.empty() && !at_end) return;
    const bool over = at_end || complained();
    if (over || !told_more_) outgoing_.clear();
    if (over) channel_.reset();
}

void Child::kill(int signal) const
{
    if (!ended()) process_->kill(signal);
}

bool Child::ended_well() const
{
    return end_ && WIFEXITED(*end_) && WEXITSTATUS(*end_) == 0;
}

int Child::killed_by() const
{
    return end_ && WIFSIGNALED(*end_) ? WTERMSIG(*end_) : 0;
}

std::string Child::account() const
{
    if (complained()) return name_ + ": " + said_;
    if (ready() && !end_) return name_ + " is ready";
    return name_ + " " + process_->describe(end_);
}

}  // namespace amana::server
