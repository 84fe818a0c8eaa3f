// SPDX-License-Identifier: AGPL-3.0-or-later
// HTTP/1.1 from a stream: a request's head, then its body piece by piece, both out of one locked buffer. Beast's parser
// does the framing; only what the front acts on is kept of a head. The buffer exists while a request does.
#pragma once

#include "base/secret.hpp"
#include "server/front/forwarded.hpp"
#include "server/front/limits.hpp"
#include "server/front/stream.hpp"
#include "server/wire/slices.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string>

namespace amana::front {

namespace http = boost::beast::http;

inline constexpr std::size_t read_buffer_bytes = 16 * 1024;
inline constexpr std::uint32_t max_head_bytes = 8 * 1024;
inline constexpr std::uint32_t max_head_fields = 64;
// What a chunked body may have beside its chunks: a line's extensions, or a field behind it; and all of them.
inline constexpr std::size_t max_aside_bytes = 256;
inline constexpr std::size_t max_asides_bytes = 4 * 1024;
// To who asks before sending (RFC 9110, 10.1.1).
inline constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

struct Request {
    http::verb verb = http::verb::unknown;
    std::string target;  // what it names of the site: "/" and on
    std::string authority;  // Host, as it was sent; well made, or empty
    std::string host;       // the same in lower case and without its port
    std::string content_type;
    bool expects_continue = false;
    bool accepts_gzip = false;
    std::optional<std::uint64_t> content_length;  // none: chunked, or no body
};

[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);
enum class HttpFailure { closed, timed_out, malformed, head_too_large };

// Beast's parser, keeping what a Request needs and handing on each body piece where it lies.
class RequestParser final : public http::basic_parser<true> {
public:
    // `forwarded`: the header that is read into `source`; empty: none is.
    explicit RequestParser(std::string_view forwarded = {}, Forwarded* source = nullptr) : forwarded_(forwarded), source_(source) {}

    Request request;
    std::string_view body;  // the piece that the last put() found; points into what was put

    // What put() is to be given at the least. Of a chunked body five bytes are always to come, "0" and two line ends; Beast
    // asserts that they do when it looks for its end a second time.
    [[nodiscard]] std::size_t least() const { return is_header_done() && chunked() ? 5 : 1; }

private:
    using text = boost::beast::string_view;
    using error = boost::beast::error_code;
    void on_request_impl(http::verb verb, text method, text target, int version, error& ec) override;
    void on_field_impl(http::field field, text name, text value, error& ec) override;
    void on_header_impl(error& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error&) override {}
    std::size_t on_body_impl(text piece, error& ec) override;
    void on_chunk_header_impl(std::uint64_t size, text extensions, error& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t left, text piece, error& ec) override;
    void on_finish_impl(error& ec) override;
    void on_response_impl(int, text, int, error&) override {}
    [[nodiscard]] bool takes_target();
    std::string_view forwarded_;
    Forwarded* source_;
    bool http11_ = false;
    bool seen_type_ = false;
    bool seen_host_ = false;
    bool seen_length_ = false;
    std::uint32_t fields_ = 0;
    std::size_t asides_bytes_ = 0;
    void aside(std::size_t bytes, error& ec);
};

class HttpReader {
public:
    // `forwarded`: the header by which requests have sources of their own; empty: they have the connection's.
    HttpReader(Stream& stream, const wire::Limits& config, Limits& limits, std::shared_ptr<const Source> source, std::string_view forwarded = {})
        : stream_(stream), config_(config), limits_(limits), source_(std::move(source)), forwarded_name_(forwarded)
    {
    }

    // Whose the connection is from now on.
    void comes_from(std::shared_ptr<const Source> source) { source_ = std::move(source); }
    // What the last head said of its source; until the next one is read.
    [[nodiscard]] Forwarded& forwarded() { return forwarded_; }

    // The next request's head. Waits for its first byte as long as `patience`, and then for its turn of a place in locked memory, without a buffer.
    [[nodiscard]] asio::awaitable<Result<Request, HttpFailure>> head(Stream::Clock::duration patience);
    // The next piece of the body, valid until the next call; empty at its end.
    [[nodiscard]] asio::awaitable<Result<ByteView, HttpFailure>> body();
    // What is left of the body is only read away: while others wait for its buffer's memory it has no longer than a head.
    void unwanted() { unwanted_ = true; }
    // Whether the connection may carry another request once this one's body was read.
    [[nodiscard]] bool keeps_alive() const;
    // Nothing of a request is under way: this is where a connection may be closed without anybody losing anything.
    [[nodiscard]] bool idle() const { return idle_; }

private:
    [[nodiscard]] asio::awaitable<bool> take_buffer(Stream::Clock::time_point until);
    void drop_buffer();
    void drop_buffer_when_done();
    [[nodiscard]] Stream::Clock::time_point body_deadline() const;
    [[nodiscard]] asio::awaitable<Result<void, HttpFailure>> more();
    [[nodiscard]] Result<void, HttpFailure> parse();

    Stream& stream_;
    const wire::Limits& config_;
    Limits& limits_;
    std::shared_ptr<const Source> source_;
    std::string_view forwarded_name_;
    Forwarded forwarded_;
    std::optional<RequestParser> parser_;
    std::optional<Turns::Place> place_;  // for the buffer
    SecretBuffer buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    Stream::Clock::time_point body_begun_;
    std::uint64_t body_bytes_ = 0;  // that came
    std::uint32_t requests_ = 0;
    bool unwanted_ = false;
    bool idle_ = true;
};

}  // namespace amana::front
