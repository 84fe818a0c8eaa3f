// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/spawn.hpp"

#include "base/file.hpp"
#include "server/wire/slices.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server {

namespace {

// All that the child needs, made before the fork: between fork and exec only async-signal-safe calls are allowed.
struct Prepared {
    const char* path;
    char* const* arguments;
    char* const* environment;
    const int* descriptors;
    int* moved;  // room for as many
    int count;
    int standard_output;
    int standard_input;
    bool silent;
    bool bound;
    pid_t parent;
    const User* user;  // or none
};

// Returns only on failure, with errno saying why; the descriptor to tell it on is then in `status`.
void become(const Prepared& prepared, int& status)
{
    const int above = wire::warden_fd + prepared.count;
    // Everything out of the way first, so that no target is still somebody's source.
    const int status_moved = ::fcntl(status, F_DUPFD_CLOEXEC, above + 1);
    if (status_moved < 0) return;
    status = status_moved;
    for (int i = 0; i < prepared.count; ++i) {
        prepared.moved[i] = ::fcntl(prepared.descriptors[i], F_DUPFD_CLOEXEC, above + 1);
        if (prepared.moved[i] < 0) return;
    }
    if (prepared.standard_output >= 0 && ::dup2(prepared.standard_output, STDOUT_FILENO) < 0) return;
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || ::dup2(prepared.standard_input < 0 ? nothing : prepared.standard_input, STDIN_FILENO) < 0) return;
    if (prepared.standard_output < 0 && ::dup2(nothing, STDOUT_FILENO) < 0) return;
    if (prepared.silent && ::dup2(nothing, STDERR_FILENO) < 0) return;
    for (int i = 0; i < prepared.count; ++i)
        if (::dup2(prepared.moved[i], wire::warden_fd + i) < 0) return;
    if (::dup3(status, above, O_CLOEXEC) < 0) return;
    status = above;
    if (::close_range(static_cast<unsigned>(above) + 1, ~0u, 0) != 0) return;

    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &plain, nullptr);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // A session of its own: Ctrl-C at a terminal is for the warden alone, who then drains in order.
    if (prepared.standard_output < 0) ::setsid();
    // Before the line that binds it, which a change of user undoes.
    if (const auto* user = prepared.user; user != nullptr && (::setgroups(1, &user->gid) != 0 || ::setresgid(user->gid, user->gid, user->gid) != 0 ||
                                                              ::setresuid(user->uid, user->uid, user->uid) != 0))
        return;
    if (prepared.bound) {
        if (::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return;
        if (::getppid() != prepared.parent) ::_exit(EXIT_FAILURE);  // it died before the line above
    }
    ::execve(prepared.path, prepared.arguments, prepared.environment);
}

std::vector<std::string> environment_for_child()
{
    std::vector<std::string> environment{"LC_ALL=C.UTF-8"};
    // Sanitised test builds need to be told how to behave; what is shipped passes nothing on.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    for (const auto* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"})
        if (const auto* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
#endif
    return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> all;
    for (auto& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

}  // namespace

Program front_program(std::filesystem::path path)
{
    return {std::move(path), {}, Lifetime::bound, -1, true};
}

Program keeper_program(std::filesystem::path path)
{
    return {std::move(path), {}, Lifetime::free, -1, false};
}

Result<pid_t> spawn(const Program& program, const std::vector<int>& descriptors)
{
    const auto attempted = "can't start " + program.path.string();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(attempted, errno);
    const UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);

    auto arguments = program.arguments;
    arguments.insert(arguments.begin(), program.name());
    auto environment = environment_for_child();
    const auto argument_pointers = pointers(arguments);
    const auto environment_pointers = pointers(environment);
    std::vector<int> moved(descriptors.size());
    const Prepared prepared{program.path.c_str(),   argument_pointers.data(), environment_pointers.data(),
                            descriptors.data(),     moved.data(),             static_cast<int>(descriptors.size()),
                            program.standard_output, program.standard_input, program.silent, program.lifetime == Lifetime::bound, ::getpid(),
                            program.user ? &*program.user : nullptr};

    const auto child = ::fork();
    if (child < 0) return system_error(attempted, errno);
    if (child == 0) {
        int status = writing.get();
        become(prepared, status);
        const int why = errno;
        [[maybe_unused]] const auto told = ::write(status, &why, sizeof(why));
        ::_exit(127);
    }
    writing.reset();
    int why = 0;
    const auto told = read_full(reading.get(), {reinterpret_cast<Byte*>(&why), sizeof(why)});
    if (told && *told == 0) return child;
    ::waitpid(child, nullptr, 0);
    return system_error(attempted, told ? why : EIO);
}

std::string describe_end(int wait_status)
{
    if (WIFSIGNALED(wait_status)) {
        const int signal = WTERMSIG(wait_status);
        const auto* name = ::sigdescr_np(signal);
        return "was killed by signal " + std::to_string(signal) + (name == nullptr ? "" : " (" + std::string(name) + ")");
    }
    return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace amana::server
