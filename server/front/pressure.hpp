// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether more is asked than can be done, measured (docs/ADMISSION.md, section 1): step 0 is calm, 4 the hardest. Any thread
// may read it and count; one measures, once a second.
#pragma once

#include "server/front/line.hpp"
#include "server/front/turns.hpp"

#include <atomic>

namespace amana::front {

class Pressure {
public:
    struct Timing {
        std::chrono::milliseconds rise = std::chrono::seconds(5);   // between two steps up
        std::chrono::milliseconds fall = std::chrono::seconds(30);  // all was little for so long: a step down
        std::chrono::milliseconds count = std::chrono::seconds(10);  // over which what is stored is counted
        bool processor = true;  // measured too: a test's machine may be busy with others
    };
    // `most`: reports a second whatever the storage has room for; 0: no such limit.
    explicit Pressure(std::uint32_t most = 0) : Pressure(most, Timing()) {}
    Pressure(std::uint32_t most, const Timing& timing) : timing_(timing), most_(most) {}

    [[nodiscard]] unsigned step() const { return step_; }
    // Reports a second that storage has room for.
    [[nodiscard]] double pace() const { return pace_; }

    // A thread's timer came so late.
    void late(std::chrono::milliseconds by);
    // The keeper has stored a report.
    void stored() { ++stored_; }
    // `reports`: their places; `backlog`: the line's; `room`: bytes above the keeper's reserve.
    void measure(const Turns::Load& reports, std::chrono::seconds backlog, std::uint64_t room, SteadyClock::time_point now);
    // How many the pace leaves to call at this moment; and that so many were.
    [[nodiscard]] std::size_t may_call(SteadyClock::time_point now);
    void called(std::size_t count) { allowance_ -= static_cast<double>(count); }

private:
    enum class Verdict { little, some, much };
    [[nodiscard]] static Verdict queue(const Turns::Load& reports, std::chrono::seconds backlog);
    [[nodiscard]] Verdict processor();
    [[nodiscard]] Verdict storage(SteadyClock::time_point now);

    Timing timing_;
    std::uint32_t most_;
    std::atomic<unsigned> step_ = 0;
    std::atomic<double> pace_ = 1;
    std::atomic<std::int64_t> latest_ = 0;  // milliseconds, since it was last measured
    std::atomic<std::uint64_t> stored_ = 0;
    double lateness_ = 0;  // smoothed
    double allowance_ = 0;  // reports
    std::uint64_t counted_ = 0;
    double rate_ = 0;  // reports a second
    std::optional<SteadyClock::time_point> counted_at_;
    std::optional<SteadyClock::time_point> allowed_at_;
    std::optional<SteadyClock::time_point> rose_at_;
    std::optional<SteadyClock::time_point> little_since_;
};

}  // namespace amana::front
