// SPDX-License-Identifier: AGPL-3.0-or-later
// A report stays within the locked memory that Limits counts for it, however hostile it is: a SecretBuffer that can't be
// locked ends the process.
#include "server/front/even_writer.hpp"
#include "server/front/secret_page.hpp"
#include "tests/server/front/fake_outbox.hpp"
#include "tests/server/front/reporting.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <csignal>
#include <functional>

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

// How it ends in a process that may lock `bytes`: what it gives, or nothing when the process was ended.
std::optional<int> within(std::size_t bytes, const std::function<int()>& what)
{
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not Catch's: an end is expected
        if (!may_lock_no_more_than(bytes)) ::_exit(99);
        ::_exit(what());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status)) return std::nullopt;
    REQUIRE(WEXITSTATUS(status) != 99);
    return WEXITSTATUS(status);
}

// How a report ends in a process that may lock `bytes`: its problem, "taken", or "ended" when the process was.
std::string ends_within(std::size_t bytes, const std::string& body)
{
    Reporting reporting;  // locks do not pass to a child, so all that it locks is the report's own
    const auto problem = within(bytes, [&] {
        const auto told = reporting.send_unopened(body).problem;
        return told ? 1 + static_cast<int>(*told) : 0;
    });
    if (!problem) return "ended";
    return *problem == 0 ? "taken" : std::string(web::problem_name(static_cast<web::Problem>(*problem - 1)));
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

TEST_CASE("An inbox is opened within its budget of locked memory, the largest letter too")
{
#ifdef __SANITIZE_ADDRESS__
    WARN("AddressSanitizer turns locking off: nothing is measured here");
    return;
#endif
    FakeOutbox outbox(7, 1);
    const auto receipt = crypto::Receipt::make();
    const std::string digits(receipt.digits());
    outbox.put(receipt, {crypto::Message{1, std::string(16'000, 'x'), {}}, crypto::Message{1, std::string(7'000, 'x'), {}}}, std::string(2'900, 'n'));
    const auto open = [&] {
        // What a visit holds beside the letter: code and keys, what was typed, a page's piece, a piece that is sent.
        const auto typed = crypto::Receipt::read(digits);
        const auto keys = FakeOutbox::keys_of(*typed);
        SecretBuffer text(4096);
        SecretBuffer head(2 * max_part_head_bytes);
        const Locked<crypto::InboxAddress> address;
        const auto letter = crypto::open_letter(outbox.slots, keys, FakeOutbox::root(), 7, FakeOutbox::key_set().courier.key);
        if (!letter || !*letter) return 1;
        const auto notice = crypto::open_notice(outbox.notice, *(*letter)->notice(), FakeOutbox::root(), 7, FakeOutbox::key_set().courier.key);
        SecretBuffer piece(SecretPage::piece_bytes);
        SecretBuffer sent(EvenWriter::piece_bytes);
        return notice ? 0 : 2;
    };
    CHECK(within(locked_bytes_per_opening, open) == 0);
    CHECK(within(locked_bytes_per_opening / 2, open) == std::nullopt);
}

}  // namespace amana::front::test
