// SPDX-License-Identifier: AGPL-3.0-or-later
// One front thread's channel to the keeper: sealed bytes go out with backpressure, and stored comes back only when an
// envelope is on disk. And what the front asks of the log. All of it runs on the thread's own io_context.
#pragma once

#include "base/file.hpp"
#include "base/secret.hpp"
#include "server/wire/messages.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <unordered_map>

namespace amana::front {

namespace asio = boost::asio;

class KeeperLink;

// One envelope on its way. Dropping it before stored aborts it.
class Upload {
public:
    enum class Outcome { stored, full, invalid, failed };

    explicit Upload(KeeperLink& link);
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    // Waits for a credit and for the channel. False when the keeper has refused: finish() says why.
    [[nodiscard]] asio::awaitable<bool> send(ByteView chunk);
    // Waits until it is durable, or refused.
    [[nodiscard]] asio::awaitable<Outcome> finish(bool wants_promise = false);
    // After stored: the promise; empty when none was wanted or made.
    [[nodiscard]] std::string_view promise() const { return promise_.text(); }

private:
    friend class KeeperLink;
    [[nodiscard]] asio::awaitable<void> changed();

    KeeperLink* link_;  // nullptr when it went first, which is so when a thread ends with uploads under way
    wire::UploadId id_;
    std::uint32_t credit_ = wire::upload_window;
    bool begun_ = false;
    bool finished_ = false;
    bool wants_promise_ = false;
    SecretText promise_{wire::max_promise_bytes};  // names the report's leaf
    std::optional<Outcome> outcome_;
    asio::steady_timer signal_;
};

class KeeperLink {
public:
    // `lost` is called once when the channel ends or is not spoken rightly; every upload has failed by then. `room`, whenever the
    // keeper says how much there is.
    KeeperLink(asio::io_context& context, UniqueFd channel, std::function<void()> lost, std::function<void(std::uint64_t)> room = {});
    ~KeeperLink();
    KeeperLink(const KeeperLink&) = delete;
    KeeperLink& operator=(const KeeperLink&) = delete;

    void start();
    [[nodiscard]] bool alive() const { return alive_; }

    // What is published of the log, or stands in the outbox; empty when there is no such thing. Nothing when it could not be read, when the
    // keeper is gone, or when as many questions wait as may.
    [[nodiscard]] asio::awaitable<std::optional<Bytes>> ask(wire::Ask question);

    // Has erased what a request names (crypto::Erase). `failed` as ask() gives nothing: it may be tried again.
    enum class Erased { done, other_outbox, failed };
    [[nodiscard]] asio::awaitable<Erased> erase(Bytes request);

    // The step of pressure, told when it has changed; on the first channel alone.
    void tell_pressure(unsigned step);

private:
    friend class Upload;
    // A question under way. Its asker may go before the answer comes, and the link before its asker.
    struct Question {
        explicit Question(asio::io_context& context) : signal(context) {}
        asio::steady_timer signal;
        bool over = false;
        std::optional<Bytes> answer;
    };

    [[nodiscard]] asio::awaitable<void> receive();
    [[nodiscard]] asio::awaitable<std::optional<Bytes>> answer_to(wire::Kind kind, Bytes body);
    [[nodiscard]] asio::awaitable<bool> send(wire::Kind kind, wire::UploadId upload, ByteView body);
    [[nodiscard]] bool handle(const wire::Frame& frame);
    [[nodiscard]] bool handle_answer(const wire::Frame& frame);
    [[nodiscard]] bool handle_room(const wire::Frame& frame);
    [[nodiscard]] static bool handle(const wire::Frame& frame, Upload* upload);
    void lose();
    void forget(Upload& upload);

    asio::io_context& context_;
    asio::local::stream_protocol::socket socket_;
    asio::experimental::channel<void(boost::system::error_code)> turn_;  // one frame at a time: holding its one place
    std::function<void()> lost_;
    std::function<void(std::uint64_t)> room_;
    std::unordered_map<wire::UploadId, Upload*> uploads_;
    std::unordered_map<wire::UploadId, std::shared_ptr<Question>> questions_;
    std::optional<unsigned> told_pressure_;
    wire::UploadId next_id_ = 1;
    bool alive_ = true;
    bool greeted_ = false;
};

}  // namespace amana::front
