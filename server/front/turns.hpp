// SPDX-License-Identifier: AGPL-3.0-or-later
// Places that are fewer than those who want one, over all threads: the source that holds fewest of them is next, of those that
// hold as many the one that had its turn longest ago, and within a source who came first. One source alone is a plain queue.
#pragma once

#include "server/front/sources.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace amana::front {

namespace asio = boost::asio;

class Turns {
public:
    using Clock = std::chrono::steady_clock;
    // On whose thread it is waited; cancelled when the place is there, or by its owner, who gives up then.
    using Bell = std::shared_ptr<asio::steady_timer>;

    // `most_of_one`: so many of them at a time are one source's, were there none but it.
    explicit Turns(std::uint32_t places, std::uint32_t most_of_one = UINT32_MAX) : places_(places), most_of_one_(most_of_one), free_(places) {}
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    // One taken place, given to the next when dropped. The turns outlive it.
    class Place {
    public:
        Place(Place&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), source_(std::move(other.source_)) {}
        Place& operator=(Place&& other) noexcept
        {
            std::swap(turns_, other.turns_);
            std::swap(source_, other.source_);
            return *this;
        }
        ~Place()
        {
            if (turns_ != nullptr) turns_->give_back(*source_);
        }

    private:
        friend class Turns;
        Place(Turns& turns, std::shared_ptr<const Source> source) : turns_(&turns), source_(std::move(source)) {}
        Turns* turns_;
        std::shared_ptr<const Source> source_;
    };

    // A place that is free now: then nobody waits for it who may have it.
    [[nodiscard]] std::optional<Place> take(std::shared_ptr<const Source> source);
    // Nothing when its turn had not come by then. It goes on behind whatever else this thread has to do.
    [[nodiscard]] asio::awaitable<std::optional<Place>> take(std::shared_ptr<const Source> source, Bell bell, Clock::time_point until);

    struct Load {
        std::uint32_t places = 0;
        std::uint32_t taken = 0;
        std::uint32_t waiting = 0;
        std::chrono::milliseconds waited_longest{0};
    };
    [[nodiscard]] Load load() const;
    [[nodiscard]] std::uint32_t waiting() const { return waiting_; }
    // When no place is free: of a source that holds more than its share, as many as should go to those of other sources who have waited
    // so long, here or, by `elsewhere`, in another queue for these places. Where nobody holds more, one, of any source.
    struct Excess {
        std::shared_ptr<const Source> source;  // none: any
        std::uint32_t places = 0;
    };
    using Elsewhere = std::function<std::size_t(const Source* beside)>;
    [[nodiscard]] Excess excess(std::chrono::milliseconds patience, const Elsewhere& elsewhere = {}) const;

private:
    // All that is known of a source while it holds places or waits for some. Its number is set when its turn comes.
    class Waiter;
    struct Group {
        std::shared_ptr<const Source> source;
        std::uint32_t held = 0;
        std::uint64_t turn = 0;
        std::list<Waiter*> waiters;
    };
    struct Sooner {
        bool operator()(const Group* one, const Group* other) const
        {
            return std::pair(one->held, one->turn) < std::pair(other->held, other->turn);
        }
    };

    [[nodiscard]] Group& group_of(const std::shared_ptr<const Source>& source);
    void forget_unused(const Group& group);
    void enter(Waiter& waiter);
    void leave(Waiter& waiter);
    void change_held(Group& group, int by);
    void give_back(const Source& source);
    void grant_next();

    const std::uint32_t places_;
    const std::uint32_t most_of_one_;
    mutable std::mutex mutex_;
    std::uint32_t free_;
    std::atomic<std::uint32_t> waiting_ = 0;
    std::uint64_t last_turn_ = 0;
    std::unordered_map<const Source*, Group> groups_;
    std::set<Group*, Sooner> next_;  // those who wait
};

}  // namespace amana::front
