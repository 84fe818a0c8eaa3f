// SPDX-License-Identifier: AGPL-3.0-or-later
// One answer to a script that reads or erases of the outbox (docs/INBOX.md, section 3). Buckets and files go through piece by piece: the
// next is asked of the keeper when the last was written, so that whoever reads slowly holds one of them.
#pragma once

#include "server/front/http.hpp"
#include "server/front/outbox_pieces.hpp"
#include "server/front/routes.hpp"
#include "server/front/site.hpp"

namespace amana::front {

// The bodies of requests: serial (8) ‖ bucket (4), and serial (8) ‖ file id (16). False for what is none.
[[nodiscard]] bool parse_bucket_request(ByteView body, wire::Ask& ask);
[[nodiscard]] bool parse_file_request(ByteView body, wire::Ask& ask);

class OutboxAnswer {
public:
    OutboxAnswer(Stream& stream, HttpReader& reader, Site& site, KeeperLink& link, std::shared_ptr<const Source> source, const bool& draining)
        : stream_(stream), reader_(reader), site_(site), link_(link), source_(std::move(source)), draining_(draining)
    {
    }

    // True: the connection may go on.
    [[nodiscard]] asio::awaitable<bool> serve(const OutboxRoute& route, const Request& request);

private:
    [[nodiscard]] asio::awaitable<bool> answer(OutboxPage page, ByteView body, bool head_only);
    [[nodiscard]] asio::awaitable<bool> table(bool head_only);
    [[nodiscard]] asio::awaitable<bool> pieces(wire::Ask ask);
    [[nodiscard]] asio::awaitable<bool> erase(ByteView body);
    // All of the body; nothing when it is longer than any such request, or did not come.
    [[nodiscard]] asio::awaitable<std::optional<Bytes>> read_body(const Request& request);
    [[nodiscard]] asio::awaitable<bool> whole(std::string_view body, Content content, Status status, std::string_view extra = {}, bool head_only = false);
    [[nodiscard]] asio::awaitable<bool> refuse(Status status, std::string_view extra = {}, bool head_only = false);
    [[nodiscard]] asio::awaitable<bool> write(ByteView bytes);
    [[nodiscard]] bool keep_alive() const { return reader_.keeps_alive() && !draining_; }

    Stream& stream_;
    HttpReader& reader_;
    Site& site_;
    KeeperLink& link_;
    std::shared_ptr<const Source> source_;
    const bool& draining_;
    Stream::Clock::time_point until_ = Stream::Clock::time_point::max();
};

}  // namespace amana::front
