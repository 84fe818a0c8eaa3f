// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/supervisor.hpp"

#include "base/require.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace amana::server {

namespace {

constexpr auto far_away = std::chrono::hours(24);

UniqueFd signal_descriptor()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
    require(::sigprocmask(SIG_BLOCK, &set, nullptr) == 0, "sigprocmask");
    UniqueFd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    require(static_cast<bool>(fd), "signalfd");
    return fd;
}

}  // namespace

Supervisor::Supervisor(Plan plan, std::vector<UniqueFd> listeners)
    : plan_(std::move(plan)), steps_(plan_.tick, plan_.say, plan_.show), listeners_(std::move(listeners))
{
}

Supervisor::~Supervisor()
{
    if (front_) front_->kill(SIGKILL);
    if (keeper_) keeper_->kill(SIGKILL);
}

int Supervisor::run()
{
    const auto signals = signal_descriptor();
    ::signal(SIGPIPE, SIG_IGN);
    if (plan_.heartbeat.count() > 0) beat_due_ = std::chrono::steady_clock::now();
    start_generation();
    for (;;) {
        beat();
        // Until nothing follows any more: what is already known must not wait for the next event.
        State before{};
        do {
            before = state_;
            if (const auto code = advance()) return *code;
        } while (state_ != before);
        wait_for_events(signals.get());
        read_signals(signals.get());
        for (auto* child : {&front_, &keeper_})
            if (*child) (*child)->step();
        if (front_)
            for (const auto& line : front_->news()) {
                steps_.hear(line);
                plan_.hear(line);
            }
        if (keeper_)
            for (const auto& line : keeper_->news()) plan_.hear_keeper(line);
        plan_.attend();
        steps_due_ = steps_.advance(std::chrono::steady_clock::now());
        renew();
    }
}

void Supervisor::start_generation()
{
    state_ = State::starting;
    born_ = std::chrono::steady_clock::now();
    deadline_ = born_ + plan_.timing.ready;
    mishap_ = false;
    told_.clear();
    if (const auto started = try_start(); !started) {
        end_generation(started.error().text());
    }
}

Result<void> Supervisor::try_start()
{
    auto slices = plan_.slices();
    if (!slices) return slices.error();

    std::vector<UniqueFd> ends;
    std::vector<int> for_front;
    std::vector<int> for_keeper;
    for (std::uint32_t i = 0; i < plan_.channels; ++i) {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
            return system_error("can't join front and keeper", errno);
        for (const int end : pair) ends.emplace_back(end);
        for_front.push_back(pair[0]);
        for_keeper.push_back(pair[1]);
    }
    for (const auto& listener : listeners_) for_front.push_back(listener.get());

    auto keeper = Child::start(plan_.start_keeper, plan_.keeper, for_keeper, std::move(slices->keeper));
    if (!keeper) return keeper.error();
    keeper_.emplace(std::move(*keeper));
    auto front = Child::start(plan_.start_front, plan_.front, for_front, std::move(slices->front));
    if (!front) return front.error();
    front_.emplace(std::move(*front));
    return {};
}

void Supervisor::wait_for_events(int signals)
{
    std::vector<pollfd> polled{pollfd{signals, POLLIN, 0}};
    for (const auto* child : {&front_, &keeper_})
        if (*child)
            for (const auto& each : (*child)->interest()) polled.push_back(each);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min({deadline_, steps_due_, look_due_, beat_due_}) - std::chrono::steady_clock::now());
    const auto timeout = std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 60'000);
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(timeout));
    require(ready >= 0 || errno == EINTR, "poll");
}

// A generation reads everything anew when it starts; between two, the front is told.
void Supervisor::renew()
{
    const auto now = std::chrono::steady_clock::now();
    if (state_ != State::serving) {
        look_due_ = Time::max();
        return;
    }
    if (look_due_ == Time::max()) look_due_ = now + plan_.timing.look;
    if (!look_at_once_ && now < look_due_) return;
    look_due_ = now + plan_.timing.look;
    if (auto renewed = plan_.renewed(std::exchange(look_at_once_, false))) {
        front_->tell(*std::move(renewed));
        front_->step();
    }
}

