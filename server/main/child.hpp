// SPDX-License-Identifier: AGPL-3.0-or-later
// A front or a keeper as the warden sees it: started, fed its slice, ready or not, telling how it fares, ended. Nothing here waits; the warden
// calls step() when the channel is ready and when a child may have ended.
#pragma once

#include "base/file.hpp"
#include "base/secret.hpp"
#include "server/main/running.hpp"

#include <array>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <poll.h>

namespace amana::server {

class Child {
public:
    // `descriptors` follow the warden's own channel.
    [[nodiscard]] static Result<Child> start(const Starter& starter, const Program& program, const std::vector<int>& descriptors,
                                             SecretBuffer slice);

    // What to poll for: its channel and its process; a negative descriptor where there is nothing left to say or hear.
    [[nodiscard]] std::array<pollfd, 2> interest() const;
    // Feeds and listens as far as is possible at once, and looks whether the process is still there.
    void step();
    void kill(int signal) const;
    // Behind its slice, to one that is told more. Nothing, where it no longer listens.
    void tell(SecretBuffer message);
    // The lines it has said since it was ready and this was asked last.
    [[nodiscard]] std::vector<std::string> news() { return std::exchange(news_, {}); }

    [[nodiscard]] bool ready() const { return said_ == "ready"; }
    [[nodiscard]] bool ended() const { return end_.has_value(); }
    // It said what is wrong instead of "ready".
    [[nodiscard]] bool complained() const { return !said_.empty() && !ready(); }
    [[nodiscard]] bool ended_well() const;
    // The signal that killed it; 0 when none did.
    [[nodiscard]] int killed_by() const;
    // For the journal: "amana-keeper: can't open ..." or "amana-front was killed by signal 9 (Killed)".
    [[nodiscard]] std::string account() const;

private:
    Child(const Program& program, std::unique_ptr<RunningProcess> process, UniqueFd channel, SecretBuffer slice);
    void feed();
    void listen();
    void take_lines();

    std::string name_;
    std::unique_ptr<RunningProcess> process_;
    UniqueFd channel_;
    std::deque<SecretBuffer> outgoing_;
    std::size_t fed_ = 0;  // of the first
    bool told_more_;
    std::string heard_;
    std::string said_;  // its first line, once whole
    std::vector<std::string> news_;
    std::optional<int> end_;
};

}  // namespace amana::server
