// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/keeper/fake_front.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>

namespace amana::keeper::test {

namespace {

constexpr int patience_milliseconds = 60'000;

}  // namespace

SocketPair::SocketPair()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::runtime_error("no socketpair");
    ours = UniqueFd(ends[0]);
    theirs = UniqueFd(ends[1]);
}

FakeFront::FakeFront(UniqueFd socket) : socket_(std::move(socket))
{
    wire::append_hello(out_);
}

void FakeFront::say(wire::Kind kind, wire::UploadId id, ByteView body)
{
    wire::append_frame(out_, kind, id, body);
    flush();
}

void FakeFront::say_raw(ByteView bytes)
{
    append(out_, bytes);
    flush();
}

std::size_t FakeFront::say_what_fits(ByteView bytes)
{
    flush();
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        pollfd polled{socket_.get(), POLLOUT, 0};
        if (::poll(&polled, 1, 500) == 0) break;
        const auto count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0) break;
        sent += static_cast<std::size_t>(count);
    }
    return sent;
}

void FakeFront::flush()
{
    std::size_t sent = 0;
    while (sent < out_.size()) {
        const auto count = ::send(socket_.get(), out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
        if (count < 0) break;  // the end is heard by hear()
        sent += static_cast<std::size_t>(count);
    }
    out_.clear();
}

std::optional<wire::Frame> FakeFront::hear()
{
    flush();
    for (;;) {
        const auto frame = reader_.next().value();
        if (frame && frame->kind == wire::Kind::room) {
            room = wire::parse_room(*frame).value();
            continue;
        }
        if (frame) return frame;
        pollfd polled{socket_.get(), POLLIN, 0};
        if (::poll(&polled, 1, patience_milliseconds) == 0) throw std::runtime_error("the keeper says nothing");
        const auto free = reader_.room();
        const auto count = ::recv(socket_.get(), free.data(), free.size(), 0);
        if (count <= 0) return std::nullopt;
        reader_.filled(static_cast<std::size_t>(count));
    }
}

void FakeFront::hear_the_end()
{
    while (hear()) {
    }
}

bool FakeFront::advance(Sending& sending)
{
    bool moved = false;
    const auto& chunks = sending.envelope->chunks;
    if (sending.id == 0) {
        sending.id = next_id++;
        wire::append_frame(out_, wire::Kind::begin, sending.id);
        moved = true;
    }
    if (!sending.over() && sending.credit > 0 && sending.next < chunks.size()) {
        wire::append_frame(out_, wire::Kind::chunk, sending.id, chunks[sending.next++]);
        --sending.credit;
        if (sending.next == chunks.size()) wire::append_finish(out_, sending.id, false);
        moved = true;
    }
    flush();
    return moved;
}

bool FakeFront::send(std::vector<Sending>& all)
{
    const auto over = [](const Sending& sending) { return sending.over(); };
    while (!std::all_of(all.begin(), all.end(), over)) {
        bool moved = false;
        for (auto& sending : all)
            if (!sending.over() && advance(sending)) moved = true;
        if (moved) continue;
        const auto frame = hear();
        if (!frame) return false;
        for (auto& sending : all) {
            if (sending.id != frame->upload) continue;
            if (frame->kind == wire::Kind::credit) sending.credit += wire::parse_credit(*frame).value();
            if (frame->kind == wire::Kind::stored) sending.stored = true;
            if (frame->kind == wire::Kind::refused) sending.refused = wire::parse_refused(*frame).value();
        }
    }
    return true;
}

FakeFront::Sending FakeFront::send(const SealedEnvelope& envelope)
{
    std::vector<Sending> one{Sending(envelope)};
    (void)send(one);
    return one.front();
}

}  // namespace amana::keeper::test
