// SPDX-License-Identifier: AGPL-3.0-or-later
// The serving keeper's loop: one thread, one poll() over the channels. Each round reads what is there, within bounds,
// commits it once, answers (a report first, then some of what was asked of the log and the outbox), and then does what upkeep is
// due: the tick, discarding, erasing, overwriting old outboxes, emptying the WAL.
#pragma once

#include "server/keeper/intake.hpp"
#include "server/keeper/publisher.hpp"
#include "server/keeper/sequencer.hpp"

#include <chrono>
#include <functional>

namespace amana::keeper {

using Steady = std::chrono::steady_clock;

struct ServiceSettings {
    std::chrono::milliseconds tick{std::chrono::minutes{15}};
    std::int64_t retention_days = 365;
    SpaceRule space;
    Log log;
    OutboxSettings outbox{};
    // At the start and with each tick, behind it: the warden is told what the store is like.
    std::function<void()> tell = [] {};
};

class Service {
public:
    // `store` and `sequencer` must outlive the service.
    Service(Store& store, const Sequencer& sequencer, std::vector<UniqueFd> channels, ServiceSettings settings);

    // Takes over what a keeper before this one left; then it is ready.
    [[nodiscard]] Stored<void> recover();
    // Until every channel has ended and all is on disk.
    void run();

private:
    [[nodiscard]] bool any_open() const;
    void wait();
    void receive(Channel& channel);
    [[nodiscard]] Result<void> handle(Channel& channel, const wire::Frame& frame);
    [[nodiscard]] std::optional<std::string> promise(const crypto::Hash& leaf);
    void round();
    void upkeep();
    void tell_room();
    [[nodiscard]] Result<void> hear_pressure(const Channel& channel, const wire::Frame& frame);
    [[nodiscard]] Stored<void> keep_pressure();
    void tick(Steady::time_point now);
    // False when there is more to erase.
    [[nodiscard]] bool erase();
    [[nodiscard]] std::chrono::milliseconds patience() const;

    Store& store_;
    const Sequencer& sequencer_;
    ServiceSettings settings_;
    Intake intake_;
    Outbox outbox_;
    Publisher publisher_;
    std::vector<Channel> channels_;
    std::vector<short> events_;  // what poll() said, by channel
    Steady::time_point next_tick_;
    Steady::time_point next_upkeep_ = Steady::time_point::max();  // max(): nothing is to be done
    Steady::time_point next_room_;
    std::optional<std::uint64_t> told_room_;
    // Told and not kept yet.
    struct Pressure {
        unsigned now;
        unsigned highest;
    };
    std::optional<Pressure> pressure_;
    std::uint64_t erase_below_ = 0;  // 0: nothing is to be erased
    bool unsettled_ = true;  // the WAL may hold what was deleted
    bool tick_failing_ = false;
};

}  // namespace amana::keeper
