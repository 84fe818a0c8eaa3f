// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/outbox_answer.hpp"

#include "base/reader.hpp"
#include "server/front/sealed_answer.hpp"

#include <algorithm>

namespace amana::front {

namespace {

constexpr auto write_timeout = std::chrono::seconds(60);
constexpr auto answer_timeout = std::chrono::seconds(120);
constexpr std::string_view later = "Retry-After: 10\r\n";

}  // namespace

bool parse_bucket_request(ByteView body, wire::Ask& ask)
{
    Reader reader(body);
    ask.what = wire::Asked::bucket;
    ask.serial = reader.integer<std::uint64_t>();
    ask.bucket = reader.integer<std::uint32_t>();
    return reader.done();
}

bool parse_file_request(ByteView body, wire::Ask& ask)
{
    Reader reader(body);
    ask.what = wire::Asked::file;
    ask.serial = reader.integer<std::uint64_t>();
    const auto id = reader.bytes(crypto::item_bytes);
    std::ranges::copy(id, ask.file.begin());
    return reader.done();
}

asio::awaitable<bool> OutboxAnswer::write(ByteView bytes)
{
    stream_.set_deadline(std::min(Stream::Clock::now() + write_timeout, until_));
    const auto written = co_await stream_.write(bytes);
    co_return written.has_value();
}

asio::awaitable<bool> OutboxAnswer::whole(std::string_view body, Content content, Status status, std::string_view extra, bool head_only)
{
    const bool more = keep_alive();
    const auto answer = site_.responses.whole(status, body, more, head_only, extra, content);
    const bool written = co_await write(as_bytes(answer));
    co_return written && more;
}

asio::awaitable<bool> OutboxAnswer::refuse(Status status, std::string_view extra, bool head_only)
{
    const auto body = std::to_string(status.code) + " " + std::string(status.reason) + "\n";
    co_return co_await whole(body, Content::text, status, extra, head_only);
}

asio::awaitable<std::optional<Bytes>> OutboxAnswer::read_body(const Request& request)
{
    if (request.expects_continue) {
        const bool written = co_await write(as_bytes(continue_line));
        if (!written) co_return std::nullopt;
    }
    Bytes body;
    for (;;) {
        const auto piece = co_await reader_.body();
        if (!piece || body.size() + piece->size() > crypto::max_erase_bytes) co_return std::nullopt;
        if (piece->empty()) co_return body;
        append(body, *piece);
    }
}

asio::awaitable<bool> OutboxAnswer::serve(const OutboxRoute& route, const Request& request)
{
    const bool head_only = request.verb == http::verb::head;
    const bool only_reads = route.page == OutboxPage::table;
    auto body = co_await read_body(request);
    // What is left of a body that is too long is not read: the connection ends with the answer.
    if (!body) {
        (void)co_await refuse(status::bad_request);
        co_return false;
    }
    if (only_reads ? request.verb != http::verb::get && !head_only : request.verb != http::verb::post) {
        const auto allow = "Allow: " + std::string(route.allow) + "\r\n";
        co_return co_await refuse(status::method_not_allowed, allow, head_only);
    }
    if (!only_reads && request.content_type != sealed_type) co_return co_await refuse(status::unsupported);
    if (only_reads) {
        until_ = Stream::Clock::now() + answer_timeout;
        co_return co_await answer(route.page, *body, head_only);
    }
    // Whoever reads, however slowly, holds a place for two minutes; of a file, for as long as a report may take to come.
    const bool file = route.page == OutboxPage::file;
    const auto place = co_await site_.common.limits.outbox_read(source_, stream_.bell(), file);
    if (!place) co_return co_await refuse(status::unavailable, later, head_only);
    until_ = Stream::Clock::now() + (file ? std::chrono::seconds(site_.common.config.body_timeout) : answer_timeout);
    co_return co_await answer(route.page, *body, head_only);
}

asio::awaitable<bool> OutboxAnswer::answer(OutboxPage page, ByteView body, bool head_only)
{
    wire::Ask ask{};
    switch (page) {
    case OutboxPage::table: co_return co_await table(head_only);
    case OutboxPage::bucket:
        if (!parse_bucket_request(body, ask)) co_return co_await refuse(status::bad_request);
        co_return co_await pieces(ask);
    case OutboxPage::file:
        if (!parse_file_request(body, ask)) co_return co_await refuse(status::bad_request);
        co_return co_await pieces(ask);
    case OutboxPage::erase: co_return co_await erase(body);
    }
    co_return false;
}

asio::awaitable<bool> OutboxAnswer::table(bool head_only)
{
    const auto note = co_await link_.ask({wire::Asked::outbox});
    if (!note) co_return co_await refuse(status::unavailable, later, head_only);
    if (note->empty()) co_return co_await refuse(status::not_found, {}, head_only);
    co_return co_await whole(as_text(*note), Content::text, status::ok, {}, head_only);
}

asio::awaitable<bool> OutboxAnswer::pieces(wire::Ask ask)
{
    OutboxPieces all(link_, ask);
    auto next = co_await all.next();
    if (next == OutboxPieces::Next::gone) co_return co_await refuse(status::conflict);
    if (next != OutboxPieces::Next::piece) co_return co_await refuse(status::unavailable, later);
    const bool more = keep_alive();
    const auto head = site_.responses.head(status::ok, all.length(), more, {}, Content::bytes);
    bool written = co_await write(as_bytes(head));
    while (written && next == OutboxPieces::Next::piece) {
        written = co_await write(all.piece());
        if (written) next = co_await all.next();
    }
    // Cut off, should the outbox be replaced on the way: a whole one is known by its length.
    co_return written && next == OutboxPieces::Next::end && more;
}

asio::awaitable<bool> OutboxAnswer::erase(ByteView body)
{
    if (!crypto::Erase::parse(body, crypto::sha256(site_.common.keys.root))) co_return co_await refuse(status::bad_request);
    const auto erased = co_await link_.erase(Bytes(body.begin(), body.end()));
    switch (erased) {
    case KeeperLink::Erased::done: co_return co_await whole("OK", Content::bytes, status::ok);
    case KeeperLink::Erased::other_outbox: co_return co_await refuse(status::conflict);
    case KeeperLink::Erased::failed: break;
    }
    co_return co_await refuse(status::unavailable, later);
}

}  // namespace amana::front
