// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/channel.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

namespace amana::keeper {

namespace {

constexpr std::size_t max_out_bytes = 256 * 1024;

// An upload that was refused longer ago than this many refusals has nothing under way: the front has read of the later
// ones since, and refusals come in order.
constexpr std::size_t remembered_refusals = 4 * max_uploads_per_channel;

}  // namespace

Channel::Channel(UniqueFd socket, std::size_t number) : socket_(std::move(socket)), number_(number)
{
    wire::append_hello(out);
}

Channel::Input Channel::read()
{
    const auto room = frames_.room();
    const auto count = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (count > 0) {
        frames_.filled(static_cast<std::size_t>(count));
        return Input::some;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Input::nothing;
    return Input::end;
}

void Channel::flush()
{
    std::size_t sent = 0;
    while (sent < out.size()) {
        const auto count = ::send(socket_.get(), out.data() + sent, out.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN)) break;
        if (count < 0) sent = out.size();  // the end of the channel comes by reading
        else sent += static_cast<std::size_t>(count);
    }
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(sent));
}

void Channel::remember_refused(wire::UploadId upload)
{
    refused_.push_back(upload);
    if (refused_.size() > remembered_refusals) refused_.pop_front();
}

bool Channel::was_refused(wire::UploadId upload) const
{
    // The newest are the likeliest.
    return std::find(refused_.rbegin(), refused_.rend(), upload) != refused_.rend();
}

bool Channel::wants_read() const
{
    return out.size() < max_out_bytes;
}

}  // namespace amana::keeper
