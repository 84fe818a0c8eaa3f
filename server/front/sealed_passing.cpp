// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/sealed_passing.hpp"

#include "crypto/envelope.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace amana::front {

namespace {

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
constexpr auto between_asks = std::chrono::milliseconds(50);
constexpr int most_asks = 200;

// However it ends, with its thread too, the upload is not under way any more.
class Leaving {
public:
    Leaving(SealedUploads& uploads, SealedUploads::Handle upload) : uploads_(uploads), upload_(std::move(upload)) {}
    ~Leaving() { uploads_.forget(upload_); }
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;

private:
    SealedUploads& uploads_;
    SealedUploads::Handle upload_;
};

}  // namespace

asio::awaitable<bool> SealedPassage::put(ByteView bytes)
{
    // The number of slots stands in the second byte; the first piece has been held to be longer than a header.
    if (chunk_ == 0) chunk_ = crypto::header_bytes(bytes[1]);
    while (!bytes.empty()) {
        const auto count = std::min(chunk_ - rest_.size(), bytes.size());
        append(rest_, bytes.first(count));
        bytes = bytes.subspan(count);
        if (rest_.size() < chunk_) break;
        left_ -= static_cast<std::uint32_t>(chunk_);
        chunk_ = std::min<std::size_t>(crypto::sealed_chunk_bytes, left_);
        const bool sent = co_await upload_.send(rest_);
        if (!sent) co_return false;
        rest_.clear();
    }
    co_return true;
}

asio::awaitable<void> pass_on(SealedUploads& uploads, Gate& gate, SealedUploads::Handle upload, KeeperLink& link)
{
    const Leaving leaving(uploads, upload);
    const auto executor = co_await asio::this_coro::executor;
    const auto wake = std::make_shared<asio::steady_timer>(executor);
    const auto& first = SealedUploads::first(upload);
    SealedPassage passage(link, first.total());
    for (;;) {
        const auto next = uploads.next(upload, wake);
        if (next.over) co_return;
        if (next.piece.empty()) {
            wake->expires_at(next.until);
            co_await wake->async_wait(tuple);
            continue;
        }
        const bool taken = co_await passage.put(next.piece);
        if (taken && !passage.complete()) {
            uploads.passed(upload);
            continue;
        }
        const auto outcome = co_await passage.finish(first.wants_promise());
        if (outcome == Upload::Outcome::stored) gate.stored();
        uploads.settle(upload, outcome, passage.promise());
        co_return;
    }
}

asio::awaitable<void> pass_cover(SealedUploads& uploads, SealedUploads::Handle upload, KeeperLink& link)
{
    const Leaving leaving(uploads, upload);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor);
    for (int tries = 0; tries < most_asks && link.alive(); ++tries) {
        const auto answer = co_await link.ask({wire::Asked::checkpoint});
        if (answer) {
            uploads.settle(upload, Upload::Outcome::stored, {});
            co_return;
        }
        pause.expires_after(between_asks);  // others ask as well
        co_await pause.async_wait(tuple);
    }
    uploads.settle(upload, Upload::Outcome::failed, {});
}

}  // namespace amana::front
