// SPDX-License-Identifier: AGPL-3.0-or-later
// A keeper that does what the test says: the other end of a KeeperLink, as coroutines on the same io_context, so that what
// happens happens in one order.
#pragma once

#include "server/front/keeper_link.hpp"
#include "tests/server/front/support.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace amana::front::test {

// A frame that outlives the reader.
struct KeptFrame {
    wire::Kind kind = wire::Kind::hello;
    wire::UploadId upload = 0;
    Bytes body;
    bool operator==(const KeptFrame&) const = default;
};

class FakeKeeper {
public:
    FakeKeeper(asio::io_context& context, UniqueFd channel);

    // The front's next frame; nothing at the channel's end.
    [[nodiscard]] asio::awaitable<std::optional<KeptFrame>> next();
    // Reads on until a frame of this kind; false at the channel's end.
    [[nodiscard]] asio::awaitable<bool> until(wire::Kind kind);
    // Nothing came within `time` (the channel's end is something).
    [[nodiscard]] asio::awaitable<bool> silent(std::chrono::milliseconds time);
    // Bytes, whatever they are.
    [[nodiscard]] asio::awaitable<void> say(Bytes bytes);
    [[nodiscard]] asio::awaitable<void> hello();
    [[nodiscard]] asio::awaitable<void> credit(wire::UploadId upload, std::uint32_t chunks);
    [[nodiscard]] asio::awaitable<void> stored(wire::UploadId upload, std::string_view promise = {});
    [[nodiscard]] asio::awaitable<void> reply(const KeptFrame& question);
    [[nodiscard]] asio::awaitable<void> refused(wire::UploadId upload, wire::Refusal why);
    void go();  // closes its end

    // Says hello, then takes every envelope as a keeper does, one credit a chunk, and collects it. Ends with the channel.
    [[nodiscard]] asio::awaitable<void> collect();
    struct Envelope {
        std::vector<Bytes> chunks;
        bool finished = false;
        bool aborted = false;
        bool wants_promise = false;
        [[nodiscard]] Bytes bytes() const;
    };
    std::map<wire::UploadId, Envelope> envelopes;
    std::optional<wire::Refusal> refuse_at_finish;  // what collect() says instead of stored
    std::string promise;                            // what it says with stored when it is wanted
    std::optional<std::uint64_t> room;              // what it says of it behind hello
    int asked = 0;                                  // questions that it answered
    std::vector<unsigned> pressure;                 // every step that it was told
    std::vector<Bytes> erases;                      // what it was asked to erase
    std::function<std::optional<Bytes>(const Bytes&)> erased = [](const Bytes&) { return Bytes{1}; };  // and says to it
    // What it answers to a question: empty, there is none; nothing, it can't be read.
    std::function<std::optional<Bytes>(const wire::Ask&)> answer = [](const wire::Ask&) { return Bytes{}; };

private:
    asio::local::stream_protocol::socket socket_;
    wire::FrameReader reader_;
};

// A link and its keeper.
struct Channel {
    Channel();
    asio::io_context context;
    int lost = 0;

private:
    std::array<UniqueFd, 2> ends_;

public:
    FakeKeeper keeper;
    std::unique_ptr<KeeperLink> link;  // so that a test may drop it

    // What a test does not wait for.
    void spawn(asio::awaitable<void> coroutine);
    // Lets everything run that can run now.
    void settle();
};

}  // namespace amana::front::test