void Supervisor::read_signals(int signals)
{
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
        if (info.ssi_signo == SIGCHLD) continue;
        if (info.ssi_signo == SIGHUP && plan_.hangup == Hangup::reloads) {
            reload();
            continue;
        }
        ++stops_;
        if (stops_ == 1) drain();
        else if (info.ssi_signo == SIGINT) kill_rest("interrupted again");
    }
}

std::optional<int> Supervisor::advance()
{
    const auto now = std::chrono::steady_clock::now();
    const auto late = now >= deadline_;
    switch (state_) {
    case State::starting:
        look_whether_ready();
        if (state_ == State::starting && late) {
            mishap_ = true;
            end_generation("not ready in time" + who_is_not_ready());
        }
        return std::nullopt;
    case State::serving:
        deadline_ = now + far_away;
        if (front_->ended() || keeper_->ended()) end_generation(accounts_of_ended());
        return std::nullopt;
    case State::ending:
        if (all_gone()) return after_generation();
        if (late) kill_rest("did not end by itself");
        return std::nullopt;
    case State::waiting:
        if (late) start_generation();
        return std::nullopt;
    case State::reloading:
    case State::draining:
        if (all_gone()) return after_draining();
        // The front is what takes time; without it the keeper has only to put down what it holds.
        if (!front_ || front_->ended()) deadline_ = std::min(deadline_, now + plan_.timing.drain_margin);
        if (late) kill_rest("not drained in time");
        return std::nullopt;
    }
    return std::nullopt;
}

void Supervisor::look_whether_ready()
{
    for (const auto* child : {&keeper_, &front_})
        if ((*child)->complained()) {
            told_.push_back(&**child);
            return end_generation((*child)->account());
        }
    if (front_->ended() || keeper_->ended()) return end_generation(accounts_of_ended());
    if (!front_->ready() || !keeper_->ready()) return;
    state_ = State::serving;
    deadline_ = std::chrono::steady_clock::now() + far_away;
    if (served_) plan_.say("serving again");
    else plan_.serving();
    served_ = true;
    plan_.tell_manager("READY=1\nSTATUS=serving");
    if (std::exchange(reload_due_, false)) reload();
}

// The other one notices by the end of its channels; if it doesn't, it is killed.
void Supervisor::end_generation(const std::string& why)
{
    plan_.say(why);
    plan_.tell_manager("STATUS=front and keeper ended; the next are started");
    const bool front_may_be_half_started = state_ == State::starting && front_;
    if (front_may_be_half_started) front_->kill(SIGTERM);
    state_ = State::ending;
    deadline_ = std::chrono::steady_clock::now() + plan_.timing.ending;
}

std::optional<int> Supervisor::after_generation()
{
    const bool hopeless = !served_ && could_not_begin();
    drop_generation();
    if (hopeless) return 1;
    const auto now = std::chrono::steady_clock::now();
    short_lives_ = now - born_ < plan_.timing.short_life ? short_lives_ + 1 : 0;
    // One short life may be chance, or a test that kills; only a second one in a row says that haste won't help.
    auto wait = std::chrono::milliseconds(0);
    if (short_lives_ >= 2) wait = plan_.timing.first_wait * (1 << std::min(short_lives_ - 2, 16u));
    state_ = State::waiting;
    deadline_ = now + std::min(wait, plan_.timing.longest_wait);
    return std::nullopt;
}

// Whether another try would end like this one: something said what is wrong, or went without anybody's killing it. (The
// SIGTERM is end_generation's own.)
bool Supervisor::could_not_begin() const
{
    bool killed = mishap_;
    for (const auto* child : {&front_, &keeper_}) {
        if (!*child) continue;
        if ((*child)->complained()) return true;
        killed = killed || ((*child)->killed_by() != 0 && (*child)->killed_by() != SIGTERM);
    }
    return !killed;
}

