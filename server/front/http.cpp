// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/http.hpp"

#include "server/wire/site_url.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/impl/basic_parser.hpp>

#include <algorithm>

namespace amana::front {

namespace {

// For a body to reach its speed; a phone's line may be away for a while.
constexpr auto slow_start = std::chrono::seconds(30);

HttpFailure from_io(IoFailure failure)
{
    return failure == IoFailure::timed_out ? HttpFailure::timed_out : HttpFailure::closed;
}

}  // namespace

void RequestParser::on_request_impl(http::verb verb, text, text target, int version, error&)
{
    http11_ = version >= 11;
    request.verb = verb;
    request.target.assign(target.data(), target.size());
}

// Whether "gzip" stands in an Accept-Encoding (RFC 9110, 12.5.3), and not with a weight of nothing.
bool accepts_gzip(std::string_view value)
{
    while (!value.empty()) {
        const auto comma = std::min(value.find(','), value.size());
        auto coding = value.substr(0, comma);
        value.remove_prefix(std::min(comma + 1, value.size()));
        coding.remove_prefix(std::min(coding.find_first_not_of(" \t"), coding.size()));
        const auto end = std::min(coding.find_first_of("; \t"), coding.size());
        if (!boost::beast::iequals(coding.substr(0, end), "gzip")) continue;
        const auto weight = std::min(coding.find("q=", end), coding.find("Q=", end));
        return weight == std::string_view::npos || coding.substr(weight + 2).find_first_of("123456789") != std::string_view::npos;
    }
    return false;
}

namespace {

// Whether a field goes on in a further line (RFC 9112, 5.2). Of one that does, Beast has put the value together elsewhere, or found
// it behind a line end.
bool is_folded(boost::beast::string_view name, boost::beast::string_view value)
{
    const auto* end = name.data() + name.size();
    const auto between = reinterpret_cast<std::uintptr_t>(value.data()) - reinterpret_cast<std::uintptr_t>(end);
    return between > read_buffer_bytes || std::string_view(end, between).find('\r') != std::string_view::npos;
}

}  // namespace

// Whatever a proxy on the way may have read otherwise is refused (RFC 9112, sections 3.2, 5.2, 6.1 and 6.3): a field that stands
// twice or goes on in a further line, a length that isn't one number, a coding that isn't chunked alone. Beast takes unknown codings
// for no body at all.
void RequestParser::on_field_impl(http::field field, text name, text value, error& ec)
{
    if (is_header_done()) aside(name.size() + value.size(), ec);
    else if (++fields_ > max_head_fields) ec = http::error::header_limit;
    if (!ec && is_folded(name, value)) ec = http::error::bad_obs_fold;
    if (ec) return;
    const auto once = [&](bool& seen) {
        if (std::exchange(seen, true)) ec = http::error::bad_value;
    };
    if (field == http::field::host) {
        once(seen_host_);
        request.authority.assign(value.data(), value.size());
        request.host = wire::host_of(request.authority);
        if (request.host.empty() && !request.authority.empty()) ec = http::error::bad_value;
    } else if (field == http::field::content_length) {
        once(seen_length_);
        if (value.find(',') != text::npos) ec = http::error::bad_content_length;
    } else if (field == http::field::transfer_encoding) {
        if (!http11_ || !boost::beast::iequals(value, "chunked")) ec = http::error::bad_transfer_encoding;
    } else if (field == http::field::content_type) {
        once(seen_type_);
        request.content_type.assign(value.data(), value.size());
    } else if (field == http::field::expect) {
        request.expects_continue = http11_ && boost::beast::iequals(value, "100-continue");
    } else if (field == http::field::accept_encoding) {
        request.accepts_gzip = request.accepts_gzip || accepts_gzip({value.data(), value.size()});
    }
    if (!forwarded_.empty() && boost::beast::iequals(name, text(forwarded_.data(), forwarded_.size()))) source_->read({value.data(), value.size()});
}

// The form that is sent to proxies names the host once more (RFC 9112, 3.2.2), and two that differ are a trick.
bool RequestParser::takes_target()
{
    std::string_view target = request.target;
    if (target.starts_with('/') || target == "*") return true;
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos || !(boost::beast::iequals(target.substr(0, scheme), "http") || boost::beast::iequals(target.substr(0, scheme), "https"))) return false;
    target.remove_prefix(scheme + 3);
    const auto end = std::min(target.find_first_of("/?"), target.size());
    const auto host = wire::host_of(target.substr(0, end));
    if (host.empty() || host != request.host || !boost::beast::iequals(target.substr(0, end), request.authority)) return false;
    const auto path = target.substr(end);
    request.target = (path.starts_with('/') ? "" : "/") + std::string(path);
    return true;
}

void RequestParser::on_header_impl(error& ec)
{
    if ((http11_ && !seen_host_) || !takes_target()) ec = http::error::bad_value;
    if (const auto length = content_length()) request.content_length = *length;
}

std::size_t RequestParser::on_body_impl(text piece, error&)
{
    body = {piece.data(), piece.size()};
    return piece.size();
}

void RequestParser::aside(std::size_t bytes, error& ec)
{
    asides_bytes_ += bytes;
    if (bytes > max_aside_bytes || asides_bytes_ > max_asides_bytes) ec = http::error::bad_chunk_extension;
}

