// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/greeting.hpp"

#include "server/front/proxy_header.hpp"
#include "server/front/report.hpp"
#include "server/wire/mishaps.hpp"

namespace amana::front {

namespace {

namespace mishap = wire::mishap;

// Enough to tell what begins there.
constexpr std::size_t look_bytes = 32;
constexpr std::string_view http_here =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 34\r\nCache-Control: no-store\r\n"
    "Connection: close\r\n\r\nType https:// before the address.\n";

std::string_view kind_of(ProxyFailure failure)
{
    switch (failure) {
    case ProxyFailure::other: return mishap::header_absent;
    case ProxyFailure::tls: return mishap::header_absent_tls;
    case ProxyFailure::http: return mishap::header_absent_http;
    case ProxyFailure::malformed: return mishap::header_malformed;
    case ProxyFailure::checksum: return mishap::header_checksum;
    }
    return mishap::header_absent;
}

}  // namespace

void Greeting::amiss(std::string_view kind) const
{
    report_mishap(kind, listener_.index());
}

asio::awaitable<bool> Greeting::done()
{
    stream_.set_deadline(Stream::Clock::now() + handshake_timeout);
    if (listener_.config().proxy) {
        const bool taken = co_await take_header();
        if (!taken) co_return false;
    }
    const bool well = co_await begins_well();
    if (!well) co_return false;
    if (stream_.plain()) co_return true;
    const auto greeted = co_await stream_.handshake(common_.limits.handshakes(), seat_.source());
    co_return greeted.has_value();
}

asio::awaitable<bool> Greeting::take_header()
{
    ProxyHeader header;
    bool begun = false;
    SecretArray<max_proxy_line_bytes> seen;
    while (header.state() == ProxyHeader::State::unfinished) {
        const auto count = co_await stream_.peek(seen.span());
        if (!count || *count == 0) {
            const bool late = !count && count.error() == IoFailure::timed_out;
            if (begun || late) amiss(begun ? mishap::header_cut_off : mishap::header_absent);
            co_return false;
        }
        begun = true;
        const auto taken = header.put(seen.view().first(*count));
        stream_.skip(taken);
    }
    if (header.state() == ProxyHeader::State::failed) {
        amiss(kind_of(header.failure()));
        co_return false;
    }
    if (header.source().ss_family != AF_UNSPEC) seat_.comes_from(common_.limits.sources().of(header.source()));
    co_return true;
}

asio::awaitable<bool> Greeting::begins_well()
{
    ByteArray<look_bytes> seen{};
    const auto count = co_await stream_.peek(seen);
    if (!count || *count == 0) co_return false;
    const auto beginning = beginning_of(ByteView(seen).first(*count));
    wipe(seen);
    switch (beginning) {
    case Beginning::proxy_header:
        amiss(listener_.config().proxy ? mishap::header_twice : mishap::header_unexpected);
        co_return false;
    case Beginning::http:
        if (stream_.plain()) co_return true;
        stream_.say_plainly(http_here);
        amiss(mishap::http_to_tls);
        co_return false;
    case Beginning::tls:
        if (!stream_.plain()) co_return true;
        amiss(mishap::tls_to_plain);
        co_return false;
    case Beginning::other: break;
    }
    co_return true;
}

}  // namespace amana::front
