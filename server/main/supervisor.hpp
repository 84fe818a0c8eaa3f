// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps one generation (a front and a keeper, joined by channels) alive: starts it, notices its end, starts the next.
//
//   starting --both ready--> serving --either ends--> ending --both gone--> waiting --> starting
//   serving --SIGHUP--> reloading --both gone--> starting
//   any --SIGTERM, SIGINT--> draining --both gone--> the end
//
// Rules it keeps: a generation is never mended, only replaced, so recovery is the way every start goes. The listening
// sockets stay open from first to last, so what connects meanwhile waits in the backlog. Two generations never overlap:
// the next starts when both processes of the last are gone. A reload is a generation's end by draining, begun only when the next
// one can begin. One thread, one poll loop, no handler code in signals.
#pragma once

#include "server/main/child.hpp"
#include "server/main/steps.hpp"

#include <chrono>
#include <functional>

namespace amana::server {

struct Timing {
    std::chrono::milliseconds ready{60'000};       // from the start to "ready"
    std::chrono::milliseconds ending{5'000};       // from one's end to the other's
    std::chrono::milliseconds drain{30'000};       // what the front is given by its own slice
    std::chrono::milliseconds drain_margin{10'000};
    std::chrono::milliseconds short_life{1'000};   // a generation that lived less makes the next one wait
    std::chrono::milliseconds first_wait{100};     // after the second short life in a row; doubles from there
    std::chrono::milliseconds longest_wait{5'000};
    std::chrono::milliseconds look{5'000};         // at the certificates' files
};

struct Slices {
    SecretBuffer front;
    SecretBuffer keeper;
};

enum class Hangup { reloads, stops };
enum class Reload { refused, unchanged, anew };

struct Plan {
    Program front;
    Program keeper;
    Starter start_front = start_child;
    Starter start_keeper = start_child;
    std::uint32_t channels = 1;
    std::function<Result<Slices>()> slices;       // asked anew for every generation
    std::function<void(const std::string&)> say;  // a line for the journal
    std::function<void()> serving;                // when the first generation is ready
    std::function<void(const Steps::Told&)> show = [](const Steps::Told&) {};
    std::function<void()> attend = [] {};         // called at least once a minute, and when any child has ended
    std::function<void(const std::string&)> hear = [](const std::string&) {};  // what else the front says
    std::function<void(const std::string&)> hear_keeper = [](const std::string&) {};  // behind its "ready"
    // What a front that serves is to show from now on, where that has changed; asked now and then, and `at_once` on SIGHUP.
    std::function<std::optional<SecretBuffer>(bool at_once)> renewed = [](bool) { return std::nullopt; };
    std::chrono::milliseconds tick{900'000};      // nothing that the front says is told finer than this
    // Reads anew what the next generation begins with. The present one goes on where that could not begin, which has been said, or
    // would be the same.
    std::function<Reload(Timing&)> reload = [](Timing&) { return Reload::anew; };
    Hangup hangup = Hangup::reloads;
    std::function<void(const std::string&)> tell_manager = [](const std::string&) {};  // sd_notify(3)
    std::chrono::milliseconds heartbeat{0};                                            // how often it is told WATCHDOG=1; 0: never
    Timing timing;
};

class Supervisor {
public:
    // `listeners` as the front gets them: thread 0's, thread 1's, ...
    Supervisor(Plan plan, std::vector<UniqueFd> listeners);
    ~Supervisor();

    // Until told to stop. 0 after a stop; 1 when the first generation could not begin. Blocks SIGTERM, SIGINT, SIGHUP and
    // SIGCHLD in this process and leaves them so.
    [[nodiscard]] int run();

private:
    using Time = std::chrono::steady_clock::time_point;
    enum class State { starting, serving, ending, waiting, reloading, draining };

    void start_generation();
    [[nodiscard]] Result<void> try_start();
    void wait_for_events(int signals);
    void renew();
    void read_signals(int signals);
    // One look at the state; what follows from it. The exit code when all is over.
    [[nodiscard]] std::optional<int> advance();
    void look_whether_ready();
    void end_generation(const std::string& why);
    [[nodiscard]] std::optional<int> after_generation();
    [[nodiscard]] bool could_not_begin() const;
    void drain();
    void reload();
    void let_finish(State state);
    [[nodiscard]] std::optional<int> after_draining();
    void drop_generation();
    void beat();
    void kill_rest(const std::string& why);
    [[nodiscard]] std::string accounts_of_ended();
    [[nodiscard]] std::string who_is_not_ready() const;
    void say_untold_ends() const;
    [[nodiscard]] bool all_gone() const;

    Plan plan_;
    Steps steps_;
    std::vector<UniqueFd> listeners_;
    std::optional<Child> front_;
    std::optional<Child> keeper_;
    State state_ = State::waiting;
    Time born_;
    Time deadline_;  // of the state; waiting: when to start
    Time steps_due_ = Time::max();
    Time beat_due_ = Time::max();
    unsigned short_lives_ = 0;
    Time look_due_ = Time::max();  // at what may have been renewed, while it serves
    bool look_at_once_ = false;
    unsigned stops_ = 0;  // signals that asked for the end
    std::vector<const Child*> told_;  // of this generation: whose end the journal has
    bool served_ = false;
    bool reload_due_ = false;  // asked for when nothing served
    bool mishap_ = false;  // this generation failed in a way that another try may not
};

}  // namespace amana::server