void RequestParser::on_chunk_header_impl(std::uint64_t, text extensions, error& ec)
{
    aside(extensions.size(), ec);
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, text piece, error& ec)
{
    return on_body_impl(piece, ec);
}

void RequestParser::on_finish_impl(error&) {}

// False when its turn did not come in time.
asio::awaitable<bool> HttpReader::take_buffer(Stream::Clock::time_point until)
{
    place_ = co_await limits_.requests().take(source_, stream_.bell(), until);
    if (!place_) co_return false;
    buffer_ = SecretBuffer(read_buffer_bytes);
    co_return true;
}

void HttpReader::drop_buffer()
{
    begin_ = end_ = 0;
    buffer_ = SecretBuffer();
    place_.reset();
}

// What is answered, however slowly its answer is read, needs none.
void HttpReader::drop_buffer_when_done()
{
    if (parser_->is_done() && begin_ == end_) drop_buffer();
}

Stream::Clock::time_point HttpReader::body_deadline() const
{
    if (unwanted_ && limits_.requests().waiting() > 0) return body_begun_ + config_.header_timeout;
    const auto until = std::min(body_begun_ + config_.body_timeout, Stream::Clock::now() + config_.idle_timeout);
    if (!limits_.crowded()) return until;
    return std::min(until, body_begun_ + slow_start + std::chrono::seconds(body_bytes_ / config_.slowest));
}

asio::awaitable<Result<void, HttpFailure>> HttpReader::more()
{
    // Parsed bytes make room for new ones, and are wiped at once.
    if (begin_ > 0) {
        std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
        wipe(buffer_.span().subspan(end_ - begin_, begin_));
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) co_return HttpFailure::malformed;
    const auto count = co_await stream_.read(buffer_.span().subspan(end_));
    if (!count) co_return from_io(count.error());
    end_ += *count;
    co_return Result<void, HttpFailure>();
}

// One step of the parser over what the buffer holds.
Result<void, HttpFailure> HttpReader::parse()
{
    if (end_ - begin_ < parser_->least()) return {};
    boost::beast::error_code error;
    const auto taken = parser_->put(asio::buffer(buffer_.data() + begin_, end_ - begin_), error);
    begin_ += taken;
    if (error == http::error::header_limit) return HttpFailure::head_too_large;
    if (error && error != http::error::need_more) return HttpFailure::malformed;
    return {};
}

asio::awaitable<Result<Request, HttpFailure>> HttpReader::head(Stream::Clock::duration patience)
{
    forwarded_.clear();
    parser_.emplace(forwarded_name_, &forwarded_);
    parser_->header_limit(max_head_bytes);
    parser_->body_limit(boost::none);
    idle_ = true;
    stream_.set_deadline(Stream::Clock::now() + patience);
    const bool fresh = begin_ == end_;
    if (fresh) {
        drop_buffer();
        if (const auto ready = co_await stream_.readable(); !ready) co_return from_io(ready.error());
    }
    const auto deadline = Stream::Clock::now() + config_.header_timeout;
    stream_.set_deadline(deadline);
    if (fresh) {
        const bool taken = co_await take_buffer(deadline);
        if (!taken) co_return HttpFailure::timed_out;
    } else {
        const auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);
    }
    while (!parser_->is_header_done()) {
        if (begin_ == end_ || parser_->got_some()) {
            if (const auto got = co_await more(); !got) {
                // A connection that ends before the first byte is only that.
                co_return parser_->got_some() || got.error() != HttpFailure::closed ? got.error() : HttpFailure::closed;
            }
        }
        idle_ = false;
        if (const auto parsed = parse(); !parsed) co_return parsed.error();
    }
    if (parser_->upgrade() && parser_->request.verb == http::verb::connect) co_return HttpFailure::malformed;
    body_begun_ = Stream::Clock::now();
    body_bytes_ = 0;
    unwanted_ = false;
    ++requests_;
    drop_buffer_when_done();
    co_return parser_->request;
}

asio::awaitable<Result<ByteView, HttpFailure>> HttpReader::body()
{
    parser_->body = {};
    bool fresh = begin_ < end_;
    while (!parser_->is_done() && parser_->body.empty()) {
        if (!fresh) {
            stream_.set_deadline(body_deadline());
            const auto before = end_ - begin_;
            if (const auto got = co_await more(); !got) co_return got.error();
            body_bytes_ += end_ - begin_ - before;
        }
        const auto before = begin_;
        if (const auto parsed = parse(); !parsed) co_return parsed.error();
        fresh = begin_ != before && begin_ < end_;
    }
    if (parser_->body.empty()) drop_buffer_when_done();
    co_return as_bytes(parser_->body);
}

// Who sent the next request before this one's answer keeps nobody waiting for it: it may come again. And a source is not kept
// beyond its key's time.
bool HttpReader::keeps_alive() const
{
    if (!parser_ || !parser_->is_done() || !parser_->keep_alive()) return false;
    return requests_ < config_.max_requests && limits_.sources().recent(*source_) && (begin_ == end_ || limits_.requests().waiting() == 0);
}

}  // namespace amana::front
