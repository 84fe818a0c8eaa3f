// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/admission.hpp"

namespace amana::front {

namespace {

constexpr auto wait = std::chrono::seconds(20);

}  // namespace

asio::awaitable<std::optional<Admitted>> admit(Limits& limits, std::shared_ptr<const Source> source, Stream& stream,
                                               const KeeperLink& link, bool returned)
{
    if (!link.alive()) co_return std::nullopt;
    co_return co_await limits.report(std::move(source), stream.bell(), Stream::Clock::now() + wait, returned);
}

}  // namespace amana::front
