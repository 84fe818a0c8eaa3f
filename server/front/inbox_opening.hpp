// SPDX-License-Identifier: AGPL-3.0-or-later
// What the outbox holds for a code that came without a script: read, opened and verified here, in locked memory (docs/INBOX.md,
// section 4). A code that nobody has, one whose inbox is empty and one that was erased go the same way to the same end: there is no
// slot with their tag.
#pragma once

#include "crypto/outbox.hpp"
#include "server/front/outbox_pieces.hpp"
#include "server/front/site.hpp"

#include <functional>

namespace amana::front {

class InboxOpening {
public:
    // All outlive it.
    InboxOpening(const Site& site, KeeperLink& link, const crypto::Receipt::Keys& keys) : site_(site), link_(link), keys_(keys) {}
    ~InboxOpening() { wipe(fetched_); }
    InboxOpening(const InboxOpening&) = delete;
    InboxOpening& operator=(const InboxOpening&) = delete;

    enum class Found {
        nothing,
        letter,
        damaged,  // or not signed by the courier
        failed,   // it could not be looked for
    };
    [[nodiscard]] asio::awaitable<Found> open();

    // After `letter`. A notice that can't be read is none.
    [[nodiscard]] const crypto::Letter& letter() const { return *letter_; }
    [[nodiscard]] const std::optional<crypto::Notice>& notice() const { return notice_; }
    // By its number in the letter, from 0; nullptr when there is none.
    [[nodiscard]] const crypto::AnswerFile* file(std::uint64_t number) const;

    // A file's content, chunk by chunk, into `take`, which gives false to end it. False when it is not all there as the letter says:
    // what was taken is worth nothing then.
    using Take = std::function<asio::awaitable<bool>(ByteView)>;
    [[nodiscard]] asio::awaitable<bool> read(const crypto::AnswerFile& file, const Take& take);

    // The request that erases it from the server, whatever was found.
    [[nodiscard]] Bytes erasure() const;

private:
    [[nodiscard]] asio::awaitable<Found> open_once(bool& gone);
    [[nodiscard]] Found open_bucket();

    const Site& site_;
    KeeperLink& link_;
    const crypto::Receipt::Keys& keys_;
    crypto::Hash root_{};
    std::optional<crypto::OutboxNote> note_;
    std::uint32_t bucket_ = 0;
    Bytes fetched_;  // the notice and the bucket's slots
    std::optional<crypto::Letter> letter_;
    std::optional<crypto::Notice> notice_;
};

}  // namespace amana::front
