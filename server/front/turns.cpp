// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/turns.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace amana::front {

// Lives in a coroutine's frame. However that ends, with its thread too, it leaves the queue, and its place goes to the next.
class Turns::Waiter {
public:
    Waiter(Turns& turns, std::shared_ptr<const Source> source, Bell bell) : turns_(turns), source_(std::move(source)), bell_(std::move(bell))
    {
        turns_.enter(*this);
    }
    ~Waiter() { turns_.leave(*this); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    [[nodiscard]] std::optional<Place> place()
    {
        const std::lock_guard lock(turns_.mutex_);
        if (!std::exchange(granted_, false)) return std::nullopt;
        return Place(turns_, source_);
    }

private:
    friend class Turns;
    Turns& turns_;
    std::shared_ptr<const Source> source_;
    Bell bell_;
    Clock::time_point since_ = Clock::now();
    std::list<Waiter*>::iterator at_;  // while it waits
    bool waits_ = false;
    bool granted_ = false;
};

std::optional<Turns::Place> Turns::take(std::shared_ptr<const Source> source)
{
    const std::lock_guard lock(mutex_);
    if (free_ == 0) return std::nullopt;
    auto& group = group_of(source);
    if (group.held >= most_of_one_) return std::nullopt;
    --free_;
    change_held(group, 1);
    return Place(*this, std::move(source));
}

asio::awaitable<std::optional<Turns::Place>> Turns::take(std::shared_ptr<const Source> source, Bell bell, Clock::time_point until)
{
    const auto executor = co_await asio::this_coro::executor;
    auto place = take(source);
    if (place) {
        co_await asio::post(executor, asio::use_awaitable);
        co_return place;
    }
    bell->expires_at(until);
    Waiter waiter(*this, std::move(source), bell);
    co_await bell->async_wait(asio::as_tuple(asio::use_awaitable));
    co_return waiter.place();
}

Turns::Group& Turns::group_of(const std::shared_ptr<const Source>& source)
{
    auto& group = groups_[source.get()];
    if (!group.source) group.source = source;
    return group;
}

void Turns::forget_unused(const Group& group)
{
    if (group.held == 0 && group.waiters.empty()) groups_.erase(group.source.get());
}

void Turns::change_held(Group& group, int by)
{
    const bool waits = !group.waiters.empty();
    if (waits) next_.erase(&group);
    group.held += static_cast<std::uint32_t>(by);
    if (waits) next_.insert(&group);
}

void Turns::enter(Waiter& waiter)
{
    const std::lock_guard lock(mutex_);
    auto& group = group_of(waiter.source_);
    if (group.waiters.empty()) {
        group.turn = ++last_turn_;
        next_.insert(&group);
    }
    waiter.at_ = group.waiters.insert(group.waiters.end(), &waiter);
    waiter.waits_ = true;
    ++waiting_;
    // A place may have come free since it was looked for.
    if (free_ > 0) grant_next();
}

void Turns::leave(Waiter& waiter)
{
    const std::lock_guard lock(mutex_);
    if (!waiter.waits_ && !waiter.granted_) return;
    auto& group = groups_.at(waiter.source_.get());
    if (waiter.waits_) {
        --waiting_;
        if (group.waiters.size() == 1) next_.erase(&group);
        group.waiters.erase(waiter.at_);
        forget_unused(group);
    } else {
        ++free_;
        change_held(group, -1);
        forget_unused(group);
        grant_next();
    }
}

void Turns::give_back(const Source& source)
{
    const std::lock_guard lock(mutex_);
    auto& group = groups_.at(&source);
    ++free_;
    change_held(group, -1);
    forget_unused(group);
    grant_next();
}

void Turns::grant_next()
{
    if (free_ == 0 || next_.empty()) return;
    auto& group = **next_.begin();
    if (group.held >= most_of_one_) return;  // and so has everybody behind it
    next_.erase(next_.begin());
    auto& waiter = *group.waiters.front();
    group.waiters.pop_front();
    --waiting_;
    --free_;
    ++group.held;
    group.turn = ++last_turn_;
    if (!group.waiters.empty()) next_.insert(&group);
    waiter.waits_ = false;
    waiter.granted_ = true;
    asio::post(waiter.bell_->get_executor(), [weak = std::weak_ptr(waiter.bell_)] {
        if (const auto bell = weak.lock()) bell->cancel();
    });
}

Turns::Load Turns::load() const
{
    const std::lock_guard lock(mutex_);
    Load load{places_, places_ - free_, waiting_, {}};
    const auto now = Clock::now();
    for (const auto* group : next_)
        load.waited_longest =
            std::max(load.waited_longest, std::chrono::duration_cast<std::chrono::milliseconds>(now - group->waiters.front()->since_));
    return load;
}

Turns::Excess Turns::excess(std::chrono::milliseconds patience, const Elsewhere& elsewhere) const
{
    const std::lock_guard lock(mutex_);
    if (free_ > 0 || groups_.empty()) return {};
    const auto share = std::max<std::size_t>(1, places_ / groups_.size());
    const auto largest = std::max_element(groups_.begin(), groups_.end(), [](const auto& one, const auto& other) { return one.second.held < other.second.held; });
    const auto& most = largest->second;
    const bool fair = most.held <= share;
    const auto since = Clock::now() - patience;
    std::size_t wanted = elsewhere ? elsewhere(fair ? nullptr : most.source.get()) : 0;
    for (const auto* group : next_) {
        if (!fair && group->held >= share) break;
        const auto long_enough = std::count_if(group->waiters.begin(), group->waiters.end(), [&](const auto* waiter) { return waiter->since_ <= since; });
        wanted += fair ? static_cast<std::size_t>(long_enough) : std::min<std::size_t>(static_cast<std::size_t>(long_enough), share - group->held);
    }
    if (fair) return {nullptr, wanted > 0 ? 1U : 0U};
    return {most.source, static_cast<std::uint32_t>(std::min<std::size_t>(wanted, most.held - share))};
}

}  // namespace amana::front
