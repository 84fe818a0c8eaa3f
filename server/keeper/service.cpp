// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/service.hpp"

#include "server/wire/room.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <poll.h>

namespace amana::keeper {

namespace {

// How much one channel may bring into one group: 2 MiB.
constexpr int reads_per_round = 32;

// After upkeep that could not be done: a full disk, a reader in the way.
constexpr std::chrono::milliseconds upkeep_pause{1000};
constexpr std::chrono::milliseconds tick_pause{10'000};

constexpr std::chrono::milliseconds room_pause{1000};

// One step of erasing: 8 MiB at most, so that nobody waits long for the writer.
constexpr std::size_t erased_chunks = 128;

// What may be left undone at the end, because the next start does it.
constexpr int last_clean_ups = 1000;

// What may be erased: the desk has it (it co-signed), and its time is over. 0 when nothing may, or it can't be told.
std::uint64_t erasable(Store& store, std::int64_t last_day)
{
    const auto tree = store.tree();
    const auto old = store.size_on(last_day);
    return tree && old ? std::min(tree->witnessed_size, *old) : 0;
}

}  // namespace

Service::Service(Store& store, const Sequencer& sequencer, std::vector<UniqueFd> channels, ServiceSettings settings)
    : store_(store),
      sequencer_(sequencer),
      settings_(std::move(settings)),
      intake_(store, settings_.space, [this](const crypto::Hash& leaf) { return promise(leaf); }, settings_.log),
      outbox_(store, settings_.outbox, settings_.log),
      publisher_(store, outbox_, sequencer.verifier().text()),
      next_tick_(Steady::now() + settings_.tick)
{
    for (auto& fd : channels) {
        const auto number = channels_.size();
        channels_.emplace_back(std::move(fd), number);
    }
    events_.resize(channels_.size());
}

Stored<void> Service::recover()
{
    if (const auto recovered = intake_.recover(); !recovered) return recovered;
    outbox_.recover();
    return {};
}

bool Service::any_open() const
{
    return std::any_of(channels_.begin(), channels_.end(), [](const Channel& channel) { return channel.is_open(); });
}

void Service::run()
{
    next_upkeep_ = Steady::now();
    settings_.tell();
    for (auto& channel : channels_) channel.flush();
    while (any_open()) {
        tell_room();
        wait();
        round();
        upkeep();
    }
    for (int i = 0; i < last_clean_ups && intake_.clean_up() == Intake::CleanUp::more; ++i) {
    }
    (void)store_.settle();
}

std::chrono::milliseconds Service::patience() const
{
    if (publisher_.has_questions()) return std::chrono::milliseconds{0};
    const auto due = std::min({next_tick_, next_upkeep_, next_room_});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Steady::now());
    return std::max(left, std::chrono::milliseconds{0});
}

void Service::tell_room()
{
    const auto now = Steady::now();
    if (now < next_room_) return;
    next_room_ = now + room_pause;
    const auto room = wire::told_room(intake_.room());
    if (std::exchange(told_room_, room) == room) return;
    wire::append_room(channels_.front().out, room);
    channels_.front().flush();
}

void Service::wait()
{
    std::vector<pollfd> polled;
    for (const auto& channel : channels_) {
        short wanted = 0;
        if (channel.wants_read()) wanted |= POLLIN;
        if (channel.wants_write()) wanted |= POLLOUT;
        polled.push_back({channel.fd(), wanted, 0});  // poll() passes over a closed one, whose descriptor is -1
    }
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(patience().count()));
    for (std::size_t i = 0; i < polled.size(); ++i) events_[i] = ready > 0 ? polled[i].revents : short{0};
}

std::optional<std::string> Service::promise(const crypto::Hash& leaf)
{
    const auto tree = store_.tree();
    if (!tree) return std::nullopt;
    return sequencer_.promise(*tree, leaf);
}

Result<void> Service::handle(Channel& channel, const wire::Frame& frame)
{
    // A hello comes first, whatever follows it.
    const bool asked = frame.kind == wire::Kind::ask || frame.kind == wire::Kind::erase;
    if (channel.greeted && asked) return publisher_.handle(channel, frame);
    if (channel.greeted && frame.kind == wire::Kind::pressure) return hear_pressure(channel, frame);
    return intake_.handle(channel, frame);
}

