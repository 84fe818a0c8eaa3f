// SPDX-License-Identifier: AGPL-3.0-or-later
// What a Session does with a request before anything is served to it, and with those to whom nothing is.
#include "server/front/session.hpp"

#include "server/front/arrival.hpp"
#include "server/front/log_routes.hpp"
#include "server/front/report.hpp"
#include "server/wire/mishaps.hpp"

namespace amana::front {

// What is asked of a request before anything is served: where it comes from, where a proxy is to say that, and whom it is for.
asio::awaitable<bool> Session::let_in(const Request& request)
{
    out_.site(*(site_ = &listener_.nobody()));
    out_.packed(request.accepts_gzip);
    if (request.target == health_target) co_return co_await say_healthy(request);
    if (listener_.config().redirect) co_return co_await lead_away(request);
    if (!listener_.config().forwarded.empty() && !takes_forwarded()) co_return co_await out_.refuse(HttpFailure::malformed, {});
    const auto asked = stream_->server_name();
    auto* site = listener_.site_of(request.host);
    if (site == nullptr || (site->url && !asked.empty() && asked != request.host)) {
        if (listener_.behind_proxy() && site == nullptr) report_mishap(wire::mishap::host_unknown, listener_.index());
        (void)co_await out_.problem({}, web::Problem::misdirected, status::misdirected, request.verb == http::verb::head);
        co_return false;
    }
    out_.site(*(site_ = site));
    co_return co_await serve(request);
}

bool Session::takes_forwarded()
{
    auto& forwarded = reader_.forwarded();
    const bool known = forwarded.state() == Forwarded::State::known;
    if (known) comes_from(common_.limits.sources().of(forwarded.source()));
    else report_mishap(forwarded.state() == Forwarded::State::absent ? wire::mishap::forwarded_absent : wire::mishap::forwarded_unreadable, listener_.index());
    forwarded.clear();
    return known;
}

// Says that somebody is there, and no more: no store was asked, and nothing kept. A POST is answered before its body is read, so that
// who sends one slowly sees whether a proxy on the way holds bodies back, or limits them.
asio::awaitable<bool> Session::say_healthy(const Request& request)
{
    const bool only_reads = request.verb == http::verb::get || request.verb == http::verb::head;
    if (!only_reads) {
        auto answer = bare(request.verb == http::verb::post ? status::no_content : status::method_not_allowed);
        (void)co_await out_.send(std::move(answer));
        co_return false;
    }
    if (!request.expects_continue) co_await drop_body(reader_, max_dropped_small);
    auto answer = bare(status::no_content, out_.keep_alive());
    co_return co_await out_.send(std::move(answer));
}

// From plain HTTP to where the site is, and to a page only if it has it: what else was asked for is not said twice in the clear.
std::string Session::way_to_site(const Request& request) const
{
    const auto* site = listener_.site_of(request.host);
    if (site == nullptr || !site->url) return bare(status::misdirected);
    if (request.verb != http::verb::get && request.verb != http::verb::head) return bare(status::method_not_allowed, false, "Allow: GET, HEAD\r\n");
    const auto path = request.target.substr(0, request.target.find('?'));
    const auto route = find_route(path);
    const bool page = route && (route->page == Page::index || site->pages.speaks(route->language));
    const bool ours = page || site->files.find(path) != nullptr || (path.starts_with(log_prefix) && find_log_route(path));
    auto to = site->url->text();
    if (ours) to += path.substr(1);
    return bare(status::permanent_redirect, false, "Location: " + to + "\r\n");
}

asio::awaitable<bool> Session::lead_away(const Request& request)
{
    auto answer = way_to_site(request);
    (void)co_await out_.send(std::move(answer));
    co_return false;
}

}  // namespace amana::front
