// SPDX-License-Identifier: AGPL-3.0-or-later
// Pages onto one connection, each of one of the two sizes (server/front/responses.hpp), and what else is said briefly.
#pragma once

#include "server/front/even_writer.hpp"
#include "server/front/http.hpp"
#include "server/front/site.hpp"

#include <span>

namespace amana::front {

class PageWriter {
public:
    // True: the connection may go on.
    using Served = bool;

    // `draining`: the thread's own flag.
    PageWriter(Stream& stream, const HttpReader& reader, Site& site, const bool& draining) : stream_(stream), reader_(reader), site_(&site), draining_(draining) {}

    // By which address the request came.
    void site(Site& site) { site_ = &site; }
    // Whether the request's sender can unpack a page.
    void packed(bool can) { packed_ = can; }
    [[nodiscard]] bool packed() const { return packed_; }
    [[nodiscard]] bool keep_alive() const { return reader_.keeps_alive() && !draining_; }

    // Head and body, as they are.
    [[nodiscard]] asio::awaitable<Served> send(std::string response);
    [[nodiscard]] asio::awaitable<Served> redirect(Status status, std::string location);
    // Packed, or in the large size, which is not copied.
    [[nodiscard]] asio::awaitable<Served> page(Status status, const web::StaticPage& page, Content content = Content::page, bool head_only = false,
                                               std::string_view extra = {});
    // The same with secrets in its holes, which go nowhere but onto the line: there is one more part than holes.
    [[nodiscard]] asio::awaitable<Served> page(const web::HoledPage& page, std::span<const ByteView> holes);
    // A page of `length` bytes: the parts, and line ends behind them. Plain parts come to at most one large page.
    [[nodiscard]] asio::awaitable<Served> parts(std::uint64_t length, std::string_view extra, std::span<const ByteView> parts, Status status = status::ok,
                                                Content content = Content::page, EvenWriter::Holds holds = EvenWriter::Holds::secrets);
    [[nodiscard]] asio::awaitable<Served> problem(std::string_view language, web::Problem problem, Status status, bool head_only, std::string_view extra = {});
    [[nodiscard]] asio::awaitable<Served> problem(std::string_view language, web::Problem problem);
    // What there is to say to a request that could not be read.
    [[nodiscard]] asio::awaitable<Served> refuse(HttpFailure failure, std::string_view language);
    // A page of pieces that are made as they are sent: `next` fills them one after another, and begins anew with each call of `begin`.
    template <typename Begin>
    [[nodiscard]] asio::awaitable<Served> made(Begin begin, std::size_t piece_bytes, Status status, Content content);

private:
    Stream& stream_;
    const HttpReader& reader_;
    Site* site_;
    const bool& draining_;
    bool packed_ = false;
};

// Read once to be counted, so that its length is said before it, and once to be sent.
template <typename Begin>
asio::awaitable<bool> PageWriter::made(Begin begin, std::size_t piece_bytes, Status status, Content content)
{
    SecretText piece(piece_bytes);
    std::uint64_t length = 0;
    for (auto counted = begin(); counted.next(piece);) length += piece.size();

    const bool more = keep_alive();
    const auto head = site_->responses.head(status, large_size(length), more, {}, content);
    EvenWriter writer(stream_);
    bool going_on = co_await writer.put(as_bytes(head));
    auto page = begin();
    while (going_on && page.next(piece)) going_on = co_await writer.put(piece.view());
    if (going_on) going_on = co_await writer.pad(large_size(length) - length);
    if (going_on) going_on = co_await writer.finish();
    co_return going_on && more;
}

}  // namespace amana::front
