// SPDX-License-Identifier: AGPL-3.0-or-later
// The line (docs/ADMISSION.md, section 3): who waits, under pressure, to send a report. A place is kept by asking for it, so it
// costs a request every few seconds, and is called by turns of sources, the oldest of a source first. All of it lies in memory,
// is bounded, and is wiped when it goes. Any thread may call; each call costs the logarithm of what waits.
#pragma once

#include "base/secret.hpp"
#include "server/front/token.hpp"

#include <array>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace amana::front {

inline constexpr std::size_t max_places_in_line = 65536;
inline constexpr std::size_t max_used_puzzles = 65536;
inline constexpr unsigned max_step = 4;

// What each step of pressure asks for (docs/ADMISSION.md, section 1).
struct Price {
    unsigned bits;              // of each of a puzzle's eight parts
    std::chrono::seconds wait;  // in the line at least, without a script
};
[[nodiscard]] Price price_of(unsigned step);

class Line {
public:
    enum class Lane { worked, waited };
    static constexpr std::size_t lanes = 2;
    // A token's kind says its lane.
    [[nodiscard]] static Lane lane_of(const Token& token) { return token.bits() > 0 ? Lane::worked : Lane::waited; }

    struct Timing {
        std::chrono::milliseconds kept = std::chrono::seconds(25);    // a place for which nobody asks
        std::chrono::milliseconds ask = std::chrono::seconds(10);     // when to ask again
        std::chrono::milliseconds worked = std::chrono::seconds(60);  // to send, once called
        std::chrono::milliseconds waited = std::chrono::minutes(10);
        std::chrono::milliseconds used = std::chrono::minutes(10);    // a used puzzle is remembered; it begins nothing after that
        double wait_scale = 1;                                        // of Price::wait, for tests
    };
    Line() : Line(Timing()) {}
    explicit Line(const Timing& timing) : timing_(timing) {}
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    struct Standing {
        bool called = false;
        std::uint32_t before = 0;       // of the same source and lane, about
        std::chrono::seconds about{0};  // until it is called, as things are
    };
    // Keeps the place that a token has; or, where that may begin, takes one, which is without one yet when the line is full of
    // others who have no more. A source that changes is the one it has from then on. Nothing when it has none and may not begin.
    [[nodiscard]] std::optional<Standing> ask(const TokenName& token, Lane lane, std::uint64_t source, bool may_begin, SteadyClock::time_point now);

    // The right to send, of one who was called: for one report at a time. It is used up by a report that is stored; until then it may
    // be had again, while its time lasts.
    class Ticket {
    public:
        Ticket() = default;  // of calm
        Ticket(Ticket&& other) noexcept : line_(std::exchange(other.line_, nullptr)), token_(other.token_) {}
        Ticket& operator=(Ticket&& other) noexcept
        {
            std::swap(line_, other.line_);
            std::swap(token_, other.token_);
            return *this;
        }
        ~Ticket()
        {
            if (line_ != nullptr) line_->give_back(token_);
        }
        [[nodiscard]] bool of_the_line() const { return line_ != nullptr; }
        void use()
        {
            if (auto* line = std::exchange(line_, nullptr)) line->use(token_);
        }

    private:
        friend class Line;
        Ticket(Line& line, const TokenName& token) : line_(&line), token_(token) {}
        Line* line_ = nullptr;
        TokenName token_{};
    };
    // Nothing when it has not been called, its time is over, or another has its ticket.
    [[nodiscard]] std::optional<Ticket> enter(const TokenName& token, SteadyClock::time_point now);

    // Calls at most `most` whose turn it is, and says how many. Call it some ten times a second.
    std::size_t call(unsigned step, std::size_t most, SteadyClock::time_point now);

    [[nodiscard]] std::size_t size() const;
    // Who might have been called and was not, of other sources than this one.
    [[nodiscard]] std::size_t due_beside(std::optional<std::uint64_t> source) const;
    // How long it takes, as things are, until all are called whose time has come.
    [[nodiscard]] std::chrono::seconds backlog() const;

private:
    struct Entry;
    struct NameHash {
        std::size_t operator()(const TokenName& name) const;  // its bytes are random and ours
    };
    template <typename Key, typename Value, typename Hash, typename Equal = std::equal_to<>>
    using Map = std::unordered_map<Key, Value, Hash, Equal, WipingAllocator<std::pair<const Key, Value>>>;
    using List = std::list<Entry*, WipingAllocator<Entry*>>;

