// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/line.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace amana::front {

namespace {

// Of so many calls in a row all but one are of the worked lane.
constexpr unsigned calls_a_round = 4;
constexpr double smoothing_seconds = 10;
// What is said of a time: in whole steps of this, and no more than that.
constexpr std::int64_t said_step = 10, said_most = 3600;

}  // namespace

Price price_of(unsigned step)
{
    using std::chrono::seconds;
    constexpr std::array<Price, max_step + 1> prices{{{0, seconds(0)}, {9, seconds(30)}, {11, seconds(60)}, {12, seconds(90)}, {13, seconds(120)}}};
    return prices.at(std::min(step, max_step));
}

std::size_t Line::NameHash::operator()(const TokenName& name) const
{
    std::size_t hash = 0;
    std::memcpy(&hash, name.data(), sizeof hash);
    return hash;
}

std::size_t Line::size() const
{
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

std::size_t Line::due_beside(std::optional<std::uint64_t> source) const
{
    const std::lock_guard lock(mutex_);
    const auto own = source ? shares_.find(*source) : shares_.end();
    return due_ - (own == shares_.end() ? 0 : own->second.due);
}

std::optional<Line::Standing> Line::ask(const TokenName& token, Lane lane, std::uint64_t source, bool may_begin, SteadyClock::time_point now)
{
    const std::lock_guard lock(mutex_);
    auto found = entries_.find(token);
    if (found == entries_.end()) {
        if (!may_begin) return std::nullopt;
        forget_used(now);
        if (used_.contains(token) || used_before_.contains(token)) return std::nullopt;
        if (!make_room(source)) {
            const auto full = shares_.find(source);
            return Standing{false, static_cast<std::uint32_t>(full == shares_.end() ? 0 : full->second.places), std::chrono::seconds(said_most)};
        }
        found = entries_.try_emplace(token).first;
        auto& entry = found->second;
        entry.token = token;
        entry.lane = lane;
        entry.arrival = ++arrivals_;
        entry.came = entry.asked = now;
        entry.kept = kept_.insert(kept_.end(), &entry);
        if (lane == Lane::waited) entry.young = this->lane(entry).young.insert(this->lane(entry).young.end(), &entry);
        entry.due = lane == Lane::worked;
        join(entry, source);
    }
    auto& entry = found->second;
    if (entry.called) return Standing{true, 0, {}};
    entry.asked = now;
    kept_.splice(kept_.end(), kept_, entry.kept);
    if (entry.share->source != source) {
        leave(entry);
        join(entry, source);
    }
    return standing(entry, now);
}

// Everything that a source's place in an order depends on changes in here.
template <typename Change>
void Line::change(Share& share, Lane lane, Change change)
{
    auto& next = lanes_.at(static_cast<std::size_t>(lane)).next;
    const auto& waiting = share.queues.at(static_cast<std::size_t>(lane)).waiting;
    const auto stands = [&] { return !waiting.empty() && waiting.begin()->second->due; };
    if (stands()) next.erase(&share);
    by_places_.erase(&share);
    change();
    if (share.places > 0) by_places_.insert(&share);
    if (stands()) next.insert(&share);
}

void Line::join(Entry& entry, std::uint64_t source)
{
    auto& share = shares_[source];
    share.source = source;
    entry.share = &share;
    change(share, entry.lane, [&] {
        auto& own = queue(entry);
        if (own.waiting.empty()) own.turns = std::max(own.turns, lane(entry).turn + 1);
        own.waiting.emplace(entry.arrival, &entry);
        ++share.places;
        if (entry.due) ++share.due;
    });
    if (entry.due) ++due_;
}

void Line::leave(Entry& entry)
{
    auto& share = *std::exchange(entry.share, nullptr);
    change(share, entry.lane, [&] {
        share.queues.at(static_cast<std::size_t>(entry.lane)).waiting.erase(entry.arrival);
        --share.places;
        if (entry.due) --share.due;
    });
    if (entry.due) --due_;
    if (share.places == 0) shares_.erase(share.source);
}

void Line::become_due(Entry& entry)
{
    change(*entry.share, entry.lane, [&] {
        auto& own = queue(entry);
        if (own.waiting.begin()->second == &entry) own.turns = std::max(own.turns, lane(entry).turn + 1);
        entry.due = true;
        ++entry.share->due;
    });
    ++due_;
}

void Line::erase(Entry& entry)
{
    if (entry.called) {
        lane(entry).called.erase({*entry.called, &entry});
    } else {
        if (!entry.due) lane(entry).young.erase(entry.young);
        kept_.erase(entry.kept);
        leave(entry);
    }
    entries_.erase(TokenName(entry.token));
}

// When the line is full: whoever was called and has not come, where they are more than any source has; or the newest of the source
// that has most. False when that is this one.
bool Line::make_room(std::uint64_t source)
{
    if (entries_.size() < max_places_in_line) return true;
    const auto most = by_places_.empty() ? 0 : (*by_places_.begin())->places;
    const auto& longer = std::max_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) { return a.called.size() < b.called.size(); })->called;
    if (longer.size() > most) {
        erase(*longer.begin()->second);
        return true;
    }
    const auto own = shares_.find(source);
    if (most == 0 || (own != shares_.end() && own->second.places + 1 >= most)) return false;
    Entry* newest = nullptr;
    for (const auto& [turns, waiting] : (*by_places_.begin())->queues)
        if (!waiting.empty() && (newest == nullptr || waiting.rbegin()->first > newest->arrival)) newest = waiting.rbegin()->second;
    erase(*newest);
    return true;
}

