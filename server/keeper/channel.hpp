// SPDX-License-Identifier: AGPL-3.0-or-later
// One channel to one thread of the front: a non-blocking socket, frames in, bytes out, and the uploads under way on it.
#pragma once

#include "base/file.hpp"
#include "server/keeper/upload.hpp"
#include "server/wire/messages.hpp"

#include <deque>
#include <unordered_map>

namespace amana::keeper {

// More at once than any front opens; further ones are refused.
inline constexpr std::size_t max_uploads_per_channel = 1024;

class Channel {
public:
    enum class Input { some, nothing, end };

    Channel(UniqueFd socket, std::size_t number);

    // Reads once. Only when next() has given every whole frame.
    [[nodiscard]] Input read();
    [[nodiscard]] Result<std::optional<wire::Frame>> next() { return frames_.next(); }
    // Sends what the socket takes. What a vanished front would have been told is dropped.
    void flush();
    void close() { socket_.reset(); }

    // A refused upload's frames may still be under way.
    void remember_refused(wire::UploadId upload);
    [[nodiscard]] bool was_refused(wire::UploadId upload) const;

    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] bool is_open() const { return static_cast<bool>(socket_); }
    [[nodiscard]] std::size_t number() const { return number_; }
    [[nodiscard]] bool wants_write() const { return !out.empty(); }
    // A front that does not take its replies is not read from.
    [[nodiscard]] bool wants_read() const;

    Bytes out;
    std::unordered_map<wire::UploadId, Upload> uploads;
    bool greeted = false;
    bool ended = false;  // by the front, or because it broke the protocol; closed after the group's commit

private:
    UniqueFd socket_;
    std::size_t number_;
    wire::FrameReader frames_;
    std::deque<wire::UploadId> refused_;
};

}  // namespace amana::keeper
