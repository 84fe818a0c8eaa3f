// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/log_answer.hpp"

#include "crypto/checkpoint.hpp"

#include <algorithm>
#include <charconv>

namespace amana::front {

namespace {

constexpr auto write_timeout = std::chrono::seconds(60);
constexpr auto answer_timeout = std::chrono::seconds(120);
constexpr unsigned leaf_level = 0;

// The size that a checkpoint of our own keeper says: its second line.
std::optional<std::uint64_t> size_of(ByteView checkpoint)
{
    const auto text = as_text(checkpoint);
    const auto line = text.find('\n');
    if (line == std::string_view::npos) return std::nullopt;
    std::uint64_t size = 0;
    const auto [rest, error] = std::from_chars(text.data() + line + 1, text.data() + text.size(), size);
    if (error != std::errc() || rest == text.data() + text.size() || *rest != '\n') return std::nullopt;
    return size;
}

}  // namespace

asio::awaitable<bool> LogAnswer::write(ByteView bytes)
{
    stream_.set_deadline(std::min(Stream::Clock::now() + write_timeout, until_));
    const auto written = co_await stream_.write(bytes);
    co_return written.has_value();
}

asio::awaitable<bool> LogAnswer::whole(std::string_view body, Content content, Status status, std::string_view extra)
{
    const auto answer = site_.responses.whole(status, body, keep_alive_, head_only_, extra, content);
    const bool written = co_await write(as_bytes(answer));
    co_return written && keep_alive_;
}

asio::awaitable<bool> LogAnswer::refuse(Status status, std::string_view extra)
{
    const auto body = std::to_string(status.code) + " " + std::string(status.reason) + "\n";
    co_return co_await whole(body, Content::text, status, extra);
}

asio::awaitable<bool> LogAnswer::serve(LogRoute route)
{
    if (route.page == LogPage::index) co_return co_await whole(site_.pages.log().index(), Content::page);
    const auto place = co_await site_.common.limits.log_read(source_, stream_.bell());
    if (!place) co_return co_await refuse(status::unavailable, "Retry-After: 10\r\n");
    // Whoever reads, however slowly, holds a place for two minutes; of a range, for as long as a report may take to come.
    until_ = Stream::Clock::now() + (route.page == LogPage::range ? std::chrono::seconds(site_.common.config.body_timeout) : answer_timeout);
    co_return co_await serve_from_keeper(route);
}

asio::awaitable<bool> LogAnswer::serve_from_keeper(LogRoute route)
{
    switch (route.page) {
    case LogPage::index: break;
    case LogPage::checker: {
        // Without the key in its field it is still of use: a key can be typed.
        const auto key = co_await link_.ask({wire::Asked::verifier});
        std::string_view in_field;
        if (key) in_field = as_text(*key);
        const auto page = site_.pages.log().checker(in_field);
        co_return co_await whole(page, Content::checker);
    }
    case LogPage::key: co_return co_await note(wire::Asked::verifier);
    case LogPage::checkpoint: co_return co_await note(wire::Asked::checkpoint);
    case LogPage::witnessed: co_return co_await note(wire::Asked::witnessed);
    case LogPage::tile: co_return co_await tile(route);
    case LogPage::range: co_return co_await range(route);
    }
    co_return co_await refuse(status::not_found);
}

asio::awaitable<bool> LogAnswer::note(wire::Asked what)
{
    const auto found = co_await link_.ask({what});
    if (!found) co_return co_await refuse(status::unavailable);
    if (found->empty()) co_return co_await refuse(status::not_found);
    auto text = std::string(as_text(*found));
    if (what == wire::Asked::verifier) text += '\n';
    co_return co_await whole(text, Content::text);
}

asio::awaitable<bool> LogAnswer::tile(LogRoute route)
{
    const auto found = co_await link_.ask({wire::Asked::tile, route.level, route.index});
    if (!found) co_return co_await refuse(status::unavailable);
    const auto wanted = route.width * crypto::hash_bytes;
    if (found->size() < wanted) co_return co_await refuse(status::not_found);
    co_return co_await whole(as_text(ByteView(*found).first(wanted)), Content::bytes);
}

asio::awaitable<bool> LogAnswer::range(LogRoute route)
{
    auto checkpoint = co_await link_.ask({wire::Asked::checkpoint});
    if (!checkpoint) co_return co_await refuse(status::unavailable);
    const auto size = size_of(*checkpoint);
    auto plan = crypto::RangePlan::make(route.index, size.value_or(0));
    if (!plan) co_return co_await refuse(status::not_found);

    const auto name = "Content-Disposition: attachment; filename=\"range-" + std::to_string(route.index) + "\"\r\n";
    const auto length = plan->file_bytes(checkpoint->size());
    const auto head = site_.responses.head(status::ok, length, keep_alive_, name, Content::bytes);
    const bool written = co_await write(as_bytes(head));
    if (!written || head_only_) co_return written && keep_alive_;
    // Cut off, should the keeper fail on the way: a whole file is known by its length, and by the root it gives.
    const bool all = co_await range_body(*std::move(plan), *std::move(checkpoint));
    co_return all && keep_alive_;
}

asio::awaitable<bool> LogAnswer::range_body(crypto::RangePlan plan, Bytes checkpoint)
{
    const auto head = plan.head(checkpoint);
    const bool begun = co_await write(head);
    if (!begun) co_return false;
    for (auto at = plan.begin; at < plan.end; at += crypto::tile_hashes) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(crypto::tile_hashes, plan.end - at));
        const auto leaves = co_await hashes({leaf_level, at / crypto::tile_hashes, 0, count});
        if (!leaves) co_return false;
        const bool written = co_await write(*leaves);
        if (!written) co_return false;
    }
    for (const auto* side : {&plan.left, &plan.right}) {
        const auto found = co_await roots(*side);
        if (!found) co_return false;
        const auto bytes = crypto::range_side(*found);
        const bool written = co_await write(bytes);
        if (!written) co_return false;
    }
    co_return true;
}

asio::awaitable<std::optional<Bytes>> LogAnswer::hashes(crypto::TilePart part)
{
    auto tile = co_await link_.ask({wire::Asked::tile, part.level, part.tile});
    const auto first = part.first * crypto::hash_bytes;
    const auto size = part.count * crypto::hash_bytes;
    if (!tile || tile->size() < first + size) co_return std::nullopt;
    const auto wanted = ByteView(*tile).subspan(first, size);
    co_return Bytes(wanted.begin(), wanted.end());
}

asio::awaitable<std::optional<std::vector<crypto::Hash>>> LogAnswer::roots(std::vector<crypto::Subtree> subtrees)
{
    std::vector<crypto::Hash> found;
    for (const auto& subtree : subtrees) {
        const auto below = co_await hashes(crypto::tile_part(subtree));
        if (!below) co_return std::nullopt;
        found.push_back(crypto::complete_root(*below));
    }
    co_return found;
}

}  // namespace amana::front
