// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/page_writer.hpp"

#include "base/require.hpp"

namespace amana::front {

namespace {

constexpr auto write_timeout = std::chrono::seconds(60);

}  // namespace

asio::awaitable<bool> PageWriter::refuse(HttpFailure failure, std::string_view language)
{
    switch (failure) {
    case HttpFailure::closed: co_return false;
    case HttpFailure::timed_out:
        if (!reader_.idle()) (void)co_await problem(language, web::Problem::timed_out);
        co_return false;
    case HttpFailure::malformed: (void)co_await problem(language, web::Problem::bad_request); co_return false;
    case HttpFailure::head_too_large:
        (void)co_await problem(language, web::Problem::bad_request, status::head_too_large, false);
        co_return false;
    }
    co_return false;
}

asio::awaitable<bool> PageWriter::send(std::string response)
{
    stream_.set_deadline(Stream::Clock::now() + write_timeout);
    const bool more = keep_alive();
    const auto written = co_await stream_.write(as_bytes(response));
    co_return written && more;
}

asio::awaitable<bool> PageWriter::redirect(Status status, std::string location)
{
    co_return co_await send(site_->responses.whole(status, {}, keep_alive(), false, "Location: " + location + "\r\n"));
}

asio::awaitable<bool> PageWriter::problem(std::string_view language, web::Problem problem, Status status, bool head_only, std::string_view extra)
{
    co_return co_await page(status, site_->pages.problem(language, problem), Content::page, head_only, extra);
}

asio::awaitable<bool> PageWriter::problem(std::string_view language, web::Problem what)
{
    co_return co_await problem(language, what, status_of(what), false);
}

asio::awaitable<bool> PageWriter::page(Status status, const web::StaticPage& page, Content content, bool head_only, std::string_view extra)
{
    if (packed_ || head_only) co_return co_await send(site_->responses.page(status, page, packed_, keep_alive(), head_only, extra, content));
    const std::array plain{as_bytes(page.plain)};
    co_return co_await parts(large_size(page.plain.size()), extra, plain, status, content, EvenWriter::Holds::public_text);
}

asio::awaitable<bool> PageWriter::page(const web::HoledPage& page, std::span<const ByteView> holes)
{
    const auto filled = [&](const auto& own) {
        std::vector<ByteView> all;
        for (std::size_t i = 0; i < own.size(); ++i) {
            all.push_back(own[i]);
            if (i < holes.size()) all.push_back(holes[i]);
        }
        return all;
    };
    // What were too long for its page is sent in a plain one.
    auto packed = page.packed.around(holes);
    if (packed_ && packed) {
        const auto all = filled(std::vector<ByteView>(packed->begin(), packed->end()));
        const bool served = co_await parts(web::packed_page_bytes, gzip_line, all);
        for (auto& piece : *packed) wipe(piece);  // its checksum is one of what is in the holes, too
        co_return served;
    }
    std::vector<ByteView> own;
    for (const auto& part : page.parts) own.push_back(as_bytes(part));
    const auto all = filled(own);
    co_return co_await parts(large_page_bytes, {}, all);
}

asio::awaitable<bool> PageWriter::parts(std::uint64_t length, std::string_view extra, std::span<const ByteView> parts, Status status, Content content,
                                        EvenWriter::Holds holds)
{
    const bool more = keep_alive();
    const auto head = site_->responses.head(status, length, more, extra, content);
    EvenWriter writer(stream_, holds);
    bool going_on = co_await writer.put(as_bytes(head));
    for (const auto part : parts) {
        if (!going_on) co_return false;
        going_on = co_await writer.put(part);
        length -= part.size();
    }
    if (going_on) going_on = co_await writer.pad(length);
    if (going_on) going_on = co_await writer.finish();
    co_return going_on && more;
}

}  // namespace amana::front