    // What a source has in the line. Its turns in a lane are virtual time, of which the least is next (start-time fair queueing,
    // Goyal et al. 1996). Whoever comes begins as if it had just had a turn, so that coming one by one is no way to the front.
    struct Share {
        std::uint64_t source = 0;
        std::size_t places = 0;
        std::size_t due = 0;
        struct Queue {
            std::uint64_t turns = 0;
            std::map<std::uint64_t, Entry*, std::less<>, WipingAllocator<std::pair<const std::uint64_t, Entry*>>> waiting;  // by arrival
        };
        std::array<Queue, lanes> queues;
    };
    struct Entry {
        TokenName token{};
        Lane lane = Lane::waited;
        std::uint64_t arrival = 0;  // a number; who came later has a higher one
        SteadyClock::time_point came, asked;
        Share* share = nullptr;  // while it waits
        bool due = false;
        std::optional<SteadyClock::time_point> called;
        bool sending = false;
        List::iterator kept;   // in kept_, while it waits
        List::iterator young;  // in its lane's, until it is due
    };
    struct Sooner {
        std::size_t lane;
        bool operator()(const Share* one, const Share* other) const
        {
            return std::pair(one->queues.at(lane).turns, one) < std::pair(other->queues.at(lane).turns, other);
        }
    };
    struct Larger {
        bool operator()(const Share* one, const Share* other) const { return std::pair(one->places, one) > std::pair(other->places, other); }
    };
    struct LaneState {
        explicit LaneState(std::size_t lane) : next(Sooner{lane}) {}
        std::set<Share*, Sooner> next;  // sources whose oldest is due
        std::uint64_t turn = 0;         // the last one's
        List young;                     // who is not due yet, the oldest first
        std::set<std::pair<SteadyClock::time_point, Entry*>> called;  // and do not send; by when
    };
    using Names = std::unordered_set<TokenName, NameHash, std::equal_to<>, WipingAllocator<TokenName>>;

    [[nodiscard]] LaneState& lane(const Entry& entry) { return lanes_.at(static_cast<std::size_t>(entry.lane)); }
    [[nodiscard]] static Share::Queue& queue(const Entry& entry) { return entry.share->queues.at(static_cast<std::size_t>(entry.lane)); }
    [[nodiscard]] bool late(const Entry& entry, SteadyClock::time_point now) const
    {
        return now - *entry.called > (entry.lane == Lane::worked ? timing_.worked : timing_.waited);
    }
    template <typename Change>
    void change(Share& share, Lane lane, Change change);
    void join(Entry& entry, std::uint64_t source);
    void leave(Entry& entry);
    void become_due(Entry& entry);
    void erase(Entry& entry);
    [[nodiscard]] bool make_room(std::uint64_t source);
    void drop_absent(SteadyClock::time_point now);
    void forget_used(SteadyClock::time_point now);
    [[nodiscard]] bool call_one(Lane lane, SteadyClock::time_point now);
    [[nodiscard]] Standing standing(const Entry& entry, SteadyClock::time_point now) const;
    void use(const TokenName& token);
    void give_back(const TokenName& token);

    Timing timing_;
    mutable std::mutex mutex_;
    Map<TokenName, Entry, NameHash> entries_;
    Map<std::uint64_t, Share, std::hash<std::uint64_t>> shares_;
    std::set<Share*, Larger> by_places_;
    std::array<LaneState, lanes> lanes_{LaneState(0), LaneState(1)};
    List kept_;  // who waits, by when they asked
    std::uint64_t arrivals_ = 0;
    std::size_t due_ = 0;
    unsigned lane_turn_ = 0;
    std::chrono::milliseconds wait_{0};
    double a_second_ = 0;  // calls, smoothed over ten seconds
    std::optional<SteadyClock::time_point> called_at_;
    Names used_;
    Names used_before_;
    SteadyClock::time_point used_since_;
};

}  // namespace amana::front
