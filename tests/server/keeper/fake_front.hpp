// SPDX-License-Identifier: AGPL-3.0-or-later
// The front's end of a channel to the keeper.
#pragma once

#include "base/file.hpp"
#include "server/wire/messages.hpp"
#include "tests/server/keeper/support.hpp"

#include <optional>
#include <vector>

namespace amana::keeper::test {

struct SocketPair {
    SocketPair();
    UniqueFd ours;
    UniqueFd theirs;
};

// Blocking; every wait is bounded, and ends in an exception.
class FakeFront {
public:
    explicit FakeFront(UniqueFd socket);

    // One envelope on its way.
    struct Sending {
        Sending(const SealedEnvelope& what, wire::UploadId begun_as = 0, std::size_t sent = 0)
            : envelope(&what), id(begun_as), next(sent)
        {
        }
        const SealedEnvelope* envelope;
        wire::UploadId id;  // 0: not begun
        std::size_t next;
        std::uint32_t credit = wire::upload_window;
        bool stored = false;
        std::optional<wire::Refusal> refused;
        [[nodiscard]] bool over() const { return stored || refused; }
    };
    // Sends all of them, interleaved, until each is stored or refused. False: the channel has ended.
    bool send(std::vector<Sending>& all);
    Sending send(const SealedEnvelope& envelope);

    void say(wire::Kind kind, wire::UploadId id, ByteView body = {});
    void say_raw(ByteView bytes);
    // Sends until the channel has been full for a while; returns how many bytes went.
    std::size_t say_what_fits(ByteView bytes);
    // The next frame but for those that tell of room; nothing at the end of the channel.
    [[nodiscard]] std::optional<wire::Frame> hear();
    std::optional<std::uint64_t> room;  // as it was told last
    // Hears until the channel ends.
    void hear_the_end();
    void close() { socket_.reset(); }
    wire::UploadId next_id = 1;

private:
    bool advance(Sending& sending);
    void flush();

    UniqueFd socket_;
    wire::FrameReader reader_;
    Bytes out_;
};

}  // namespace amana::keeper::test
