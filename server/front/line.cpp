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

constexpr auto longest_pause = std::chrono::milliseconds(500);

std::size_t index(Line::Lane lane)
{
    return static_cast<std::size_t>(lane);
}

}  // namespace

Price price_of(unsigned step)
{
    using std::chrono::seconds;
    constexpr std::array<Price, max_step + 1> prices{{{0, seconds(0)}, {9, seconds(30)}, {11, seconds(60)}, {12, seconds(90)}, {13, seconds(120)}}};
    return prices.at(std::min(step, max_step));
}

std::size_t Line::Hash::operator()(const TokenName& name) const
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

Line::Standing Line::ask(const TokenName& token, std::uint64_t source, Lane lane, SteadyClock::time_point now)
{
    const std::lock_guard lock(mutex_);
    forget_taken(now);
    auto found = entries_.find(token);
    if (found == entries_.end()) {
        if (was_taken(token) || (lane == Lane::worked && taken_.size() >= max_taken_tokens / 2)) return {Standing::Kind::taken, 0, {}};
        if (!make_room(source)) {
            Entry none{source, lane, now, now, std::nullopt, static_cast<std::uint32_t>(places_of(source))};
            return {Standing::Kind::waits, none.before, about(none, now)};
        }
        auto& share = shares_[source];
        share.turns = std::max(share.turns, turn_);
        const auto before = static_cast<std::uint32_t>(share.places++);
        found = entries_.emplace(token, Entry{source, lane, now, now, std::nullopt, before}).first;
    }
    auto& entry = found->second;
    if (entry.called) return {Standing::Kind::called, 0, {}};
    entry.asked = now;
    if (lane == Lane::worked) entry.lane = lane;
    if (entry.source != source) {
        --shares_[entry.source].places;
        auto& share = shares_[source];
        share.turns = std::max(share.turns, turn_);
        ++share.places;
        entry.source = source;
    }
    return {Standing::Kind::waits, entry.before, about(entry, now)};
}

bool Line::may_send(const Entry& entry, SteadyClock::time_point now) const
{
    return entry.called && now - *entry.called <= (entry.lane == Lane::worked ? timing_.worked : timing_.waited);
}

bool Line::called(const TokenName& token, SteadyClock::time_point now) const
{
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(token);
    return found != entries_.end() && may_send(found->second, now);
}

bool Line::take(const TokenName& token, SteadyClock::time_point now)
{
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(token);
    if (found == entries_.end() || !may_send(found->second, now)) return false;
    forget_taken(now);
    if (taken_.size() < max_taken_tokens / 2) taken_.insert(token);
    entries_.erase(found);
    return true;
}

void Line::forget_taken(SteadyClock::time_point now)
{
    if (now - taken_since_ < timing_.taken) return;
    taken_before_ = now - taken_since_ < 2 * timing_.taken ? std::move(taken_) : Names();
    taken_ = Names();
    taken_since_ = now;
}

std::size_t Line::places_of(std::uint64_t source) const
{
    const auto share = shares_.find(source);
    return share == shares_.end() ? 0 : share->second.places;
}

// False when the line is full, and nobody else's place is to go before one of this source.
bool Line::make_room(std::uint64_t source)
{
    if (entries_.size() < max_places_in_line) return true;
    if (places_of(source) + 1 >= most_places_) return false;
    auto newest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
        if (!entry->second.called && places_of(entry->second.source) >= most_places_ &&
            (newest == entries_.end() || entry->second.came > newest->second.came))
            newest = entry;
    if (newest == entries_.end()) return false;
    --shares_[newest->second.source].places;
    entries_.erase(newest);
    return true;
}

void Line::drop_absent(SteadyClock::time_point now)
{
    const auto gone = [&](const Entry& entry) {
        return entry.called ? !may_send(entry, now) : now - entry.asked > timing_.kept;
    };
    std::erase_if(entries_, [&](const auto& entry) { return gone(entry.second); });
    for (auto& [source, share] : shares_) share.places = 0;
    for (const auto& [token, entry] : entries_)
        if (!entry.called) ++shares_[entry.source].places;
    std::erase_if(shares_, [](const auto& share) { return share.second.places == 0; });
    most_places_ = 0;
    for (const auto& [source, share] : shares_) most_places_ = std::max(most_places_, share.places);
}

