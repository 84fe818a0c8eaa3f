// SPDX-License-Identifier: AGPL-3.0-or-later
// Each case tries the forbidden in a child that has entered the sandbox; the shipped programs themselves: tests/flow/sandbox.mjs.
#include "base/sandbox.hpp"

#include "base/file.hpp"
#include "tests/support/catch.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace amana;

namespace {

constexpr int not_entered = 200, signalled = 201;

// The errno of `act`, which returns as system calls do; 0: it was done.
int tried(const SandboxRules& rules, const std::function<long()>& act)
{
    const pid_t child = ::fork();
    if (child == 0) {
        if (!enter_sandbox(rules)) ::_exit(not_entered);
        errno = 0;
        ::_exit(act() < 0 ? errno : 0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : signalled;
}

long opens(const std::filesystem::path& path, int flags)
{
    return ::open(path.c_str(), flags | O_CLOEXEC, 0600);
}

}  // namespace

TEST_CASE("the front opens nothing, makes no socket, starts no program", "[sandbox]")
{
    const int at_most = GENERATE(0, 1, 2, 1000);
    const SandboxRules rules{.role = Role::front, .landlock_at_most = at_most};
    CAPTURE(at_most);
    CHECK(tried(rules, [] { return opens("/etc/passwd", O_RDONLY); }) == EPERM);
    CHECK(tried(rules, [] { return opens("/tmp/amana-new", O_WRONLY | O_CREAT); }) == EPERM);
    CHECK(tried(rules, [] { return ::socket(AF_INET, SOCK_STREAM, 0); }) == EPERM);
    CHECK(tried(rules, [] { return ::socket(AF_INET6, SOCK_DGRAM, 0); }) == EPERM);
    CHECK(tried(rules, [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }) == EPERM);
    CHECK(tried(rules, [] { return ::execl("/bin/true", "true", nullptr); }) == EPERM);
    CHECK(tried(rules, [] { return ::fork(); }) == EPERM);
    CHECK(tried(rules, [] { return ::kill(::getppid(), SIGTERM); }) == EPERM);
    CHECK(tried(rules, [] { return ::ptrace(PTRACE_ATTACH, ::getppid(), 0, 0); }) == EPERM);
    CHECK(tried(rules, [] { return ::unlink("/tmp/amana-none"); }) == EPERM);
    CHECK(tried(rules, [] { return ::setuid(0); }) == EPERM);
    CHECK(tried(rules, [] { return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0; }) == EPERM);
    CHECK(tried(rules, [] {
              auto* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return page == MAP_FAILED ? 0 : ::mprotect(page, 4096, PROT_READ | PROT_EXEC);
          }) == EPERM);
    const rlimit limit{10, 10};
    CHECK(tried(rules, [&] { return ::setrlimit(RLIMIT_NOFILE, &limit); }) == EPERM);
}

TEST_CASE("a denied call ends nobody, and threads, memory and time are as before", "[sandbox]")
{
    CHECK(tried({.role = Role::front}, [] {
              (void)::socket(AF_INET, SOCK_STREAM, 0);
              int done = 0;
              std::thread([&] { done = opens("/etc/passwd", O_RDONLY) < 0 && errno == EPERM ? 1 : 2; }).join();
              std::vector<char> much(64 * 1024 * 1024, 'x');
              return done == 1 && much.back() == 'x' ? 0 : -1;
          }) == 0);
}

TEST_CASE("the keeper works beneath its directory and nowhere else", "[sandbox]")
{
    auto name = (std::filesystem::temp_directory_path() / "amana-sandbox-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    const std::filesystem::path scratch = name;
    const auto ours = scratch / "store", theirs = scratch / "key.pem";
    std::filesystem::create_directory(ours);
    std::ofstream(theirs) << "secret";
    const bool landlocked = offered_landlock() > 0;
    const int at_most = GENERATE(2, 1000);
    const SandboxRules rules{.role = Role::keeper, .directories = {ours}, .landlock_at_most = at_most};
    CHECK(tried(rules, [&] { return opens(ours / "file", O_RDWR | O_CREAT); }) == 0);
    CHECK(tried(rules, [&] { return ::rename((ours / "file").c_str(), (ours / "other").c_str()); }) == 0);
    CHECK(tried(rules, [&] { return ::truncate((ours / "other").c_str(), 0); }) == EPERM);
    CHECK(tried(rules, [&] { return ::unlink((ours / "other").c_str()); }) == 0);
    if (landlocked) {
        CHECK(tried(rules, [&] { return opens(theirs, O_RDONLY); }) == EACCES);
        CHECK(tried(rules, [&] { return opens(theirs, O_WRONLY | O_TRUNC); }) == EACCES);
        CHECK(tried(rules, [&] { return opens(scratch / "new", O_RDWR | O_CREAT); }) == EACCES);
        CHECK(tried(rules, [] { return opens("/etc/passwd", O_RDONLY); }) == EACCES);
        CHECK(tried(rules, [] { return opens("/proc/self/environ", O_RDONLY); }) == EACCES);
        CHECK(tried(rules, [&] { return ::symlink("/etc/passwd", (ours / "link").c_str()); }) != 0);
    } else {
        WARN("this kernel has no Landlock: what it denies is not tried");
    }
    CHECK(tried(rules, [] { return ::socket(AF_INET, SOCK_STREAM, 0); }) == EPERM);
    CHECK(tried(rules, [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }) == EPERM);
    CHECK(tried(rules, [] { return ::accept4(0, nullptr, nullptr, 0); }) == EPERM);
    CHECK(tried(rules, [] { return ::execl("/bin/true", "true", nullptr); }) == EPERM);
    CHECK(tried(rules, [&] { return ::chmod(theirs.c_str(), 0644); }) == EPERM);
    std::filesystem::remove_all(scratch);
}

TEST_CASE("no capability is left, but the one that memory is locked by", "[sandbox]")
{
    CHECK(tried({.role = Role::keeper}, [] { return ::chroot("/"); }) == EPERM);
    CHECK(tried({.role = Role::keeper}, [] { return ::chown("/tmp", 0, 0); }) == EPERM);
}

TEST_CASE("what is in force is told, and an older kernel's too", "[sandbox]")
{
    const int kernel = offered_landlock();
    for (const int at_most : {0, 1, 2, 1000})
        CHECK(tried({.role = Role::front, .landlock_at_most = at_most}, [] { return 0; }) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto entered = enter_sandbox({.role = Role::front, .landlock_at_most = 2});
        ::_exit(entered && entered->seccomp && entered->landlock == std::min(kernel, 2) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}
