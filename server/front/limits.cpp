// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/limits.hpp"

#include <algorithm>

namespace amana::front {

namespace {

std::uint32_t requests_that_fit(const wire::Limits& config, const MemoryProtection& protection)
{
    constexpr std::uint32_t room = locked_bytes_requests / locked_bytes_per_request;
    return protection.everything_locked ? config.max_connections + leaving_connections : std::min(config.max_connections, room);
}

std::uint32_t reports_that_fit(const wire::Limits& config, const MemoryProtection& protection)
{
    if (protection.everything_locked) return config.max_uploads;
    constexpr auto others = locked_bytes_base + locked_bytes_requests;
    const auto room = (protection.lockable_bytes - std::min(protection.lockable_bytes, others)) / locked_bytes_per_report;
    return static_cast<std::uint32_t>(std::min<std::size_t>(room, config.max_uploads));
}

}  // namespace

void Admitted::ends_by(std::function<void()> end)
{
    const std::lock_guard lock(record_->mutex);
    record_->end = std::move(end);
}

Limits::Limits(const wire::Limits& config, const MemoryProtection& protection, const Timing& timing)
    : timing_(timing),
      connections_(config.max_connections),
      handshakes_(config.max_handshakes),
      requests_(requests_that_fit(config, protection)),
      log_reads_(std::clamp<std::uint32_t>(requests_that_fit(config, protection) / 4, 1, max_log_reads)),
      reports_(reports_that_fit(config, protection)),
      returns_(std::max<std::uint32_t>(1, reports_that_fit(config, protection) / 4))
{
}

Admitted Limits::admitted(Turns::Place place, const std::shared_ptr<const Source>& source)
{
    const std::shared_ptr<Admitted::Record> record(new Admitted::Record, [this](Admitted::Record* gone) {
        {
            const std::lock_guard lock(mutex_);
            records_.erase(gone);
        }
        delete gone;
    });
    record->source = source;
    const std::lock_guard lock(mutex_);
    records_.insert(record.get());
    return Admitted(std::move(place), record);
}

std::optional<Admitted> Limits::report(const std::shared_ptr<const Source>& source)
{
    auto place = reports_.take(source);
    if (!place) return std::nullopt;
    return admitted(std::move(*place), source);
}

asio::awaitable<std::optional<Admitted>> Limits::report(std::shared_ptr<const Source> source, Turns::Bell bell,
                                                        Turns::Clock::time_point until, bool returned)
{
    std::optional<Turns::Place> returning;
    if (returned) {
        returning = co_await returns_.take(source, bell, until);
        if (!returning) co_return std::nullopt;
    }
    auto place = co_await reports_.take(source, bell, until);
    if (!place) co_return std::nullopt;
    auto report = admitted(std::move(*place), source);
    report.returned_ = std::move(returning);
    co_return report;
}

std::vector<std::shared_ptr<Admitted::Record>> Limits::who_gives_way()
{
    const auto excess = reports_.excess(timing_.patience);
    std::vector<std::shared_ptr<Admitted::Record>> found;
    if (excess.places == 0) return found;
    const auto now = Turns::Clock::now();
    {
        const std::lock_guard lock(mutex_);
        for (auto* record : records_)
            if (record->source == excess.source && now - record->since >= timing_.grace)
                if (auto held = record->weak_from_this().lock()) found.push_back(std::move(held));
    }
    const auto speed = [now](const auto& record) {
        return static_cast<double>(record->bytes) / std::chrono::duration<double>(now - record->since).count();
    };
    std::sort(found.begin(), found.end(), [&](const auto& one, const auto& other) { return speed(one) < speed(other); });
    found.resize(std::min<std::size_t>(found.size(), excess.places));
    return found;
}

void Limits::tend()
{
    sources_.tend();
    {
        const std::lock_guard lock(mutex_);
        if (Turns::Clock::now() - looked_at_ < timing_.round) return;
        looked_at_ = Turns::Clock::now();
    }
    for (const auto& record : who_gives_way()) {
        std::function<void()> end;
        {
            const std::lock_guard lock(record->mutex);
            end = std::exchange(record->end, nullptr);
        }
        if (end) end();
    }
}

}  // namespace amana::front