Line::Queues Line::queues()
{
    WipedVector<Entry*> waiting;
    waiting.reserve(entries_.size());
    for (auto& [token, entry] : entries_)
        if (!entry.called) waiting.push_back(&entry);
    std::sort(waiting.begin(), waiting.end(), [](const Entry* a, const Entry* b) { return a->came < b->came; });
    Queues queues;
    for (auto* entry : waiting) {
        auto& queue = queues.at(index(entry->lane))[entry->source];
        queue.share = &shares_[entry->source];
        entry->before = static_cast<std::uint32_t>(queue.waiting.size());
        queue.waiting.push_back(entry);
    }
    return queues;
}

namespace {

constexpr auto later = [](const auto& a, const auto& b) { return a.turns > b.turns; };

}  // namespace

void Line::push_due(Heap& heap, Queue& queue, std::chrono::milliseconds least, SteadyClock::time_point now)
{
    if (queue.called == queue.waiting.size() || now - queue.waiting[queue.called]->came < least) return;
    heap.push_back({queue.share->turns, &queue});
    std::push_heap(heap.begin(), heap.end(), later);
}

bool Line::call_one(Heap& heap, std::chrono::milliseconds least, SteadyClock::time_point now)
{
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), later);
        const auto due = heap.back();
        heap.pop_back();
        auto& queue = *due.queue;
        if (due.turns == queue.share->turns) {
            turn_ = queue.share->turns++;
            auto& entry = *queue.waiting[queue.called++];
            entry.called = now;
            entry.source = 0;  // it is of no more use
            --queue.share->places;
            push_due(heap, queue, least, now);
            return true;
        }
        push_due(heap, queue, least, now);  // it had a turn in the other lane meanwhile
    }
    return false;
}

std::size_t Line::call(unsigned step, std::size_t most, SteadyClock::time_point now)
{
    const std::lock_guard lock(mutex_);
    // A long line takes longer to go through, and is gone through less often.
    if (called_at_ && now - *called_at_ < longest_pause * entries_.size() / max_places_in_line) return 0;
    forget_taken(now);
    wait_ = std::chrono::duration_cast<std::chrono::milliseconds>(price_of(step).wait * timing_.wait_scale);
    drop_absent(now);
    std::size_t count = 0;
    due_ = 0;
    if (!entries_.empty()) {
        auto lines = queues();
        const std::array least{std::chrono::milliseconds(0), wait_};
        std::array<Heap, lanes> heaps;
        for (std::size_t lane = 0; lane < lanes; ++lane)
            for (auto& [source, queue] : lines.at(lane)) push_due(heaps.at(lane), queue, least.at(lane), now);
        const auto call_in = [&](Lane lane) { return call_one(heaps.at(index(lane)), least.at(index(lane)), now); };
        for (; count < most; ++count) {
            const bool waited_first = ++lane_turn_ % calls_a_round == 0;
            const auto first = waited_first ? Lane::waited : Lane::worked;
            const auto second = waited_first ? Lane::worked : Lane::waited;
            if (!call_in(first) && !call_in(second)) break;
        }
        for (std::size_t lane = 0; lane < lanes; ++lane)
            for (const auto& [source, queue] : lines.at(lane))
                due_ += static_cast<std::size_t>(std::count_if(queue.waiting.begin() + static_cast<std::ptrdiff_t>(queue.called), queue.waiting.end(),
                                                               [&](const Entry* entry) { return now - entry->came >= least.at(lane); }));
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

// Everybody before it of its source, at the source's share of the calls; at the least what it has to wait.
std::chrono::seconds Line::about(const Entry& entry, SteadyClock::time_point now) const
{
    const double share = a_second_ / static_cast<double>(std::max<std::size_t>(1, shares_.size()));
    const double by_turns = (entry.before + 1) / std::max(share, 1.0 / said_most);
    const double by_time = entry.lane == Lane::waited ? std::chrono::duration<double>(wait_ - (now - entry.came)).count() : 0;
    const auto steps = static_cast<std::int64_t>(std::ceil(std::max(by_turns, by_time) / said_step));
    return std::chrono::seconds(std::clamp(steps * said_step, said_step, said_most));
}

}  // namespace amana::front
