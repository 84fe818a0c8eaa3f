// SPDX-License-Identifier: AGPL-3.0-or-later
// A service in a thread, over real socketpairs, with fake fronts on the other ends.
#pragma once

#include "server/keeper/service.hpp"
#include "server/keeper/sqlite_store.hpp"
#include "tests/server/keeper/fake_front.hpp"
#include "tests/server/keeper/faulty_store.hpp"

#include <atomic>
#include <mutex>
#include <thread>

namespace amana::keeper::test {

// The store is looked at only after end().
class Serving {
public:
    // `outbox`: what it has of outboxes, by its folder and a clock that shows `now`.
    using OutboxOf = std::function<OutboxSettings(const Directory&, Clock)>;
    explicit Serving(std::size_t channels = 1, std::chrono::milliseconds tick = std::chrono::hours{1}, std::int64_t retention_days = 365,
                     const OutboxOf& outbox = {})
    {
        std::vector<UniqueFd> theirs;
        for (std::size_t i = 0; i < channels; ++i) {
            SocketPair pair;
            fronts.emplace_back(std::move(pair.ours));
            theirs.push_back(std::move(pair.theirs));
        }
        sequencer.adopt(*inner).value();
        ServiceSettings settings{tick, retention_days, {[this] { return free_bytes.load(); }, 1000}, [this](std::string_view line) {
                                     const std::lock_guard lock(mutex_);
                                     log_.emplace_back(line);
                                 }};
        if (outbox) settings.outbox = outbox(scratch.path(), [this] { return now.load(); });
        service_.emplace(store, sequencer, std::move(theirs), std::move(settings));
    }
    ~Serving() { end(); }

    // Faults of `store` are set before.
    void start()
    {
        service_->recover().value();
        thread_ = std::thread([this] { service_->run(); });
    }
    void end()
    {
        for (auto& front : fronts) front.close();
        if (thread_.joinable()) thread_.join();
    }
    std::vector<std::string> log()
    {
        const std::lock_guard lock(mutex_);
        return log_;
    }
    FakeFront& front() { return fronts.front(); }

    const Scratch scratch;
    std::unique_ptr<Store> inner = SqliteStore::open(scratch.path()).value();
    FaultyStore store{*inner};
    Sequencer sequencer = test_sequencer();
    std::atomic<UnixTime> now = system_clock()();
    std::atomic<std::uint64_t> free_bytes = std::uint64_t{1} << 40;
    std::vector<FakeFront> fronts;

private:
    std::mutex mutex_;
    std::vector<std::string> log_;
    std::optional<Service> service_;
    std::thread thread_;
};

inline std::uint32_t hear_credit(FakeFront& front)
{
    const auto frame = front.hear();
    if (!frame || frame->kind != wire::Kind::credit) throw std::runtime_error("no credit");
    return wire::parse_credit(*frame).value();
}

inline wire::Refusal hear_refusal(FakeFront& front)
{
    const auto frame = front.hear();
    if (!frame || frame->kind != wire::Kind::refused) throw std::runtime_error("no refusal");
    return wire::parse_refused(*frame).value();
}

}  // namespace amana::keeper::test
