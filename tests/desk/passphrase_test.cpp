// SPDX-License-Identifier: AGPL-3.0-or-later
// On a real pseudo-terminal: what is typed is not shown, and the terminal is as it was afterwards, whatever happens.
#include "desk/passphrase.hpp"

#include "crypto/secret_file.hpp"
#include "tests/desk/fixture.hpp"

#include <csignal>

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

namespace {

// A child whose terminal we hold. It asks, and says on its terminal how many bytes it got and what they sum up to.
class Asking {
public:
    explicit Asking(bool twice)
    {
        child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
        REQUIRE(child_ >= 0);
        if (child_ > 0) return;
        // Whatever this test was started with: a background job is born ignoring SIGINT.
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP}) ::signal(signal, SIG_DFL);
        const auto answer = twice ? ask_new_passphrase("First: ") : ask_passphrase("Passphrase: ");
        unsigned sum = 0;
        if (answer)
            for (const auto byte : answer->view()) sum += byte;
        const auto line = answer ? "got " + std::to_string(answer->size()) + " " + std::to_string(sum) + "\n"
                                 : "refused: " + answer.error().message + "\n";
        (void)write_full(STDOUT_FILENO, as_bytes(line));
        ::_exit(0);
    }
    ~Asking()
    {
        ::close(terminal_);
        if (!ended_) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
    }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

    void type(std::string_view keys) const { REQUIRE(write_full(terminal_, as_bytes(keys)).has_value()); }
    void wait_for(const std::string& text)
    {
        while (seen_.find(text) == std::string::npos) {
            pollfd readable{terminal_, POLLIN, 0};
            REQUIRE(::poll(&readable, 1, 20'000) == 1);
            ByteArray<256> buffer;
            const auto count = ::read(terminal_, buffer.data(), buffer.size());
            REQUIRE(count > 0);
            seen_ += as_text(ByteView(buffer).first(static_cast<std::size_t>(count)));
        }
    }
    [[nodiscard]] int wait_for_end()
    {
        int status = 0;
        REQUIRE(::waitpid(child_, &status, 0) == child_);
        ended_ = true;
        return status;
    }
    [[nodiscard]] bool echoes() const
    {
        termios now{};
        REQUIRE(::tcgetattr(terminal_, &now) == 0);
        return (now.c_lflag & ECHO) != 0;
    }
    void kill(int signal) const { REQUIRE(::kill(child_, signal) == 0); }
    [[nodiscard]] pid_t child() const { return child_; }
    [[nodiscard]] const std::string& seen() const { return seen_; }

private:
    int terminal_ = -1;
    pid_t child_ = -1;
    bool ended_ = false;
    std::string seen_;
};

std::string got(std::string_view words)
{
    unsigned sum = 0;
    for (const auto byte : as_bytes(words)) sum += byte;
    return "got " + std::to_string(words.size()) + " " + std::to_string(sum);
}

}  // namespace

TEST_CASE("a passphrase is read from the terminal and not shown", "[passphrase]")
{
    Asking asking(false);
    CHECK(asking.echoes());
    asking.wait_for("Passphrase: ");
    CHECK_FALSE(asking.echoes());
    asking.type("correct horse\n");
    asking.wait_for(got("correct horse"));
    CHECK(asking.echoes());
    CHECK(asking.seen().find("horse") == std::string::npos);
    CHECK(asking.wait_for_end() == 0);
}

TEST_CASE("a signal brings the echo back and does what it does", "[passphrase]")
{
    const auto signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
    Asking asking(false);
    asking.wait_for("Passphrase: ");
    asking.type("half");
    if (signal == SIGINT) asking.type("\x03");
    else asking.kill(signal);
    const int status = asking.wait_for_end();
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(asking.echoes());
}

TEST_CASE("after a stop the question is asked again", "[passphrase]")
{
    Asking asking(false);
    asking.wait_for("Passphrase: ");
    // The child's process group is orphaned, so nothing stops it; the way through the stop is the same.
    asking.kill(SIGTSTP);
    asking.wait_for("Passphrase: \r\nPassphrase: ");
    asking.type("correct horse\n");
    asking.wait_for(got("correct horse"));
    CHECK(asking.echoes());
}

TEST_CASE("a new passphrase is asked for twice and must be long enough", "[passphrase]")
{
    SECTION("the same twice")
    {
        Asking asking(true);
        asking.wait_for("First: ");
        asking.type("correct horse\n");
        asking.wait_for("again: ");
        asking.type("correct horse\n");
        asking.wait_for(got("correct horse"));
    }
    SECTION("two different ones")
    {
        Asking asking(true);
        asking.wait_for("First: ");
        asking.type("correct horse\n");
        asking.wait_for("again: ");
        asking.type("correct house\n");
        asking.wait_for("refused: the two are not the same");
    }
    SECTION("too short")
    {
        Asking asking(true);
        asking.wait_for("First: ");
        asking.type("short\n");
        asking.wait_for("refused: a passphrase needs at least 12");
    }
    SECTION("nothing")
    {
        Asking asking(true);
        asking.wait_for("First: ");
        asking.type("\x04");
        asking.wait_for("refused: no passphrase");
    }
}

TEST_CASE("a passphrase file is taken as it is, less one newline", "[passphrase]")
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "pass";
    const auto from = [&](std::string_view content) {
        REQUIRE(write_durable(path, as_bytes(content), 0600, DurableFile::Existing::replace).has_value());
        return passphrase_from_file(path);
    };
    CHECK(from("correct horse\n").value().text() == "correct horse");
    CHECK(from("correct horse").value().text() == "correct horse");
    CHECK(from("correct horse\n\n").value().text() == "correct horse\n");
    CHECK(from(" كلمة سر \r\n").value().text() == " كلمة سر \r");
    CHECK_THAT(from("").error().message, Catch::Contains("there is no passphrase in"));
    CHECK_THAT(from("\n").error().message, Catch::Contains("there is no passphrase in"));
    CHECK(from(std::string(crypto::max_passphrase_bytes, 'x') + "\n").has_value());
    CHECK_FALSE(from(std::string(crypto::max_passphrase_bytes + 1, 'x')).has_value());
    CHECK_FALSE(passphrase_from_file(folder.path() / "missing").has_value());
}
