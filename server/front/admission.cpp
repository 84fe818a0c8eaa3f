// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/admission.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace amana::front {

namespace {

constexpr auto wait = std::chrono::seconds(20);
constexpr auto step = std::chrono::milliseconds(100);

}  // namespace

asio::awaitable<std::optional<Admitted>> admit(Limits& limits, const KeeperLink& link, const bool& draining, bool returned)
{
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    const auto until = std::chrono::steady_clock::now() + wait;
    std::optional<Limits::Waiting> waiting;
    for (;;) {
        if (auto admitted = returned ? limits.returned() : limits.report()) co_return admitted;
        if (!waiting && !returned) waiting.emplace(limits);
        if (std::chrono::steady_clock::now() >= until || draining || !link.alive()) co_return std::nullopt;
        timer.expires_after(step);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

}  // namespace amana::front
