// SPDX-License-Identifier: AGPL-3.0-or-later
// A stream of bytes through RequestParser, request after request, in any pieces: what HttpReader does, without a connection.
#pragma once

#include "base/bytes.hpp"
#include "base/require.hpp"
#include "server/front/http.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace amana::front::test {

struct ReadRequest {
    http::verb verb = http::verb::unknown;
    std::string target;
    std::string content_type;
    bool expects_continue = false;
    std::optional<std::uint64_t> content_length;
    std::string body;
    bool whole = false;
    bool keeps_alive = false;
    bool operator==(const ReadRequest&) const = default;
};

struct ReadStream {
    enum class End { open, malformed, head_too_large };
    std::vector<ReadRequest> requests;
    End end = End::open;
    bool operator==(const ReadStream&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const ReadStream& stream)
{
    out << "end " << static_cast<int>(stream.end) << ", " << stream.requests.size() << " requests";
    for (const auto& request : stream.requests)
        out << "\n  " << http::to_string(request.verb) << ' ' << request.target << (request.whole ? " whole" : " cut off") << ", body "
            << to_hex(as_bytes(request.body));
    return out;
}

// Parses `stream` cut at the given ascending positions, requests behind one another. `most_waiting`: what may wait to be
// parsed, as in HttpReader's buffer; more is malformed.
inline ReadStream read_stream(std::string_view stream, std::vector<std::size_t> cuts = {}, std::size_t most_waiting = read_buffer_bytes)
{
    ReadStream read;
    std::optional<RequestParser> parser;
    bool head_known = false;
    std::string waiting;
    cuts.push_back(stream.size());
    std::size_t begin = 0;
    const auto begin_request = [&] {
        parser.emplace();
        parser->header_limit(max_head_bytes);
        parser->body_limit(boost::none);
        head_known = false;
    };
    // One step; false when more bytes are needed, or it has failed.
    const auto step = [&] {
        if (waiting.size() < parser->least()) return false;
        boost::beast::error_code error;
        parser->body = {};
        const auto taken = parser->put(boost::asio::buffer(waiting), error);
        if (parser->is_header_done() && !error && !std::exchange(head_known, true)) {
            const auto& request = parser->request;
            read.requests.push_back({request.verb, request.target, request.content_type, request.expects_continue,
                                     request.content_length, {}, false, parser->keep_alive()});
        }
        if (!read.requests.empty()) read.requests.back().body += parser->body;
        waiting.erase(0, taken);
        if (error == http::error::header_limit) read.end = ReadStream::End::head_too_large;
        else if (error && error != http::error::need_more) read.end = ReadStream::End::malformed;
        else if (waiting.size() >= most_waiting) read.end = ReadStream::End::malformed;
        if (read.end != ReadStream::End::open) return false;
        if (parser->is_done()) {
            read.requests.back().whole = true;
            begin_request();
            return !waiting.empty();
        }
        return taken > 0 && !waiting.empty();
    };
    begin_request();
    for (const auto cut : cuts) {
        // In pieces that a buffer could take.
        while (begin < cut) {
            const auto count = std::min(cut - begin, most_waiting - waiting.size());
            waiting += stream.substr(begin, count);
            begin += count;
            while (step()) {}
            if (read.end != ReadStream::End::open) return read;
        }
    }
    return read;
}

}  // namespace amana::front::test
