// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/worker.hpp"

#include "base/require.hpp"
#include "server/front/report.hpp"
#include "server/wire/mishaps.hpp"

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
static_assert(max_step == crypto::max_lane);
constexpr auto tend_every = std::chrono::milliseconds(100);

asio::generic::stream_protocol protocol_of(int fd)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const bool known = ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    return {known ? address.ss_family : AF_INET, 0};
}

bool may_connect(const Listener& listener, int fd)
{
    if (listener.config().peers.empty()) return true;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) address.ss_family = AF_UNSPEC;
    const bool may = listener.welcomes(address);
    wipe({reinterpret_cast<Byte*>(&address), sizeof address});
    return may;
}

// Without these nobody would be served any more: the process ends, and the next generation begins.
void ends_all(std::exception_ptr error)
{
    if (error) std::rethrow_exception(std::move(error));
}

// However a connection ends, with its thread too.
class Leaving {
public:
    Leaving(Connections& all, std::shared_ptr<Connections::Seat> seat) : all_(all), seat_(std::move(seat)) {}
    ~Leaving() { all_.leave(*seat_); }
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;

private:
    Connections& all_;
    std::shared_ptr<Connections::Seat> seat_;
};

}  // namespace

Worker::Worker(Shared& shared, UniqueFd channel, std::vector<UniqueFd> sockets, std::function<void()> lost, bool first)
    : shared_(shared),
      common_(shared.common),
      link_(context_, std::move(channel), std::move(lost),
            [&common = shared.common](std::uint64_t bytes) {
                if (common.room.tell(bytes)) report_storage(common.room.name());
            }),
      deadline_(context_),
      first_(first)
{
    require(sockets.size() == shared.listeners.size(), "a socket for each listener");
    for (auto& socket : sockets) {
        const auto protocol = protocol_of(socket.get());
        acceptors_.emplace_back(context_, protocol, socket.release());
    }
}

void Worker::run()
{
    link_.start();
    auto listener = shared_.listeners.begin();
    for (auto& acceptor : acceptors_) asio::co_spawn(context_, accept(acceptor, *listener++), ends_all);
    asio::co_spawn(context_, tend(), ends_all);
    context_.run();
}

// How late this thread is; and what is done now and then, by whichever thread comes first.
asio::awaitable<void> Worker::tend()
{
    for (asio::steady_timer pause(context_);;) {
        const auto due = std::chrono::steady_clock::now() + tend_every;
        pause.expires_at(due);
        co_await pause.async_wait(tuple);
        common_.gate.late(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - due));
        common_.gate.regulate(common_.limits.report_load(), common_.room.bytes());
        report_pressure(common_.gate.step());
        if (first_) link_.tell_pressure(common_.gate.step());
        common_.limits.tend([this](const Source* beside) {
            return common_.gate.due_beside(beside != nullptr ? std::optional(beside->id().value) : std::nullopt);
        });
    }
}

asio::awaitable<void> Worker::accept(Acceptor& acceptor, Listener& listener)
{
    asio::steady_timer pause(context_);
    while (!draining_) {
        if (common_.limits.connections().room()) {
            auto [error, socket] = co_await acceptor.async_accept(tuple);
            if (!error) {
                welcome(std::move(socket), listener);
                continue;
            }
        }
        if (draining_) co_return;
        pause.expires_after(accept_pause);
        co_await pause.async_wait(tuple);
    }
}

void Worker::welcome(Stream::Socket socket, Listener& listener)
{
    if (!may_connect(listener, socket.native_handle())) return report_mishap(wire::mishap::stranger, listener.index());
    auto source = common_.limits.sources().of(socket.native_handle());
    auto stream = std::make_shared<Stream>(std::move(socket), listener.names());
    auto seat = common_.limits.connections().enter(std::move(source), [this, weak = std::weak_ptr(stream)] {
        asio::post(context_, [weak] {
            if (const auto one = weak.lock()) one->cancel();
        });
    });
    asio::co_spawn(context_, converse(std::move(stream), listener, std::move(seat)), asio::detached);
}

asio::awaitable<void> Worker::converse(std::shared_ptr<Stream> stream, Listener& listener, std::shared_ptr<Connections::Seat> seat)
{
    const Leaving leaving(common_.limits.connections(), seat);
    Session session(stream, common_, listener, link_, seat, draining_);
    sessions_.insert(&session);
    try {
        co_await session.run();
    } catch (const std::exception&) {
        // Only what nobody foresaw (no memory, say) comes here; this connection ends, the others go on.
        stream->cancel();
    }
    sessions_.erase(&session);
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
    for (auto* session : sessions_) session->drain();
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
