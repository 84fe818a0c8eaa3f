// SPDX-License-Identifier: AGPL-3.0-or-later
// The steps of pressure and of storage (docs/ADMISSION.md, sections 1 and 6) as the admin is told them. The front says each
// change; here a change for the worse is told at once, one for the better a tick after the last change at the soonest. So
// neither journal nor status is finer than a tick, but for saying that something begins.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace amana::server {

inline constexpr unsigned highest_pressure = 4;
// What storage takes, by step.
inline constexpr std::array<std::string_view, 4> storage_steps{"all", "small_files", "text", "nothing"};

class Steps {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Told {
        unsigned pressure = 0;
        unsigned storage = 0;
        unsigned restarts = 0;  // generations that ended and were followed by another
    };
    static constexpr unsigned most_restarts = 999'999;  // told as so many, however many more there were

    // `say`: a line for the journal. `show`: what status is to show from now on.
    Steps(std::chrono::milliseconds tick, std::function<void(const std::string&)> say, std::function<void(const Told&)> show)
        : tick_(tick), say_(std::move(say)), show_(std::move(show))
    {
    }

    // A line of the front's; one that is none of those it may say changes nothing.
    void hear(std::string_view line);
    // A generation is over, and another follows: the front is gone; its successor begins calm, and takes all until it says otherwise.
    void begin_anew();
    // Tells what is due, and when something will be.
    [[nodiscard]] Time advance(Time now);

private:
    struct Dial {
        unsigned heard = 0;
        unsigned told = 0;
        Time changed{};
        Time due = Time::max();
        // Whether it has another value now.
        bool advance(Time now, std::chrono::milliseconds tick);
    };

    std::chrono::milliseconds tick_;
    std::function<void(const std::string&)> say_;
    std::function<void(const Told&)> show_;
    Dial pressure_;
    Dial storage_;
    unsigned restarts_ = 0;
    bool restarted_ = false;
};

}  // namespace amana::server
