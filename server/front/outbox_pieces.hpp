// SPDX-License-Identifier: AGPL-3.0-or-later
// A bucket or a file of the outbox, asked of the keeper piece by piece: no more than one is held at a time, and the next is asked for
// when the last was used. All of them are of one outbox, or the rest does not come.
#pragma once

#include "server/front/keeper_link.hpp"

namespace amana::front {

class OutboxPieces {
public:
    // `what`: a bucket or a file, its first piece.
    OutboxPieces(KeeperLink& link, wire::Ask what) : link_(link), what_(what) {}

    enum class Next {
        piece,   // piece() is the next
        end,     // there was no more
        gone,    // the outbox is another by now, or never had such a thing
        failed,  // the keeper can't be asked
    };
    [[nodiscard]] asio::awaitable<Next> next();
    [[nodiscard]] ByteView piece() const { return ByteView(answer_).subspan(length_bytes); }
    // Of the whole; after the first.
    [[nodiscard]] std::uint64_t length() const { return length_; }

private:
    static constexpr std::size_t length_bytes = 8;

    KeeperLink& link_;
    wire::Ask what_;
    Bytes answer_;
    std::uint64_t length_ = 0;
    std::uint64_t got_ = 0;
    bool begun_ = false;
};

}  // namespace amana::front
