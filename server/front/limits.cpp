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
      reports_(reports_that_fit(config, protection))
{
}

std::optional<Admitted> Limits::report()
{
    auto place = Place::take(reports_);
    if (!place) return std::nullopt;
    return Admitted(std::move(*place));
}

}  // namespace amana::front
