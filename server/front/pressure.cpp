// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/pressure.hpp"

#include <algorithm>

namespace amana::front {

namespace {

// What room there is lasts a day, each report taking what one of text takes, its header and its share of the store's own.
constexpr double day_seconds = 86'400;
constexpr double bytes_a_report = 40.0 * 1024;

constexpr auto much_waiting = std::chrono::seconds(1);
constexpr auto long_backlog = std::chrono::seconds(30);
constexpr double much_late = 100, little_late = 20;  // milliseconds
constexpr double most_late = 200;                    // what one second counts for: a single stall is no pressure
constexpr double smoothing = 1.0 / 5;                // of a measure a second

}  // namespace

void Pressure::late(std::chrono::milliseconds by)
{
    auto latest = latest_.load();
    while (by.count() > latest && !latest_.compare_exchange_weak(latest, by.count())) {}
}

Pressure::Verdict Pressure::queue(const Turns::Load& load, std::chrono::seconds backlog)
{
    if (load.waiting > 0 && load.waited_longest > much_waiting) return Verdict::much;
    if (backlog > long_backlog) return Verdict::much;
    const bool idle = load.waiting == 0 && backlog == std::chrono::seconds(0) && 2 * load.taken <= load.places;
    return idle ? Verdict::little : Verdict::some;
}

Pressure::Verdict Pressure::processor()
{
    const auto latest = static_cast<double>(latest_.exchange(0));
    if (!timing_.processor) return Verdict::little;
    lateness_ += (std::min(latest, most_late) - lateness_) * smoothing;
    if (lateness_ > much_late) return Verdict::much;
    return lateness_ < little_late ? Verdict::little : Verdict::some;
}

Pressure::Verdict Pressure::storage(SteadyClock::time_point now)
{
    if (!counted_at_) counted_at_ = now;
    if (const auto since = now - *counted_at_; since >= timing_.count) {
        const auto stored = stored_.load();
        rate_ = static_cast<double>(stored - counted_) / std::chrono::duration<double>(since).count();
        counted_ = stored;
        counted_at_ = now;
    }
    if (rate_ > pace_) return Verdict::much;
    return rate_ < pace_ / 2 ? Verdict::little : Verdict::some;
}

void Pressure::measure(const Turns::Load& reports, std::chrono::seconds backlog, std::uint64_t room, SteadyClock::time_point now)
{
    const double lasting = std::max(1.0, static_cast<double>(room) / (day_seconds * bytes_a_report));
    pace_ = most_ == 0 ? lasting : std::min<double>(lasting, most_);
    const auto verdict = std::max({queue(reports, backlog), processor(), storage(now)});
    if (verdict != Verdict::little) little_since_.reset();
    else if (!little_since_) little_since_ = now;
    if (verdict == Verdict::much && step_ < max_step && (!rose_at_ || now - *rose_at_ >= timing_.rise)) {
        ++step_;
        rose_at_ = now;
    } else if (step_ > 0 && little_since_ && now - *little_since_ >= timing_.fall) {
        --step_;
        little_since_ = now;
    }
}

std::size_t Pressure::may_call(SteadyClock::time_point now)
{
    const double second = pace_;
    if (allowed_at_) allowance_ += second * std::chrono::duration<double>(now - *allowed_at_).count();
    allowed_at_ = now;
    allowance_ = std::min(allowance_, std::max(second, 1.0));  // no more than a second's is saved
    return static_cast<std::size_t>(std::max(0.0, allowance_));
}

}  // namespace amana::front
