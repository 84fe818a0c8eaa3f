// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/keeper/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::keeper::test {

namespace {

// Between fork() and exec(): system calls only.
[[noreturn]] void become_keeper(const char* program, char* const* arguments, const std::vector<int>& descriptors, int output)
{
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    // First out of the way of the numbers they are to have.
    std::array<int, 64> moved{};
    for (std::size_t i = 0; i < descriptors.size(); ++i) moved[i] = ::fcntl(descriptors[i], F_DUPFD, 200);
    for (std::size_t i = 0; i < descriptors.size(); ++i) ::dup2(moved[i], wire::warden_fd + static_cast<int>(i));
    ::close_range(static_cast<unsigned>(wire::warden_fd) + static_cast<unsigned>(descriptors.size()), ~0U, 0);
    ::execv(program, arguments);
    ::_exit(127);
}

std::string read_to_end(int fd)
{
    std::string all;
    std::array<char, 4096> room{};
    for (;;) {
        const auto count = ::read(fd, room.data(), room.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return all;
        all.append(room.data(), static_cast<std::size_t>(count));
    }
}

}  // namespace

KeeperProcess::KeeperProcess(const wire::KeeperSlice& slice, const std::vector<std::string>& arguments)
{
    const char* bin = std::getenv("AMANA_BIN");
    if (bin == nullptr) throw std::runtime_error("AMANA_BIN is not set: run this test by ctest");
    const auto program = std::string(bin) + "/amana-keeper";
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    SocketPair warden;
    SocketPair output;
    std::vector<SocketPair> channels(arguments.empty() ? slice.channels : 0);
    std::vector<int> descriptors{warden.theirs.get()};
    for (const auto& channel : channels) descriptors.push_back(channel.theirs.get());
    pid_ = ::fork();
    if (pid_ == 0) become_keeper(program.c_str(), argv.data(), descriptors, output.theirs.get());
    if (pid_ < 0) throw std::runtime_error("no process");
    for (auto& channel : channels) fronts.emplace_back(std::move(channel.ours));
    warden_ = std::move(warden.ours);
    output_end_ = std::move(output.ours);
    const auto encoded = wire::encode(slice);
    const ByteView bytes(encoded);
    (void)::send(warden_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(warden_.get(), SHUT_WR);
}

KeeperProcess::~KeeperProcess()
{
    if (pid_ < 0) return;
    kill(SIGKILL);
    (void)end();
}

std::string KeeperProcess::hear()
{
    std::string said;
    for (char each = 0; ::read(warden_.get(), &each, 1) == 1 && each != '\n';) said += each;
    return said;
}

void KeeperProcess::expect_ready()
{
    const auto said = hear();
    if (said != "ready") throw std::runtime_error("the keeper is not ready: " + said);
}

void KeeperProcess::kill(int signal) const
{
    ::kill(pid_, signal);
}

int KeeperProcess::end()
{
    for (auto& front : fronts) front.close();
    output_ += read_to_end(output_end_.get());
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::optional<std::uint64_t> KeeperProcess::peak_memory_now() const
{
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
    return std::nullopt;
}

wire::KeeperSlice slice_for(const std::filesystem::path& directory, std::chrono::seconds tick)
{
    wire::KeeperSlice slice;
    slice.directory = directory.string();
    slice.origin = "test.example/log";
    slice.tick = tick;
    slice.reserve_bytes = 1 * crypto::mebibyte;
    slice.large_cover = 0;  // so that what a batch takes is known
    give_keys(slice);
    return slice;
}

Ran run_keeper(const wire::KeeperSlice& slice, const std::vector<std::string>& arguments)
{
    KeeperProcess keeper(slice, arguments);
    const int code = keeper.end();
    return {code, keeper.output()};
}

crypto::NoteVerifier verifier_of(const wire::KeeperSlice& slice)
{
    const auto status = run_keeper(slice, {"--status"});
    const std::string_view label = "log-verifier: ";
    const auto at = status.output.find(label);
    if (status.code != 0 || at == std::string::npos) throw std::runtime_error("no status: " + status.output);
    const auto begin = at + label.size();
    return crypto::NoteVerifier::parse(status.output.substr(begin, status.output.find('\n', begin) - begin)).value();
}

}  // namespace amana::keeper::test
