// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/limits.hpp"

#include <algorithm>

namespace amana::front {

namespace {

std::uint32_t requests_that_fit(const wire::Limits& config, const MemoryProtection& protection)
{
    constexpr std::uint32_t room = locked_bytes_requests / locked_bytes_per_request;
    return protection.everything_locked ? config.max_connections : std::min(config.max_connections, room);
}

std::uint32_t reports_that_fit(const wire::Limits& config, const MemoryProtection& protection)
{
    if (protection.everything_locked) return config.max_uploads;
    constexpr auto others = locked_bytes_base + locked_bytes_requests;
    const auto room = (protection.lockable_bytes - std::min(protection.lockable_bytes, others)) / locked_bytes_per_report;
    return static_cast<std::uint32_t>(std::min<std::size_t>(room, config.max_uploads));
}

}  // namespace

Limits::Limits(const wire::Limits& config, const MemoryProtection& protection)
    : connections_(config.max_connections),
      requests_(requests_that_fit(config, protection)),
      log_reads_(std::clamp<std::uint32_t>(requests_that_fit(config, protection) / 4, 1, max_log_reads)),
      reports_(reports_that_fit(config, protection)),
      all_reports_(reports_),
      all_returns_(std::max<std::uint32_t>(1, all_reports_ / 4)),
      returns_(all_returns_)
{
}

std::optional<Admitted> Limits::report()
{
    auto place = Place::take(reports_);
    if (!place) return std::nullopt;
    return Admitted(std::move(*place));
}

std::optional<Admitted> Limits::returned()
{
    auto returned = Place::take(returns_);
    if (!returned) return std::nullopt;
    auto place = Place::take(reports_);
    if (!place) return std::nullopt;
    return Admitted(std::move(*place), std::move(returned));
}

ReportLoad Limits::report_load() const
{
    ReportLoad load;
    load.places = all_reports_;
    load.taken = all_reports_ - std::min<std::uint32_t>(all_reports_, reports_);
    const std::lock_guard lock(waiting_mutex_);
    load.waiting = static_cast<std::uint32_t>(waiting_.size());
    if (!waiting_.empty())
        load.waited_longest = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - *waiting_.begin());
    return load;
}

Limits::Waiting::Waiting(Limits& limits) : limits_(limits), since_(std::chrono::steady_clock::now())
{
    const std::lock_guard lock(limits_.waiting_mutex_);
    limits_.waiting_.insert(since_);
}

Limits::Waiting::~Waiting()
{
    const std::lock_guard lock(limits_.waiting_mutex_);
    limits_.waiting_.erase(limits_.waiting_.find(since_));
}

}  // namespace amana::front
