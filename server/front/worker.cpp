// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/worker.hpp"

#include "server/front/report.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>

namespace amana::front {

namespace {

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
// How long to leave new connections in the kernel's queue when no more may be taken or descriptors have run out.
constexpr auto accept_pause = std::chrono::milliseconds(50);

asio::ip::tcp protocol_of(int fd)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const bool known = ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    return known && address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
}

}  // namespace

Worker::Worker(Site& site, UniqueFd channel, std::vector<UniqueFd> listeners, std::function<void()> lost)
    : site_(site),
      link_(context_, std::move(channel), std::move(lost),
            [&site](std::uint64_t bytes) {
                if (site.room.tell(bytes)) report_storage(site.room.name());
            }),
      deadline_(context_)
{
    for (auto& listener : listeners) {
        const auto protocol = protocol_of(listener.get());
        acceptors_.emplace_back(context_, protocol, listener.release());
    }
}

void Worker::run()
{
    link_.start();
    for (auto& acceptor : acceptors_) asio::co_spawn(context_, accept(acceptor), asio::detached);
    context_.run();
}

asio::awaitable<void> Worker::accept(asio::ip::tcp::acceptor& acceptor)
{
    asio::steady_timer pause(context_);
    while (!draining_) {
        auto place = site_.limits.connection();
        if (place) {
            auto [error, socket] = co_await acceptor.async_accept(tuple);
            if (!error) {
                asio::co_spawn(context_, converse(std::move(socket), std::move(*place)), asio::detached);
                continue;
            }
        }
        if (draining_) co_return;
        pause.expires_after(accept_pause);
        co_await pause.async_wait(tuple);
    }
}

asio::awaitable<void> Worker::converse(asio::ip::tcp::socket socket, Place place)
{
    const auto stream = std::make_shared<Stream>(std::move(socket), site_.tls);
    Session session(stream, site_, link_, draining_);
    sessions_.insert(&session);
    try {
        co_await session.run();
    } catch (const std::exception&) {
        // Only what nobody foresaw (no memory, say) comes here; this connection ends, the others go on.
        stream->cancel();
    }
    sessions_.erase(&session);
    (void)place;
    stop_when_done();
}

void Worker::drain(std::chrono::steady_clock::duration patience)
{
    asio::post(context_, [this, patience] { begin_drain(patience); });
}

void Worker::begin_drain(std::chrono::steady_clock::duration patience)
{
    if (std::exchange(draining_, true)) return;
    boost::system::error_code ignored;
    for (auto& acceptor : acceptors_) acceptor.close(ignored);
    for (auto* session : sessions_) session->end_if_idle();
    deadline_.expires_after(patience);
    deadline_.async_wait([this](boost::system::error_code error) {
        if (!error) context_.stop();
    });
    stop_when_done();
}

void Worker::stop_when_done()
{
    if (draining_ && sessions_.empty()) context_.stop();
}

}  // namespace amana::front
