// SPDX-License-Identifier: AGPL-3.0-or-later
// Stands for amana-front and amana-keeper in the supervisor's tests. Its slice is a list of words, done one after the
// other.
//
//   record=FILE     append "PID DESCRIPTORS ENVIRONMENT-COUNT BLOCKED-SIGNALS" to FILE
//   ready           tell the warden
//   say=TEXT        tell it something else
//   tell=TEXT       tell it a line, and keep the way to it open; _ is a space
//   sleep=MS        wait
//   await=FILE      wait until FILE is there
//   channels        wait until channel 4 is at its end
//   term            wait for SIGTERM, then go on
//   ignore          ignore SIGTERM from here on
//   exit=N          end
//   crash           kill itself
//   stop=PID        send SIGTERM to the warden
#include "base/file.hpp"
#include "server/wire/slices.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace {

std::vector<int> open_descriptors()
{
    std::vector<int> all;
    for (int fd = 0; fd < 1024; ++fd)
        if (::fcntl(fd, F_GETFD) >= 0) all.push_back(fd);
    return all;
}

void record(const std::string& file, const std::vector<int>& descriptors, bool term_was_blocked)
{
    std::ostringstream line;
    line << ::getpid() << ' ';
    for (const int fd : descriptors) line << fd << ',';
    int variables = 0;
    for (char** variable = environ; *variable != nullptr; ++variable)
        if (std::string_view(*variable).find("SAN_OPTIONS=") == std::string_view::npos) ++variables;
    line << ' ' << variables << ' ' << (term_was_blocked ? 1 : 0) << '\n';
    std::ofstream(file, std::ios::app) << line.str();
}

sigset_t only_term()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    return set;
}

void wait_for_term()
{
    const auto set = only_term();
    int signal = 0;
    sigwait(&set, &signal);
}

void wait_for_channel()
{
    pollfd channel{amana::wire::first_channel_fd, POLLIN, 0};
    ::poll(&channel, 1, -1);
}

}  // namespace

int main()
{
    const auto descriptors = open_descriptors();
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    const bool term_was_blocked = sigismember(&blocked, SIGTERM) == 1;
    std::string slice;
    char room[256];
    for (ssize_t count = 0; (count = ::read(amana::wire::warden_fd, room, sizeof(room))) > 0;)
        slice.append(room, static_cast<std::size_t>(count));
    if (slice.find("term") != std::string::npos) {
        const auto set = only_term();
        sigprocmask(SIG_BLOCK, &set, nullptr);
    }
    std::istringstream words(slice);
    for (std::string word; words >> word;) {
        const auto equals = std::min(word.find('='), word.size() - 1);
        const auto value = word.substr(equals + 1);
        if (word.starts_with("record=")) record(value, descriptors, term_was_blocked);
        else if (word == "ready") amana::wire::report_to_warden("ready");
        else if (word.starts_with("say=")) amana::wire::report_to_warden(value);
        else if (word.starts_with("tell=")) {
            auto line = value;
            std::replace(line.begin(), line.end(), '_', ' ');
            amana::wire::tell_warden(line);
        }
        else if (word.starts_with("sleep=")) ::usleep(static_cast<useconds_t>(std::stoi(value)) * 1000);
        else if (word.starts_with("await=")) while (::access(value.c_str(), F_OK) != 0) ::usleep(1000);
        else if (word == "channels") wait_for_channel();
        else if (word == "term") wait_for_term();
        else if (word == "ignore") ::signal(SIGTERM, SIG_IGN);
        else if (word.starts_with("exit=")) ::_exit(std::stoi(value));
        else if (word == "crash") ::raise(SIGKILL);
        else if (word.starts_with("stop=")) ::kill(std::stoi(value), SIGTERM);
        else ::_exit(99);
    }
    return 0;
}
