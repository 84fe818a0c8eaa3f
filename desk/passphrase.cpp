// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/passphrase.hpp"

#include "base/file.hpp"
#include "crypto/secret_file.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace amana::desk {

namespace {

constexpr std::array terminal_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGALRM, SIGPIPE};

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a signal handler has no other way
volatile std::sig_atomic_t pending = 0;

extern "C" void amana_desk_remember_signal(int signal)
{
    pending = signal;
}

// While it lives, the signals that would end or stop the process are held back, and only a wait with mask() lets one in,
// which ends that wait. A signal between two waits is not lost.
class SignalsHeld {
public:
    SignalsHeld()
    {
        pending = 0;
        sigset_t held;
        ::sigemptyset(&held);
        for (const int signal : terminal_signals) ::sigaddset(&held, signal);
        ::sigprocmask(SIG_BLOCK, &held, &mask_);
        struct sigaction remember {};
        remember.sa_handler = amana_desk_remember_signal;
        for (std::size_t i = 0; i < terminal_signals.size(); ++i) ::sigaction(terminal_signals[i], &remember, &before_[i]);
    }
    ~SignalsHeld()
    {
        for (std::size_t i = 0; i < terminal_signals.size(); ++i) ::sigaction(terminal_signals[i], &before_[i], nullptr);
        ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;

    [[nodiscard]] const sigset_t& mask() const { return mask_; }

private:
    sigset_t mask_{};
    std::array<struct sigaction, terminal_signals.size()> before_{};
};

class EchoOff {
public:
    explicit EchoOff(int terminal) : terminal_(terminal)
    {
        if (::tcgetattr(terminal, &before_) != 0) return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= static_cast<tcflag_t>(ECHONL | ICANON | ISIG);
        off_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
    }
    ~EchoOff()
    {
        if (off_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;
    [[nodiscard]] bool off() const { return off_; }

private:
    int terminal_;
    termios before_{};
    bool off_ = false;
};

enum class Ended { line, end_of_file, signal, too_long };

Ended read_line(int terminal, const SignalsHeld& held, SecretText& line)
{
    bool too_long = false;
    for (;;) {
        pollfd readable{terminal, POLLIN, 0};
        const int ready = ::ppoll(&readable, 1, nullptr, &held.mask());
        if (pending != 0) return Ended::signal;
        if (ready < 0 && errno == EINTR) continue;
        SecretArray<1> byte;
        const auto count = ::read(terminal, byte.data(), 1);
        if (count <= 0) return line.empty() ? Ended::end_of_file : Ended::line;
        if (byte.view().front() == '\n') return too_long ? Ended::too_long : Ended::line;
        if (!line.append(byte.view())) too_long = true;
    }
}

}  // namespace

Result<SecretText> passphrase_from_file(const std::filesystem::path& path)
{
    const auto bytes = read_secret_file(path, crypto::max_passphrase_bytes + 1);
    if (!bytes) return bytes.error();
    auto view = bytes->view();
    if (!view.empty() && view.back() == '\n') view = view.first(view.size() - 1);
    SecretText passphrase(crypto::max_passphrase_bytes);
    if (view.empty()) return Error{"there is no passphrase in " + path.string(), "Its first line is to be the passphrase."};
    if (!passphrase.append(view)) return Error{"the passphrase in " + path.string() + " is too long", ""};
    return passphrase;
}

Result<SecretText> ask_passphrase(const std::string& prompt)
{
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal)
        return Error{"there is no terminal to ask for the passphrase on", "Name a file that holds it: --passphrase-file FILE"};
    for (;;) {
        SecretText line(crypto::max_passphrase_bytes);
        Ended ended = Ended::line;
        int signal = 0;
        {
            const SignalsHeld held;
            {
                const EchoOff echo(terminal.get());
                if (!echo.off()) return Error{"the terminal's echo can't be turned off", "Use --passphrase-file FILE."};
                if (const auto asked = write_full(terminal.get(), as_bytes(prompt)); !asked) return asked.error();
                ended = read_line(terminal.get(), held, line);
            }
            signal = pending;
        }
        // Echo is back and the signal does what it would have done; after a stop and a 'fg' the question is asked again.
        if (signal != 0) {
            (void)write_full(terminal.get(), as_bytes("\n"));
            (void)::raise(signal);
            if (ended == Ended::signal) continue;
        }
        if (ended == Ended::too_long) return Error{"the passphrase is too long", ""};
        if (ended == Ended::end_of_file || line.empty()) return Error{"no passphrase was given", ""};
        return line;
    }
}

Result<SecretText> ask_new_passphrase(const std::string& prompt)
{
    auto first = ask_passphrase(prompt);
    if (!first) return first.error();
    if (first->size() < crypto::min_passphrase_bytes)
        return Error{"a passphrase needs at least " + std::to_string(crypto::min_passphrase_bytes) + " characters",
                     "Six words drawn at random make a good one."};
    const auto second = ask_passphrase("The same again: ");
    if (!second) return second.error();
    if (!equal_constant_time(first->view(), second->view()))
        return Error{"the two are not the same", "Nothing was made. Try again."};
    return first;
}

}  // namespace amana::desk
