// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/front/fake_keeper.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <stdexcept>

#include <sys/socket.h>

namespace amana::front::test {

namespace {

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

std::array<UniqueFd, 2> socket_pair()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::runtime_error("no socketpair");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

FakeKeeper::FakeKeeper(asio::io_context& context, UniqueFd channel)
    : socket_(context, asio::local::stream_protocol(), channel.release())
{
}

asio::awaitable<std::optional<KeptFrame>> FakeKeeper::next()
{
    for (;;) {
        const auto frame = reader_.next();
        if (!frame) throw std::runtime_error("the front spoke wrongly");
        if (*frame) co_return KeptFrame{(*frame)->kind, (*frame)->upload, Bytes((*frame)->body.begin(), (*frame)->body.end())};
        const auto free = reader_.room();
        const auto [error, count] = co_await socket_.async_read_some(asio::buffer(free.data(), free.size()), tuple);
        if (error) co_return std::nullopt;
        reader_.filled(count);
    }
}

asio::awaitable<bool> FakeKeeper::until(wire::Kind kind)
{
    for (;;) {
        const auto frame = co_await next();
        if (!frame) co_return false;
        if (frame->kind == kind) co_return true;
    }
}

asio::awaitable<bool> FakeKeeper::silent(std::chrono::milliseconds time)
{
    asio::steady_timer timer(socket_.get_executor(), time);
    timer.async_wait([this](boost::system::error_code error) {
        if (!error) socket_.cancel();
    });
    const auto [error] = co_await socket_.async_wait(asio::local::stream_protocol::socket::wait_read, tuple);
    co_return error == asio::error::operation_aborted;
}

asio::awaitable<void> FakeKeeper::say(Bytes bytes)
{
    const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(bytes), tuple);
    (void)error;  // the front may have gone: then it hears nothing
}

asio::awaitable<void> FakeKeeper::hello()
{
    Bytes out;
    wire::append_hello(out);
    co_await say(std::move(out));
}

asio::awaitable<void> FakeKeeper::credit(wire::UploadId upload, std::uint32_t chunks)
{
    Bytes out;
    wire::append_credit(out, upload, chunks);
    co_await say(std::move(out));
}

asio::awaitable<void> FakeKeeper::reply(const KeptFrame& question)
{
    Bytes out;
    const auto found = answer(wire::parse_ask({question.kind, question.upload, question.body}).value());
    if (found) wire::append_frame(out, wire::Kind::answer, question.upload, *found);
    else wire::append_refused(out, question.upload, wire::Refusal::failed);
    co_await say(std::move(out));
}

asio::awaitable<void> FakeKeeper::stored(wire::UploadId upload, std::string_view given)
{
    Bytes out;
    wire::append_frame(out, wire::Kind::stored, upload, as_bytes(given));
    co_await say(std::move(out));
}

asio::awaitable<void> FakeKeeper::refused(wire::UploadId upload, wire::Refusal why)
{
    Bytes out;
    wire::append_refused(out, upload, why);
    co_await say(std::move(out));
}

void FakeKeeper::go()
{
    socket_.close();
}

asio::awaitable<void> FakeKeeper::collect()
{
    co_await hello();
    if (room) {
        Bytes out;
        wire::append_room(out, *room);
        co_await say(std::move(out));
    }
    for (;;) {
        const auto frame = co_await next();
        if (!frame) co_return;
        if (frame->kind == wire::Kind::ask) {
            co_await reply(*frame);
            ++asked;
            continue;
        }
        if (frame->kind == wire::Kind::erase) {
            erases.push_back(frame->body);
            Bytes out;
            if (const auto said = erased(frame->body)) wire::append_frame(out, wire::Kind::answer, frame->upload, *said);
            else wire::append_refused(out, frame->upload, wire::Refusal::failed);
            co_await say(std::move(out));
            continue;
        }
        if (frame->kind == wire::Kind::pressure) {
            pressure.push_back(wire::parse_pressure({frame->kind, frame->upload, frame->body}).value());
            continue;
        }
        auto& envelope = envelopes[frame->upload];
        if (frame->kind == wire::Kind::chunk) {
            envelope.chunks.push_back(frame->body);
            co_await credit(frame->upload, 1);
        }
        if (frame->kind == wire::Kind::abort) envelope.aborted = true;
        if (frame->kind != wire::Kind::finish) continue;
        envelope.finished = true;
        envelope.wants_promise = frame->body == Bytes{1};
        if (refuse_at_finish) co_await refused(frame->upload, *refuse_at_finish);
        else co_await stored(frame->upload, envelope.wants_promise ? std::string_view(promise) : std::string_view());
    }
}

Bytes FakeKeeper::Envelope::bytes() const
{
    Bytes all;
    for (const auto& chunk : chunks) append(all, chunk);
    return all;
}

Channel::Channel() : ends_(socket_pair()), keeper(context, std::move(ends_[1]))
{
    link = std::make_unique<KeeperLink>(context, std::move(ends_[0]), [this] { ++lost; });
    link->start();
}

void Channel::spawn(asio::awaitable<void> coroutine)
{
    asio::co_spawn(context, std::move(coroutine), [](const std::exception_ptr& exception) {
        if (exception) std::rethrow_exception(exception);
    });
}

void Channel::settle()
{
    context.restart();
    context.run_for(std::chrono::milliseconds(20));
}

}  // namespace amana::front::test
