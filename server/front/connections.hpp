// SPDX-License-Identifier: AGPL-3.0-or-later
// Who is connected, over all threads. When one more comes than may be, the one that has been idle longest, of the source that has
// most, ends for it. Idle is whatever brings no report: between requests, in a handshake, in a head, in an answer that nobody reads;
// since the last of these was done with, not since the last byte. One that brings a report has a shield. The few connections that a
// browser opens count alike; and of sources that count alike those who have yet to shake hands may have a quarter of all, so that
// neither they nor the others are pushed out by a flood of the other kind.
#pragma once

#include "server/front/sources.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <list>
#include <set>
#include <unordered_map>
#include <utility>

namespace amana::front {

// So many more may be connected while those that were told to end do so; they are among the descriptors that `amana-server check`
// counts beside connections.
inline constexpr std::uint32_t leaving_connections = 64;
// A source that has no more is not held to have more than another.
inline constexpr std::uint32_t few_connections = 8;

class Connections {
public:
    explicit Connections(std::uint32_t most) : most_(most) {}
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    class Seat;
    // While it lives, this connection is not ended for another. It may be dropped on any thread, and after its connection.
    class Shield {
    public:
        Shield() = default;
        explicit Shield(std::shared_ptr<Seat> seat);
        Shield(Shield&& other) noexcept : seat_(std::move(other.seat_)) {}
        Shield& operator=(Shield&& other) noexcept
        {
            std::swap(seat_, other.seat_);
            return *this;
        }
        ~Shield();

    private:
        std::shared_ptr<Seat> seat_;
    };

    // One connection. The connections outlive it.
    class Seat {
    public:
        Seat(Connections& all, std::shared_ptr<const Source> source, std::function<void()> end)
            : all_(all), source_(std::move(source)), end_(std::move(end))
        {
        }
        [[nodiscard]] const std::shared_ptr<const Source>& source() const { return source_; }
        // A handshake, a head or a request was done with: it is idle from now on.
        void touch() { all_.touch(*this); }
        // Whom it comes from turned out to be another: a proxy passed it on. On its own thread.
        void comes_from(std::shared_ptr<const Source> source) { all_.move(*this, std::move(source)); }

    private:
        friend class Connections;
        Connections& all_;
        std::shared_ptr<const Source> source_;
        std::function<void()> end_;
        std::list<Seat*>::iterator at_;  // while it is idle
        std::size_t shaken_ = 0;         // 1: it has shaken hands
        std::uint64_t since_ = 0;
        std::uint32_t shields_ = 0;
        bool idle_ = false;
        bool leaving_ = false;  // it was told to end, or has ended
    };

    // Whether one more may be accepted.
    [[nodiscard]] bool room() const;
    // One more. `end` is called at most once, on any thread, under the one lock: it may only post.
    [[nodiscard]] std::shared_ptr<Seat> enter(std::shared_ptr<const Source> source, std::function<void()> end);
    // It is no more; to be said once, before the thread it lived on ends.
    void leave(Seat& seat);

    [[nodiscard]] std::uint32_t count() const;

private:
    struct Group {
        std::shared_ptr<const Source> source;
        std::uint32_t connected = 0;
        std::array<std::list<Seat*>, 2> idle;  // by whether they have shaken hands; the longest first

        [[nodiscard]] std::uint32_t rank() const { return std::max(connected, few_connections); }
    };
    struct Sooner {
        std::size_t shaken;
        bool operator()(const Group* one, const Group* other) const
        {
            return std::pair(other->rank(), one->idle[shaken].front()->since_) < std::pair(one->rank(), other->idle[shaken].front()->since_);
        }
    };
    using Order = std::set<Group*, Sooner>;

    void touch(Seat& seat);
    void move(Seat& seat, std::shared_ptr<const Source> source);
    void shield(Seat& seat, bool shielded);
    template <typename Change>
    void change(Group& group, Change change);
    void stop_being_idle(Seat& seat);
    void start_being_idle(Seat& seat);
    [[nodiscard]] bool any_idle() const { return !next_[0].empty() || !next_[1].empty(); }
    void end_one();

    const std::uint32_t most_;
    mutable std::mutex mutex_;
    std::uint32_t connected_ = 0;
    std::uint32_t leaving_ = 0;
    std::uint64_t last_ = 0;
    std::unordered_map<const Source*, Group> groups_;
    std::array<std::uint32_t, 2> idle_{};                          // how many are
    std::array<Order, 2> next_{Order(Sooner{0}), Order(Sooner{1})};  // those who have an idle one
};

}  // namespace amana::front