void Line::drop_absent(SteadyClock::time_point now)
{
    while (!kept_.empty() && now - kept_.front()->asked > timing_.kept) erase(*kept_.front());
    for (auto& lane : lanes_)
        while (!lane.called.empty() && late(*lane.called.begin()->second, now)) erase(*lane.called.begin()->second);
}

// Twice as long as a used puzzle must be remembered. One that does not fit might be used again: better than to refuse those who solve.
void Line::forget_used(SteadyClock::time_point now)
{
    if (now - used_since_ < timing_.used) return;
    used_before_ = now - used_since_ < 2 * timing_.used ? std::move(used_) : Names();
    used_ = Names();
    used_since_ = now;
}

std::optional<Line::Ticket> Line::enter(const TokenName& token, SteadyClock::time_point now)
{
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(token);
    if (found == entries_.end()) return std::nullopt;
    auto& entry = found->second;
    if (!entry.called || entry.sending || late(entry, now)) return std::nullopt;
    entry.sending = true;
    lane(entry).called.erase({*entry.called, &entry});
    return Ticket(*this, token);
}

void Line::use(const TokenName& token)
{
    const std::lock_guard lock(mutex_);
    auto& entry = entries_.at(token);
    if (entry.lane == Lane::worked && used_.size() < max_used_puzzles / 2) used_.insert(token);
    erase(entry);
}

void Line::give_back(const TokenName& token)
{
    const std::lock_guard lock(mutex_);
    auto& entry = entries_.at(token);
    entry.sending = false;
    lane(entry).called.emplace(*entry.called, &entry);
}

bool Line::call_one(Lane lane, SteadyClock::time_point now)
{
    auto& state = lanes_.at(static_cast<std::size_t>(lane));
    if (state.next.empty()) return false;
    auto& share = **state.next.begin();
    auto& own = share.queues.at(static_cast<std::size_t>(lane));
    auto& entry = *own.waiting.begin()->second;
    state.turn = std::max(state.turn, own.turns);
    change(share, lane, [&] { ++own.turns; });
    kept_.erase(entry.kept);
    leave(entry);
    entry.called = now;
    state.called.emplace(now, &entry);
    return true;
}

std::size_t Line::call(unsigned step, std::size_t most, SteadyClock::time_point now)
{
    const std::lock_guard lock(mutex_);
    forget_used(now);
    drop_absent(now);
    wait_ = std::chrono::duration_cast<std::chrono::milliseconds>(price_of(step).wait * timing_.wait_scale);
    for (auto& lane : lanes_)
        while (!lane.young.empty() && now - lane.young.front()->came >= wait_) {
            auto& entry = *lane.young.front();
            lane.young.pop_front();
            become_due(entry);
        }
    std::size_t count = 0;
    for (; count < most; ++count) {
        const bool waited_first = ++lane_turn_ % calls_a_round == 0;
        const auto first = waited_first ? Lane::waited : Lane::worked;
        const auto second = waited_first ? Lane::worked : Lane::waited;
        if (!call_one(first, now) && !call_one(second, now)) break;
    }
    if (called_at_) {
        const double seconds = std::chrono::duration<double>(now - *called_at_).count();
        if (seconds > 0) a_second_ += (static_cast<double>(count) / seconds - a_second_) * std::min(1.0, seconds / smoothing_seconds);
    }
    called_at_ = now;
    return count;
}

std::chrono::seconds Line::backlog() const
{
    const std::lock_guard lock(mutex_);
    return std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(due_) / std::max(a_second_, 1.0 / said_most)));
}

// Everybody before it of its source, at the source's share of the calls; at the least what it has to wait. How many are before it is
// read off the arrivals, as if those of one source came evenly: right when they did.
Line::Standing Line::standing(const Entry& entry, SteadyClock::time_point now) const
{
    const auto& waiting = queue(entry).waiting;
    const auto first = waiting.begin()->first, last = waiting.rbegin()->first;
    const double part = first == last ? 0 : static_cast<double>(entry.arrival - first) / static_cast<double>(last - first);
    const double before = std::round(part * static_cast<double>(waiting.size() - 1));
    const double share = a_second_ / static_cast<double>(std::max<std::size_t>(1, shares_.size()));
    const double by_turns = (before + 1) / std::max(share, 1.0 / said_most);
    const double by_time = entry.due ? 0 : std::chrono::duration<double>(wait_ - (now - entry.came)).count();
    const auto steps = static_cast<std::int64_t>(std::ceil(std::max(by_turns, by_time) / said_step));
    return {false, static_cast<std::uint32_t>(before), std::chrono::seconds(std::clamp(steps * said_step, said_step, said_most))};
}

}  // namespace amana::front