void Supervisor::drop_generation()
{
    say_untold_ends();
    front_.reset();
    keeper_.reset();
    steps_.begin_anew();
}

void Supervisor::drain()
{
    plan_.say("stopping: uploads under way may finish");
    const auto patience = plan_.timing.drain + plan_.timing.drain_margin + plan_.timing.ending;
    plan_.tell_manager("STOPPING=1\nSTATUS=stopping: uploads under way may finish\nEXTEND_TIMEOUT_USEC=" +
                       std::to_string(std::chrono::microseconds(patience).count()));
    listeners_.clear();  // the front closes its own: who connects from now on is refused, or waits where systemd holds the sockets
    let_finish(State::draining);
}

void Supervisor::reload()
{
    if (state_ != State::serving) {
        reload_due_ = state_ != State::draining;
        return;
    }
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    plan_.tell_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
    switch (plan_.reload(plan_.timing)) {
    case Reload::refused:
        plan_.say("not reloaded: what was served is served on");
        return plan_.tell_manager("READY=1\nSTATUS=serving; the last reload was refused");
    case Reload::unchanged:
        look_at_once_ = true;  // certificates
        plan_.say("not reloaded: nothing has changed that needs it");
        return plan_.tell_manager("READY=1\nSTATUS=serving");
    case Reload::anew:
        plan_.say("reloading: uploads under way may finish, who connects waits");
        return let_finish(State::reloading);
    }
}

void Supervisor::let_finish(State state)
{
    state_ = state;
    deadline_ = std::chrono::steady_clock::now() + plan_.timing.drain + plan_.timing.drain_margin;
    if (front_) front_->kill(SIGTERM);
}

std::optional<int> Supervisor::after_draining()
{
    drop_generation();
    if (state_ == State::draining) {
        plan_.say("stopped");
        return 0;
    }
    start_generation();
    return std::nullopt;
}

// That this loop goes round is what it says; front and keeper are watched by the loop itself.
void Supervisor::beat()
{
    const auto now = std::chrono::steady_clock::now();
    if (now < beat_due_) return;
    plan_.tell_manager("WATCHDOG=1");
    beat_due_ = now + plan_.heartbeat;
}

void Supervisor::kill_rest(const std::string& why)
{
    for (const auto* child : {&front_, &keeper_}) {
        if (!*child || (*child)->ended()) continue;
        plan_.say((*child)->account() + ", " + why + ": killed");
        told_.push_back(&**child);
        (*child)->kill(SIGKILL);
    }
    deadline_ = std::chrono::steady_clock::now() + plan_.timing.ending;
}

// Which of two ends was the cause is not known when both are noticed at once: the journal gets both.
std::string Supervisor::accounts_of_ended()
{
    std::string accounts;
    for (const auto* child : {&keeper_, &front_}) {
        if (!(*child)->ended()) continue;
        accounts += (accounts.empty() ? "" : "; ") + (*child)->account();
        told_.push_back(&**child);
    }
    return accounts;
}

// The one that was killed may be noticed after the one that ended because of it; the journal must have the cause. (The
// SIGTERM is our own.)
void Supervisor::say_untold_ends() const
{
    for (const auto* child : {&keeper_, &front_}) {
        if (!*child || (*child)->ended_well() || (*child)->killed_by() == SIGTERM) continue;
        if (std::find(told_.begin(), told_.end(), &**child) == told_.end()) plan_.say((*child)->account());
    }
}

std::string Supervisor::who_is_not_ready() const
{
    std::string who;
    for (const auto* child : {&keeper_, &front_})
        if (*child && !(*child)->ready()) who += (who.empty() ? ": " : "; ") + (*child)->account();
    return who;
}

bool Supervisor::all_gone() const
{
    return (!front_ || front_->ended()) && (!keeper_ || keeper_->ended());
}

}  // namespace amana::server
