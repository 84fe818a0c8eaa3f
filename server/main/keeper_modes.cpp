// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands that the keeper answers: it alone knows the database, also when no server runs.
#include "server/main/commands.hpp"

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
        return system_error("can't talk to amana-keeper", errno);
    return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string read_to_end(int fd, std::size_t max)
{
    Bytes bytes(max);
    const auto count = read_full(fd, bytes);
    return std::string(as_text(ByteView(bytes).first(count ? *count : 0)));
}

Result<int> ask_keeper(const Config& config, const Bytes& keyset, std::vector<std::string> arguments, std::string* capture)
{
    const auto path = find_program("amana-keeper");
    if (!path) return path.error();
    auto channel = stream_pair();
    if (!channel) return channel.error();
    auto output = stream_pair();
    if (!output) return output.error();

    std::cout << std::flush;
    const int standard_output = capture != nullptr ? output->theirs.get() : STDOUT_FILENO;
    const auto child = spawn({*path, std::move(arguments), Lifetime::free, standard_output}, {channel->theirs.get()});
    if (!child) return child.error();
    channel->theirs.reset();
    output->theirs.reset();

    const auto slice = wire::encode(keeper_slice(config, keyset));
    if (const auto sent = write_full(channel->ours.get(), slice); !sent) return sent.error();
    ::shutdown(channel->ours.get(), SHUT_WR);
    if (capture != nullptr) *capture = read_to_end(output->ours.get(), max_captured);
    const auto said = read_to_end(channel->ours.get(), 4096);
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status)) return Error{"amana-keeper " + describe_end(status), ""};
    // In these modes it may also tell what is wrong on its channel, as it does when it can't begin to serve.
    if (!said.empty() && !said.starts_with("ready\n")) std::cerr << "amana-keeper: " << said;
    return WEXITSTATUS(status);
}

}  // namespace

int run_keeper(const Config& config, const Bytes& keyset, std::vector<std::string> arguments, std::string* capture)
{
    const auto code = ask_keeper(config, keyset, std::move(arguments), capture);
    if (code) return *code;
    std::cerr << "amana-server: " << code.error().text() << "\n";
    return 1;
}

int run_export(const Path& file, const ExportOptions& options)
{
    Findings findings;
    const auto config = load_config(file, findings);
    Material material;
    // A batch is made first, and its decoys are sealed to these keys; that they have run out does not matter for decoys.
    if (config) (void)load_keyset(*config, system_clock()(), Moment::restart, findings, material);
    if (report(findings, file) || !config) return 1;
    std::vector<std::string> arguments{"--export", std::filesystem::absolute(options.out).string()};
    const auto number = [&](const char* name, std::uint64_t value) {
        if (value == 0) return;
        arguments.emplace_back(name);
        arguments.push_back(std::to_string(value));
    };
    number("--from", options.from);
    number("--part-size", options.part_bytes);
    return run_keeper(*config, material.keyset_note, std::move(arguments), nullptr);
}

int run_witness(const Path& file, const Path& note)
{
    Findings findings;
    const auto config = load_config(file, findings);
    Material material;
    if (config) (void)load_keyset(*config, system_clock()(), Moment::restart, findings, material);
    if (report(findings, file) || !config) return 1;
    return run_keeper(*config, material.keyset_note, {"--witness", std::filesystem::absolute(note).string()}, nullptr);
}

int run_fsck(const Path& file)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    return run_keeper(*config, {}, {"--fsck"}, nullptr);
}

}  // namespace amana::server