Result<void> Service::hear_pressure(const Channel& channel, const wire::Frame& frame)
{
    if (channel.number() != 0) return Error{"the front broke the protocol: pressure is told on another channel than the first", ""};
    const auto step = wire::parse_pressure(frame);
    if (!step) return step.error();
    pressure_ = Pressure{*step, std::max(*step, pressure_ ? pressure_->highest : 0U)};
    return {};
}

// In the store and not here: an export beside this keeper makes a batch, too, and what restarts in a flood must not forget it.
Stored<void> Service::keep_pressure()
{
    if (!pressure_) return {};
    auto kept = store_.press(pressure_->now, pressure_->highest);
    if (kept) kept = store_.commit();
    if (kept) pressure_.reset();
    else store_.roll_back();
    return kept;
}

void Service::receive(Channel& channel)
{
    for (int reads = 0; reads < reads_per_round && !channel.ended; ++reads) {
        const auto input = channel.read();
        if (input == Channel::Input::nothing) return;
        if (input == Channel::Input::end) channel.ended = true;
        for (;;) {
            const auto frame = channel.next();
            if (frame && !*frame) break;
            const auto handled = frame ? handle(channel, **frame) : Result<void>(frame.error());
            if (handled) continue;
            settings_.log(fmt::format("channel {} is closed: {}", channel.number(), handled.error().text()));
            channel.ended = true;
            break;
        }
    }
}

void Service::round()
{
    for (std::size_t i = 0; i < channels_.size(); ++i)
        if (channels_[i].is_open() && (events_[i] & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0) receive(channels_[i]);
    intake_.commit();
    publisher_.answer_some();
    for (auto& channel : channels_) {
        if (!channel.is_open()) continue;
        channel.flush();
        if (!channel.ended) continue;
        intake_.drop(channel);
        publisher_.drop(channel);
        channel.close();
        next_upkeep_ = Steady::now();
    }
}

void Service::tick(Steady::time_point now)
{
    const auto kept = keep_pressure();
    const auto sequenced = kept ? sequencer_.tick(store_) : Stored<std::uint64_t>(kept.error());
    if (sequenced) {
        if (std::exchange(tick_failing_, false)) settings_.log("the tick has succeeded");
        next_tick_ = now + settings_.tick;
        erase_below_ = erasable(store_, sequencer_.today() - settings_.retention_days);
        unsettled_ = true;
        next_upkeep_ = now;
    } else {
        if (!std::exchange(tick_failing_, true))
            settings_.log(fmt::format("the tick failed and is tried again: {}", sequenced.error().error.text()));
        next_tick_ = now + std::min<std::chrono::milliseconds>(settings_.tick, tick_pause);
    }
    outbox_.tick();
    next_upkeep_ = std::min(next_upkeep_, now);
    intake_.recount();
    settings_.tell();
}

// Erased in steps, each a group of its own. A crash between two leaves entries that count as erased and still have
// chunks: the next tick goes on with them.
bool Service::erase()
{
    if (erase_below_ == 0) return true;
    const auto erased = store_.erase(erase_below_, erased_chunks);
    if (!erased || !store_.commit()) {
        store_.roll_back();
        erase_below_ = 0;  // the next tick tries again
        return true;
    }
    unsettled_ = unsettled_ || *erased > 0;
    if (*erased < erased_chunks) erase_below_ = 0;
    return erase_below_ == 0;
}

void Service::upkeep()
{
    const auto now = Steady::now();
    (void)keep_pressure();  // or the next time
    if (now >= next_tick_) tick(now);
    if (intake_.has_discards() || intake_.short_of_space()) next_upkeep_ = std::min(next_upkeep_, now + upkeep_pause);
    if (now < next_upkeep_) return;

    const auto cleaned = intake_.clean_up();
    const bool all_erased = erase();
    const bool all_swept = outbox_.sweep();
    if (cleaned == Intake::CleanUp::more || !all_erased || !all_swept) {
        unsettled_ = true;
        next_upkeep_ = now;
        return;
    }
    if (unsettled_) {
        const auto settled = store_.settle();
        unsettled_ = !settled || !*settled;
    }
    if (intake_.short_of_space()) {
        (void)store_.reclaim();
        intake_.recount();
    }
    const bool again = cleaned == Intake::CleanUp::failed || unsettled_ || intake_.short_of_space();
    next_upkeep_ = again ? now + upkeep_pause : Steady::time_point::max();
}

}  // namespace amana::keeper
