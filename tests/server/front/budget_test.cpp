// SPDX-License-Identifier: AGPL-3.0-or-later
// A report stays within the locked memory that Limits counts for it, however hostile it is: a SecretBuffer that can't be
// locked ends the process.
#include "tests/server/front/reporting.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <csignal>

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::front::test {

namespace {

// RLIMIT_MEMLOCK counts for whoever has no CAP_IPC_LOCK.
bool may_lock_no_more_than(std::size_t bytes)
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
    sets[CAP_TO_INDEX(CAP_IPC_LOCK)].effective &= ~CAP_TO_MASK(CAP_IPC_LOCK);
    const rlimit limit{bytes, bytes};
    const rlimit no_core{0, 0};
    return ::syscall(SYS_capset, &header, sets.data()) == 0 && ::setrlimit(RLIMIT_MEMLOCK, &limit) == 0 && ::setrlimit(RLIMIT_CORE, &no_core) == 0;
}

// How a report ends in a process that may lock `bytes`: its problem, "taken", or "ended" when the process was.
std::string ends_within(std::size_t bytes, const std::string& body)
{
    Reporting reporting;  // locks do not pass to a child, so all that it locks is the report's own
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not Catch's: an end is expected
        if (!may_lock_no_more_than(bytes)) ::_exit(99);
        const auto problem = reporting.send_unopened(body).problem;
        ::_exit(problem ? 1 + static_cast<int>(*problem) : 0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status)) return "ended";
    REQUIRE(WEXITSTATUS(status) != 99);
    return WEXITSTATUS(status) == 0 ? "taken" : std::string(web::problem_name(static_cast<web::Problem>(WEXITSTATUS(status) - 1)));
}

// Fills what is kept for names and types of files with this character, and the story with what takes most.
std::string many_names(std::string_view character, std::size_t files)
{
    FormBody form;
    form.file("large", std::string(200'000, 'x'));
    std::string name;
    while (name.size() + character.size() <= 190) name += character;
    for (std::size_t i = 1; i < files; ++i) form.file(name, "x", std::string(50, 't'));
    std::string story;
    for (int i = 0; i < 800; ++i) story += "😀";
    return form.story(story).end();
}

}  // namespace

TEST_CASE("A report within its budget of locked memory")
{
#ifdef __SANITIZE_ADDRESS__
    WARN("AddressSanitizer turns locking off: nothing is measured here");
    return;
#endif
    CHECK(ends_within(locked_bytes_per_report, FormBody().story("short and simple").end()) == "taken");
    CHECK(ends_within(locked_bytes_per_report, many_names("ب", 136)) == "taken");
    // Escapes make the manifest longer than the text: that is bounded, too, and told.
    CHECK(ends_within(locked_bytes_per_report, many_names("\x01", 136)) == "too_many_parts");
    CHECK(ends_within(locked_bytes_per_report, many_names("\"", 136)) == "taken");
    CHECK(ends_within(locked_bytes_per_report, FormBody().story(std::string(200'000, 'x')).end()) == "long_story");
    CHECK(ends_within(locked_bytes_per_report, FormBody().part("X: " + std::string(max_part_head_bytes, 'x'), "").end()) == "bad_request");
    // Half of it is not enough, so the limit is in force.
    CHECK(ends_within(locked_bytes_per_report / 2, many_names("ب", 136)) == "ended");
    CHECK(ends_within(0, FormBody().story("short and simple").end()) == "ended");
}

}  // namespace amana::front::test
