// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/outbox_pieces.hpp"

#include "base/reader.hpp"

#include <algorithm>

namespace amana::front {

asio::awaitable<OutboxPieces::Next> OutboxPieces::next()
{
    if (begun_ && got_ == length_) co_return Next::end;
    auto answer = co_await link_.ask(what_);
    if (!answer) co_return Next::failed;
    if (answer->empty()) co_return Next::gone;
    answer_ = *std::move(answer);
    Reader reader(answer_);
    const auto length = reader.integer<std::uint64_t>();
    if (!reader.ok() || (begun_ && length != length_)) co_return Next::failed;
    length_ = length;
    begun_ = true;
    const auto wanted = std::min<std::uint64_t>(wire::outbox_piece_bytes, length_ - got_);
    if (piece().empty() || piece().size() != wanted) co_return Next::failed;
    got_ += wanted;
    ++what_.index;
    co_return Next::piece;
}

}  // namespace amana::front
