// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/ask.hpp"

#include "base/file.hpp"
#include "server/main/machine.hpp"
#include "server/main/spawn.hpp"

#include <array>
#include <cerrno>
#include <iostream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server {

namespace {

constexpr std::size_t max_captured = 1024 * 1024;

struct Pair {
    UniqueFd ours;
    UniqueFd theirs;
};

Result<Pair> stream_pair()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return system_error("can't talk to another program", errno);
    return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string read_to_end(int fd, std::size_t max)
{
    Bytes bytes(max);
    const auto count = read_full(fd, bytes);
    return std::string(as_text(ByteView(bytes).first(count ? *count : 0)));
}

}  // namespace

Result<int> ask(const std::string& program, ByteView slice, std::vector<std::string> arguments, std::string* capture, const std::optional<User>& user)
{
    const auto path = find_program(program);
    if (!path) return path.error();
    auto channel = stream_pair();
    if (!channel) return channel.error();
    auto output = stream_pair();
    if (!output) return output.error();

    std::cout << std::flush;
    const int standard_output = capture != nullptr ? output->theirs.get() : STDOUT_FILENO;
    const auto child = spawn({*path, std::move(arguments), Lifetime::free, standard_output, false, -1, false, user}, {channel->theirs.get()});
    if (!child) return child.error();
    channel->theirs.reset();
    output->theirs.reset();

    (void)write_full(channel->ours.get(), slice);  // where it does not take it, it says why
    ::shutdown(channel->ours.get(), SHUT_WR);
    if (capture != nullptr) *capture = read_to_end(output->ours.get(), max_captured);
    const auto said = read_to_end(channel->ours.get(), 4096);
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status)) return Error{program + " " + describe_end(status), ""};
    // In these modes it may also tell what is wrong on its channel, as it does when it can't begin to serve.
    if (!said.empty() && !said.starts_with("ready\n")) std::cerr << program + ": " << said;
    return WEXITSTATUS(status);
}

}  // namespace amana::server
