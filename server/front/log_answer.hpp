// SPDX-License-Identifier: AGPL-3.0-or-later
// One answer about the log (docs/LOG.md, sections 3 and 4.2). Everything but the two pages comes from the keeper, piece by
// piece: no more than one tile is held at a time, and a range is of one checkpoint however the log grows meanwhile, since
// hashes of complete subtrees never change.
#pragma once

#include "crypto/range.hpp"
#include "server/front/keeper_link.hpp"
#include "server/front/log_routes.hpp"
#include "server/front/site.hpp"
#include "server/front/stream.hpp"

namespace amana::front {

class LogAnswer {
public:
    LogAnswer(Stream& stream, Site& site, KeeperLink& link, std::shared_ptr<const Source> source, bool keep_alive, bool head_only)
        : stream_(stream), site_(site), link_(link), source_(std::move(source)), keep_alive_(keep_alive), head_only_(head_only)
    {
    }

    // True: the connection may go on.
    [[nodiscard]] asio::awaitable<bool> serve(LogRoute route);
    [[nodiscard]] asio::awaitable<bool> refuse(Status status, std::string_view extra = {});

private:
    [[nodiscard]] asio::awaitable<bool> serve_from_keeper(LogRoute route);
    [[nodiscard]] asio::awaitable<bool> note(wire::Asked what);
    [[nodiscard]] asio::awaitable<bool> tile(LogRoute route);
    [[nodiscard]] asio::awaitable<bool> range(LogRoute route);
    [[nodiscard]] asio::awaitable<bool> range_body(crypto::RangePlan plan, Bytes checkpoint);
    [[nodiscard]] asio::awaitable<std::optional<Bytes>> hashes(crypto::TilePart part);
    [[nodiscard]] asio::awaitable<std::optional<std::vector<crypto::Hash>>> roots(std::vector<crypto::Subtree> subtrees);
    [[nodiscard]] asio::awaitable<bool> whole(std::string_view body, Content content, Status status = status::ok,
                                              std::string_view extra = {});
    [[nodiscard]] asio::awaitable<bool> write(ByteView bytes);

    Stream& stream_;
    Site& site_;
    KeeperLink& link_;
    std::shared_ptr<const Source> source_;
    bool keep_alive_;
    bool head_only_;
    Stream::Clock::time_point until_ = Stream::Clock::time_point::max();
};

}  // namespace amana::front
