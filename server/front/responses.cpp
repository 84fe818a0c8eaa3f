// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/responses.hpp"

#include "base/require.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace amana::front {

namespace {

// IMF-fixdate, floored to the minute: a fine clock is a fingerprint of the machine.
std::string coarse_date()
{
    const auto now = std::time(nullptr);
    return fmt::format("{:%a, %d %b %Y %H:%M:00 GMT}", fmt::gmtime(now));
}

constexpr std::string_view fixed_headers =
    "Cache-Control: no-store\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Embedder-Policy: require-corp\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), "
    "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "publickey-credentials-get=(), screen-wake-lock=(), usb=(), web-share=(), xr-spatial-tracking=()\r\n";
constexpr std::string_view strict_transport = "Strict-Transport-Security: max-age=63072000\r\n";

}  // namespace

Status status_of(web::Problem problem)
{
    switch (problem) {
    case web::Problem::empty_story:
    case web::Problem::short_story:
    case web::Problem::long_story:
    case web::Problem::long_answer:
    case web::Problem::wrong_encoding: return status::unprocessable;
    case web::Problem::too_large:
    case web::Problem::too_many_parts: return status::too_large;
    case web::Problem::storage_full: return status::insufficient_storage;
    case web::Problem::closed:
    case web::Problem::busy:
    case web::Problem::crowded: return status::unavailable;
    case web::Problem::not_found: return status::not_found;
    case web::Problem::misdirected: return status::misdirected;
    case web::Problem::bad_request: return status::bad_request;
    case web::Problem::timed_out: return status::request_timeout;
    case web::Problem::internal: return status::internal;
    case web::Problem::method_not_allowed: return status::method_not_allowed;
    }
    return status::internal;
}

std::string bare(Status status, bool keep_alive, std::string_view extra)
{
    // RFC 9110, 8.6: none of a 204.
    const std::string_view length = status.code == status::no_content.code ? "" : "Content-Length: 0\r\n";
    return fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n{}Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n{}{}\r\n", status.code, status.reason,
                       coarse_date(), length, keep_alive ? "" : "Connection: close\r\n", extra);
}

Responses::Responses(const web::Pages& pages, const AddressLines& address)
{
    std::string own;
    if (address.strict_transport) own += strict_transport;
    if (!address.onion_location.empty()) own += "Onion-Location: " + address.onion_location + "\r\n";
    const auto set = [&](Content content, std::string_view type, std::string_view policy) {
        const bool framed = content == Content::line;
        common_.at(static_cast<std::size_t>(content)) =
            fmt::format("Content-Type: {}\r\nContent-Security-Policy: {}; frame-ancestors {}\r\nX-Frame-Options: {}\r\n{}{}", type, policy,
                        framed ? "'self'" : "'none'", framed ? "SAMEORIGIN" : "DENY", fixed_headers, own);
    };
    constexpr std::string_view html = "text/html; charset=utf-8";
    constexpr std::string_view nothing = "default-src 'none'; form-action 'none'; base-uri 'none'";
    const auto page = fmt::format("default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; form-action 'self'; base-uri 'none'; "
                                  "require-trusted-types-for 'script'; trusted-types 'none'",
                                  pages.script_hash(), pages.style_hash());
    set(Content::page, html, page);
    set(Content::again, html, page + "; frame-src 'self'");
    set(Content::line, html,
        fmt::format("default-src 'none'; style-src '{}'; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
                    pages.style_hash()));
    // The script from its own file, which the page names with its hash; its worker, and what that fetches and sends, from here alone.
    const auto form = fmt::format(
        "default-src 'none'; script-src '{}' 'self'; worker-src 'self'; connect-src 'self'; frame-src 'self'; style-src '{}'; img-src data:; "
                    "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types amana",
        pages.script_hash(), pages.style_hash());
    set(Content::form, html, form);
    set(Content::inbox, html, form);
    set(Content::script, "text/javascript; charset=utf-8",
        "default-src 'none'; connect-src 'self'; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'");
    set(Content::data, "application/json", nothing);
    set(Content::checker, html, pages.log().checker_policy());
    set(Content::text, "text/plain; charset=utf-8", nothing);
    set(Content::bytes, "application/octet-stream", nothing);
}

std::string Responses::head(Status status, std::uint64_t length, bool keep_alive, std::string_view extra, Content content) const
{
    auto head = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n{}{}{}", status.code, status.reason,
                            coarse_date(), length, lines(content),
                            keep_alive ? "" : "Connection: close\r\n", extra);
    if (content == Content::page || content == Content::form || content == Content::again || content == Content::inbox ||
        content == Content::line) {
        constexpr std::string_view field = "Padding: ";
        const auto without = head.size() + field.size() + 2 + 2;
        require(without <= page_head_bytes, "a page's head longer than all heads are");
        head.append(field).append(page_head_bytes - without, '0').append("\r\n");
    }
    return head += "\r\n";
}

std::string Responses::whole(Status status, std::string_view body, bool keep_alive, bool head_only, std::string_view extra,
                             Content content) const
{
    auto response = head(status, body.size(), keep_alive, extra, content);
    if (!head_only) response += body;
    return response;
}

std::string Responses::page(Status status, const web::StaticPage& page, bool packed, bool keep_alive, bool head_only,
                            std::string_view extra, Content content) const
{
    if (packed) return whole(status, page.packed, keep_alive, head_only, std::string(gzip_line) + std::string(extra), content);
    const auto length = large_size(page.plain.size());
    auto response = head(status, length, keep_alive, extra, content);
    if (!head_only) response.append(page.plain).append(length - page.plain.size(), '\n');
    return response;
}

}  // namespace amana::front
