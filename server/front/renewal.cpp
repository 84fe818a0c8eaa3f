// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/renewal.hpp"

#include "server/front/report.hpp"
#include "server/front/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

namespace amana::front {

namespace {

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

bool show(Shared& shared, ByteView bytes)
{
    const auto slice = wire::decode_tls(bytes);
    return slice && shared.show(*slice);
}

}  // namespace

asio::awaitable<void> take_renewals(Shared& shared, int channel)
{
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor from(executor, ::dup(channel));
    for (;;) {
        ByteArray<wire::slice_length_bytes> length{};
        const auto [cut, count] = co_await asio::async_read(from, asio::buffer(length), tuple);
        const auto whole = wire::slice_bytes(length);
        if (cut || !whole) co_return;
        SecretBuffer slice(*whole);
        std::copy(length.begin(), length.end(), slice.data());
        const auto rest = slice.span().subspan(length.size());
        const auto [broken, taken] = co_await asio::async_read(from, asio::buffer(rest.data(), rest.size()), tuple);
        if (broken) co_return;
        report_certificates(show(shared, slice.view()));
    }
}

}  // namespace amana::front
