// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/keeper_link.hpp"

#include "base/require.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace amana::front {

namespace {

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
constexpr auto keeper_patience = std::chrono::minutes(2);

}  // namespace

Upload::Upload(KeeperLink& link)
    : link_(&link), id_(link.next_id_++), signal_(link.context_)
{
    link.uploads_.emplace(id_, this);
    if (!link.alive_) outcome_ = Outcome::failed;
}

Upload::~Upload()
{
    if (link_ != nullptr) link_->forget(*this);
}

// Until the keeper has said something of this upload; one that stays silent for so long is as good as gone.
asio::awaitable<void> Upload::changed()
{
    signal_.expires_after(keeper_patience);
    const auto [cancelled] = co_await signal_.async_wait(tuple);
    if (!cancelled) link_->lose();
}

asio::awaitable<bool> Upload::send(ByteView chunk)
{
    if (!begun_) {
        begun_ = true;
        (void)co_await link_->send(wire::Kind::begin, id_, {});  // if it fails, outcome_ says so
    }
    while (!outcome_ && credit_ == 0) co_await changed();
    if (outcome_) co_return false;
    --credit_;
    co_return co_await link_->send(wire::Kind::chunk, id_, chunk);
}

asio::awaitable<Upload::Outcome> Upload::finish(bool wants_promise)
{
    if (!outcome_) {
        finished_ = true;
        wants_promise_ = wants_promise;
        const Byte flag = wants_promise ? 1 : 0;
        (void)co_await link_->send(wire::Kind::finish, id_, {&flag, 1});
    }
    while (!outcome_) co_await changed();
    co_return *outcome_;
}

KeeperLink::KeeperLink(asio::io_context& context, UniqueFd channel, std::function<void()> lost, std::function<void(std::uint64_t)> room)
    : context_(context),
      socket_(context, asio::local::stream_protocol(), channel.release()),
      turn_(context, 1),
      lost_(std::move(lost)),
      room_(std::move(room))
{
}

KeeperLink::~KeeperLink()
{
    for (const auto& [id, upload] : uploads_) upload->link_ = nullptr;
}

void KeeperLink::start()
{
    asio::co_spawn(
        context_,
        [this]() -> asio::awaitable<void> {
            Bytes hello;
            wire::append_hello(hello);
            const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(hello), tuple);
            if (!error) co_await receive();
            lose();
        },
        asio::detached);
}

asio::awaitable<void> KeeperLink::receive()
{
    wire::FrameReader reader;
    for (;;) {
        const auto room = reader.room();
        const auto [error, count] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), tuple);
        if (error) co_return;
        reader.filled(count);
        for (;;) {
            const auto frame = reader.next();
            if (!frame) co_return;
            if (!*frame) break;
            if (!handle(**frame)) co_return;
        }
        reader.wipe_given();
    }
}

// False when the keeper says what it never should.
bool KeeperLink::handle(const wire::Frame& frame)
{
    if (!greeted_) return greeted_ = frame.kind == wire::Kind::hello && wire::check_hello(frame).has_value();
    if (frame.kind == wire::Kind::room) return handle_room(frame);
    if (questions_.contains(frame.upload)) return handle_answer(frame);
    const auto found = uploads_.find(frame.upload);
    auto* upload = found == uploads_.end() ? nullptr : found->second;  // gone: its session has ended
    if (!handle(frame, upload)) return false;
    if (upload != nullptr) upload->signal_.cancel();
    return true;
}

bool KeeperLink::handle(const wire::Frame& frame, Upload* upload)
{
    switch (frame.kind) {
    case wire::Kind::credit: {
        const auto credit = wire::parse_credit(frame);
        if (!credit) return false;
        if (upload == nullptr) return true;
        upload->credit_ += *credit;
        return upload->credit_ <= wire::upload_window;  // more: credit for what was never sent
    }
    case wire::Kind::stored:
        if (upload == nullptr) return true;
        if (!upload->finished_ || upload->outcome_) return false;
        if (!frame.body.empty() && !upload->wants_promise_) return false;
        if (!upload->promise_.append(frame.body)) return false;
        upload->outcome_ = Upload::Outcome::stored;
        return true;
    case wire::Kind::refused: {
        const auto why = wire::parse_refused(frame);
        if (!why) return false;
        if (upload == nullptr) return true;
        if (upload->outcome_) return false;
        upload->outcome_ = *why == wire::Refusal::full      ? Upload::Outcome::full
                           : *why == wire::Refusal::invalid ? Upload::Outcome::invalid
                                                            : Upload::Outcome::failed;
        return true;
    }
    case wire::Kind::hello:
    case wire::Kind::begin:
    case wire::Kind::chunk:
    case wire::Kind::finish:
    case wire::Kind::abort:
    case wire::Kind::ask:
    case wire::Kind::answer:
    case wire::Kind::room:
    case wire::Kind::pressure:
    case wire::Kind::erase: break;
    }
    return false;
}

