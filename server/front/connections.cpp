// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/connections.hpp"

namespace amana::front {

Connections::Shield::Shield(std::shared_ptr<Seat> seat) : seat_(std::move(seat))
{
    seat_->all_.shield(*seat_, true);
}

Connections::Shield::~Shield()
{
    if (seat_) seat_->all_.shield(*seat_, false);
}

// The order of a group depends on what is changed, so it is taken out for that.
template <typename Change>
void Connections::change(Group& group, Change change)
{
    for (std::size_t shaken = 0; shaken < 2; ++shaken)
        if (!group.idle[shaken].empty()) next_[shaken].erase(&group);
    change();
    for (std::size_t shaken = 0; shaken < 2; ++shaken)
        if (!group.idle[shaken].empty()) next_[shaken].insert(&group);
}

void Connections::stop_being_idle(Seat& seat)
{
    if (!std::exchange(seat.idle_, false)) return;
    groups_.at(seat.source_.get()).idle[seat.shaken_].erase(seat.at_);
    --idle_[seat.shaken_];
}

void Connections::start_being_idle(Seat& seat)
{
    auto& idle = groups_.at(seat.source_.get()).idle[seat.shaken_];
    seat.since_ = ++last_;
    seat.at_ = idle.insert(idle.end(), &seat);
    seat.idle_ = true;
    ++idle_[seat.shaken_];
}

bool Connections::room() const
{
    const std::lock_guard lock(mutex_);
    return connected_ < most_ || (any_idle() && connected_ < std::uint64_t{most_} + leaving_connections);
}

std::shared_ptr<Connections::Seat> Connections::enter(std::shared_ptr<const Source> source, std::function<void()> end)
{
    auto seat = std::make_shared<Seat>(*this, std::move(source), std::move(end));
    const std::lock_guard lock(mutex_);
    if (connected_ - leaving_ >= most_) end_one();
    ++connected_;
    auto& group = groups_[seat->source_.get()];
    if (!group.source) group.source = seat->source_;
    change(group, [&] {
        ++group.connected;
        start_being_idle(*seat);
    });
    return seat;
}

void Connections::end_one()
{
    if (!any_idle()) return;
    std::size_t shaken = idle_[0] > most_ / 4 ? 0 : 1;
    if (next_[shaken].empty()) shaken = 1 - shaken;
    const auto& others = next_[1 - shaken];
    if (!others.empty() && (*others.begin())->rank() > (*next_[shaken].begin())->rank()) shaken = 1 - shaken;
    auto& group = **next_[shaken].begin();
    auto& seat = *group.idle[shaken].front();
    change(group, [&] { stop_being_idle(seat); });
    seat.leaving_ = true;
    ++leaving_;
    seat.end_();
}

void Connections::leave(Seat& seat)
{
    const std::lock_guard lock(mutex_);
    auto& group = groups_.at(seat.source_.get());
    change(group, [&] {
        --group.connected;
        stop_being_idle(seat);
    });
    if (group.connected == 0) groups_.erase(seat.source_.get());
    --connected_;
    if (std::exchange(seat.leaving_, true)) --leaving_;
}

void Connections::touch(Seat& seat)
{
    const std::lock_guard lock(mutex_);
    if (!seat.idle_) return;  // leaving, or shielded
    auto& group = groups_.at(seat.source_.get());
    change(group, [&] {
        stop_being_idle(seat);
        seat.shaken_ = 1;
        start_being_idle(seat);
    });
}

void Connections::move(Seat& seat, std::shared_ptr<const Source> source)
{
    const std::lock_guard lock(mutex_);
    if (seat.source_ == source) return;
    const bool idle = seat.idle_;
    auto& before = groups_.at(seat.source_.get());
    change(before, [&] {
        --before.connected;
        stop_being_idle(seat);
    });
    if (before.connected == 0) groups_.erase(seat.source_.get());
    seat.source_ = std::move(source);
    auto& now = groups_[seat.source_.get()];
    if (!now.source) now.source = seat.source_;
    change(now, [&] {
        ++now.connected;
        if (idle) start_being_idle(seat);
    });
}

void Connections::shield(Seat& seat, bool shielded)
{
    const std::lock_guard lock(mutex_);
    if (shielded ? seat.shields_++ > 0 : --seat.shields_ > 0) return;
    if (seat.leaving_) return;
    change(groups_.at(seat.source_.get()), [&] {
        if (shielded) stop_being_idle(seat);
        else start_being_idle(seat);
    });
}

std::uint32_t Connections::count() const
{
    const std::lock_guard lock(mutex_);
    return connected_;
}

}  // namespace amana::front
