// SPDX-License-Identifier: AGPL-3.0-or-later
// The line (docs/ADMISSION.md, section 3): who waits, under pressure, to send a report. A place is kept by asking for it, so it
// costs a request every few seconds, and is called by turns of sources, the oldest of a source first. All of it lies in memory,
// is bounded, and is wiped when it goes. Any thread may call; one of them calls call().
#pragma once

#include "base/secret.hpp"
#include "server/front/token.hpp"

#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace amana::front {

inline constexpr std::size_t max_places_in_line = 65536;
inline constexpr std::size_t max_taken_tokens = 65536;
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

    struct Timing {
        std::chrono::milliseconds kept = std::chrono::seconds(25);    // a place for which nobody asks
        std::chrono::milliseconds ask = std::chrono::seconds(10);     // when to ask again
        std::chrono::milliseconds worked = std::chrono::seconds(60);  // to send, once called
        std::chrono::milliseconds waited = std::chrono::minutes(10);
        std::chrono::milliseconds taken = std::chrono::minutes(10);   // a token that was used is remembered; a puzzle lives no longer
        double wait_scale = 1;                                        // of Price::wait, for tests
    };
    Line() : Line(Timing()) {}
    explicit Line(const Timing& timing) : timing_(timing) {}

    struct Standing {
        enum class Kind { waits, called, taken } kind = Kind::waits;  // taken: it was used before, or nothing more can be remembered
        std::uint32_t before = 0;         // of the same source and lane
        std::chrono::seconds about{0};    // until it is called, as things are
    };
    // Takes a place, or keeps the one it has. A source that changes is the one it has from then on.
    [[nodiscard]] Standing ask(const TokenName& token, std::uint64_t source, Lane lane, SteadyClock::time_point now);
    // Whether it has been called, and its time to send is not over.
    [[nodiscard]] bool called(const TokenName& token, SteadyClock::time_point now) const;
    // The same; and it is used up then.
    [[nodiscard]] bool take(const TokenName& token, SteadyClock::time_point now);
    // Calls at most `most` whose turn it is, and says how many. Call it some ten times a second.
    std::size_t call(unsigned step, std::size_t most, SteadyClock::time_point now);

    [[nodiscard]] std::size_t size() const;
    // How long it takes, as things are, until all are called whose time has come.
    [[nodiscard]] std::chrono::seconds backlog() const;

private:
    struct Entry {
        std::uint64_t source = 0;
        Lane lane = Lane::waited;
        SteadyClock::time_point came;
        SteadyClock::time_point asked;
        std::optional<SteadyClock::time_point> called;
        std::uint32_t before = 0;
    };
    struct Hash {
        std::size_t operator()(const TokenName& name) const;  // its bytes are random and ours
    };
    template <typename Key, typename Value, typename Hashes>
    using Map = std::unordered_map<Key, Value, Hashes, std::equal_to<>, WipingAllocator<std::pair<const Key, Value>>>;
    using Entries = Map<TokenName, Entry, Hash>;
    using Names = std::unordered_set<TokenName, Hash, std::equal_to<>, WipingAllocator<TokenName>>;

    // What each source that has somebody in the line has: its turns as virtual time, of which the least is next (start-time
    // fair queueing, Goyal et al. 1996), and its places.
    struct Share {
        std::uint64_t turns = 0;
        std::size_t places = 0;
    };
    using Shares = Map<std::uint64_t, Share, std::hash<std::uint64_t>>;
    // Who waits of one source in one lane, the oldest first; and one that has its turn when nobody has had fewer.
    struct Queue {
        Share* share = nullptr;
        WipedVector<Entry*> waiting;
        std::size_t called = 0;  // from its beginning
    };
    struct Due {
        std::uint64_t turns;
        Queue* queue;
    };
    using Queues = std::array<Map<std::uint64_t, Queue, std::hash<std::uint64_t>>, lanes>;
    using Heap = WipedVector<Due>;

    void drop_absent(SteadyClock::time_point now);
    [[nodiscard]] bool make_room(std::uint64_t source);
    [[nodiscard]] std::size_t places_of(std::uint64_t source) const;
    [[nodiscard]] Queues queues();
    void push_due(Heap& heap, Queue& queue, std::chrono::milliseconds least, SteadyClock::time_point now);
    void forget_taken(SteadyClock::time_point now);
    [[nodiscard]] bool was_taken(const TokenName& token) const { return taken_.contains(token) || taken_before_.contains(token); }
    [[nodiscard]] bool may_send(const Entry& entry, SteadyClock::time_point now) const;
    // Calls one of this lane; false when it is nobody's turn.
    [[nodiscard]] bool call_one(Heap& heap, std::chrono::milliseconds least, SteadyClock::time_point now);
    [[nodiscard]] std::chrono::seconds about(const Entry& entry, SteadyClock::time_point now) const;

    Timing timing_;
    mutable std::mutex mutex_;
    Entries entries_;
    Shares shares_;
    std::size_t most_places_ = 0;  // of one source, when it was last looked
    std::uint64_t turn_ = 0;      // the last one's
    unsigned lane_turn_ = 0;
    std::chrono::milliseconds wait_{0};
    std::size_t due_ = 0;         // who might have been called and was not
    double a_second_ = 0;         // calls, smoothed over ten seconds
    std::optional<SteadyClock::time_point> called_at_;
    Names taken_;
    Names taken_before_;
    SteadyClock::time_point taken_since_;
};

}  // namespace amana::front