bool KeeperLink::handle_room(const wire::Frame& frame)
{
    const auto bytes = wire::parse_room(frame);
    if (bytes && room_) room_(*bytes);
    return bytes.has_value();
}

bool KeeperLink::handle_answer(const wire::Frame& frame)
{
    const auto found = questions_.find(frame.upload);
    auto& question = *found->second;
    if (frame.kind == wire::Kind::answer) question.answer.emplace(frame.body.begin(), frame.body.end());
    else if (frame.kind != wire::Kind::refused || !wire::parse_refused(frame)) return false;
    question.over = true;
    question.signal.cancel();
    questions_.erase(found);
    return true;
}

asio::awaitable<std::optional<Bytes>> KeeperLink::ask(wire::Ask question)
{
    Bytes frame;
    wire::append_ask(frame, 0, question);
    frame.erase(frame.begin(), frame.begin() + wire::frame_head_bytes);
    co_return co_await answer_to(wire::Kind::ask, std::move(frame));
}

asio::awaitable<KeeperLink::Erased> KeeperLink::erase(Bytes request)
{
    const auto answer = co_await answer_to(wire::Kind::erase, std::move(request));
    if (!answer) co_return Erased::failed;
    co_return answer->empty() ? Erased::other_outbox : Erased::done;
}

asio::awaitable<std::optional<Bytes>> KeeperLink::answer_to(wire::Kind kind, Bytes body)
{
    if (!alive_ || questions_.size() >= wire::max_asks) co_return std::nullopt;
    const auto number = next_id_++;
    const auto asked = std::make_shared<Question>(context_);
    questions_.emplace(number, asked);
    (void)co_await send(kind, number, body);  // if it fails, the question is over
    while (!asked->over) {
        asked->signal.expires_after(keeper_patience);
        const auto [cancelled] = co_await asked->signal.async_wait(tuple);
        if (!cancelled && !asked->over) lose();  // as silent as one that is gone
    }
    co_return std::move(asked->answer);
}

void KeeperLink::tell_pressure(unsigned step)
{
    if (!alive_ || std::exchange(told_pressure_, step) == step) return;
    asio::co_spawn(
        context_,
        [this, step]() -> asio::awaitable<void> {
            const auto body = static_cast<Byte>(step);
            (void)co_await send(wire::Kind::pressure, 0, {&body, 1});
        },
        asio::detached);
}

asio::awaitable<bool> KeeperLink::send(wire::Kind kind, wire::UploadId upload, ByteView body)
{
    co_await turn_.async_send(boost::system::error_code(), tuple);
    bool sent = false;
    if (alive_) {
        Bytes head;
        wire::append_frame(head, kind, upload, body);
        const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(head), tuple);
        sent = !error;
        if (error) lose();
    }
    turn_.try_receive([](boost::system::error_code) {});
    co_return sent;
}

void KeeperLink::lose()
{
    if (!std::exchange(alive_, false)) return;
    boost::system::error_code ignored;
    socket_.close(ignored);
    for (const auto& [id, upload] : uploads_) {
        if (!upload->outcome_) upload->outcome_ = Upload::Outcome::failed;
        upload->signal_.cancel();
    }
    for (const auto& [number, question] : std::exchange(questions_, {})) {
        question->over = true;
        question->signal.cancel();
    }
    lost_();
}

void KeeperLink::forget(Upload& upload)
{
    uploads_.erase(upload.id_);
    if (!alive_ || !upload.begun_ || upload.outcome_) return;
    asio::co_spawn(
        context_,
        [this, id = upload.id_]() -> asio::awaitable<void> { (void)co_await send(wire::Kind::abort, id, {}); },
        asio::detached);
}

}  // namespace amana::front
