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
    constexpr auto others = locked_bytes_base + locked_bytes_requests + locked_bytes_openings;
    const auto room = (protection.lockable_bytes - std::min(protection.lockable_bytes, others)) / locked_bytes_per_report;
    return static_cast<std::uint32_t>(std::min<std::size_t>(room, config.max_uploads));
}

// A quarter of the reports that fit, for forms that only go back; and one where a single one fits, if there is memory for two.
std::uint32_t returns_that_fit(const wire::Limits& config, const MemoryProtection& protection)
{
    const auto fit = reports_that_fit(config, protection);
    if (fit > 1) return std::max(1U, fit / 4);
    return protection.everything_locked ? fit : 0;
}

std::uint32_t reports_beside_returns(const wire::Limits& config, const MemoryProtection& protection)
{
    const auto fit = reports_that_fit(config, protection);
    return fit > 1 ? fit - returns_that_fit(config, protection) : fit;
}

std::uint32_t log_reads_that_fit(const wire::Limits& config, const MemoryProtection& protection)
{
    return std::clamp<std::uint32_t>(std::min(config.max_connections, requests_that_fit(config, protection)) / 4, 1, max_log_reads);
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
      log_reads_(log_reads_that_fit(config, protection), std::max(1U, log_reads_that_fit(config, protection) / 4)),
      outbox_reads_(max_outbox_reads, most_outbox_reads_of_one),
      outbox_files_(max_outbox_files, most_outbox_files_of_one),
      openings_(protection.everything_locked ? openings : openings_where_scarce, protection.everything_locked ? most_openings_of_one : 1),
      reports_(reports_beside_returns(config, protection)),
      returns_(returns_that_fit(config, protection))
{
}

asio::awaitable<std::optional<Turns::Place>> Limits::opening(std::shared_ptr<const Source> source, Turns::Bell bell)
{
    co_return co_await openings_.take(std::move(source), std::move(bell), Turns::Clock::now() + timing_.opening_wait);
}

asio::awaitable<std::optional<Turns::Place>> Limits::log_read(std::shared_ptr<const Source> source, Turns::Bell bell)
{
    co_return co_await log_reads_.take(std::move(source), std::move(bell), Turns::Clock::now() + timing_.read_wait);
}

asio::awaitable<std::optional<Turns::Place>> Limits::outbox_read(std::shared_ptr<const Source> source, Turns::Bell bell, bool file)
{
    auto& places = file ? outbox_files_ : outbox_reads_;
    co_return co_await places.take(std::move(source), std::move(bell), Turns::Clock::now() + timing_.read_wait);
}

Admitted Limits::admitted(Turns::Place place, const std::shared_ptr<const Source>& source, bool returned)
{
    const std::shared_ptr<Admitted::Record> record(new Admitted::Record, [this](Admitted::Record* gone) {
        {
            const std::lock_guard lock(mutex_);
            records_.erase(gone);
        }
        delete gone;
    });
    record->source = source;
    record->returned = returned;
    const std::lock_guard lock(mutex_);
    records_.insert(record.get());
    return Admitted(std::move(place), record);
}

std::optional<Admitted> Limits::report(const std::shared_ptr<const Source>& source)
{
    auto place = reports_.take(source);
    if (!place) return std::nullopt;
    return admitted(std::move(*place), source, false);
}

asio::awaitable<std::optional<Admitted>> Limits::report(std::shared_ptr<const Source> source, Turns::Bell bell,
                                                        Turns::Clock::time_point until, bool returned)
{
    auto place = co_await (returned ? returns_ : reports_).take(source, bell, until);
    if (!place) co_return std::nullopt;
    co_return admitted(std::move(*place), source, returned);
}

// Of that source, the slowest of those that have had some time, and have not been told yet. One whose key has changed meanwhile may be
// the source of those who wait, too: it is given as much time as any where all have the same.
std::vector<std::shared_ptr<Admitted::Record>> Limits::who_gives_way(const Turns::Excess& excess, bool returned)
{
    std::vector<std::shared_ptr<Admitted::Record>> found;
    if (excess.places == 0) return found;
    const auto now = Turns::Clock::now();
    const auto grace = excess.source && sources_.current(*excess.source) ? timing_.grace : timing_.most;
    std::size_t told = 0;
    {
        const std::lock_guard lock(mutex_);
        for (auto* record : records_) {
            if ((excess.source && record->source != excess.source) || record->returned != returned || now - record->since < grace) continue;
            if (record->told) ++told;
            else if (auto held = record->weak_from_this().lock()) found.push_back(std::move(held));
        }
    }
    const auto speed = [now](const auto& record) {
        return static_cast<double>(record->bytes) / std::chrono::duration<double>(now - record->since).count();
    };
    std::sort(found.begin(), found.end(), [&](const auto& one, const auto& other) { return speed(one) < speed(other); });
    const auto wanted = excess.places - std::min<std::size_t>(excess.places, told);
    found.resize(std::min(found.size(), wanted));
    return found;
}

void Limits::tend(const Turns::Elsewhere& in_line)
{
    sources_.tend();
    {
        const std::lock_guard lock(mutex_);
        if (Turns::Clock::now() - looked_at_ < timing_.round) return;
        looked_at_ = Turns::Clock::now();
    }
    line_waits_ = in_line && in_line(nullptr) > 0;
    const auto reports = reports_.excess(timing_.patience, in_line);
    for (const bool returned : {false, true})
        for (const auto& record : who_gives_way(returned ? returns_.excess(timing_.patience) : reports, returned)) {
            std::function<void()> end;
            {
                const std::lock_guard lock(record->mutex);
                end = std::exchange(record->end, nullptr);
            }
            if (!end) continue;
            record->told = true;
            end();
        }
}

}  // namespace amana::front
