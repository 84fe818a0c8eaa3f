// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/session.hpp"

#include "base/require.hpp"
#include "server/front/again.hpp"
#include "server/front/arrival.hpp"
#include "server/front/greeting.hpp"
#include "server/front/inbox_visit.hpp"
#include "server/front/log_answer.hpp"
#include "server/front/outbox_answer.hpp"
#include "server/front/receipt_card.hpp"
#include "server/front/sealed_answer.hpp"
#include "web/escape.hpp"

#include <algorithm>
#include <array>

namespace amana::front {

namespace {

constexpr auto write_timeout = std::chrono::seconds(60);
constexpr std::chrono::seconds last_request{2};  // for the beginning of the last one, while draining
// base64url (RFC 4648, section 5).
constexpr std::string_view token_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// For a data: address. False, and `out` useless, when it does not fit.
bool append_percent_encoded(SecretText& out, std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        const auto byte = static_cast<Byte>(c);
        const std::array encoded{'%', digits[byte >> 4], digits[byte & 15]};
        if (!out.append(plain ? std::string_view(&c, 1) : std::string_view(encoded.data(), encoded.size()))) return false;
    }
    return true;
}

}  // namespace

Session::Session(std::shared_ptr<Stream> stream, Common& common, Listener& listener, KeeperLink& link, std::shared_ptr<Connections::Seat> seat,
                 const bool& draining)
    : stream_(std::move(stream)), common_(common), listener_(listener), site_(&listener.nobody()), link_(link), seat_(std::move(seat)),
      source_(seat_->source()), draining_(draining), reader_(*stream_, common.config, common.limits, source_, listener.config().forwarded),
      out_(*stream_, reader_, *site_, draining)
{
}

// Who has just come, or is about to send on a kept connection, would see an error if it closed at once.
void Session::drain()
{
    if (!link_.alive()) stream_->ring();
    if (greeted_ && reader_.idle()) stream_->hasten(Stream::Clock::now() + last_request);
}

void Session::comes_from(std::shared_ptr<const Source> source)
{
    seat_->comes_from(source);
    source_ = std::move(source);
    reader_.comes_from(source_);
}

asio::awaitable<void> Session::run()
{
    Greeting greeting(*stream_, listener_, common_, *seat_);
    greeted_ = co_await greeting.done();
    comes_from(seat_->source());
    bool going_on = greeted_;
    while (going_on) {
        seat_->touch();
        const auto request = co_await reader_.head(draining_ ? std::min(last_request, common_.config.idle_timeout) : common_.config.idle_timeout);
        seat_->touch();
        if (request) going_on = co_await let_in(*request);
        else going_on = co_await out_.refuse(request.error(), {});
    }
    co_await stream_->close();
}

asio::awaitable<bool> Session::serve(const Request& request)
{
    if (request.target.starts_with(log_prefix)) co_return co_await serve_log(request);
    if (const auto* outbox = find_outbox_route(request.target)) {
        OutboxAnswer answer(*stream_, reader_, *site_, link_, source_, draining_);
        co_return co_await answer.serve(*outbox, request);
    }
    if (const auto* file = site_->files.find(request.target)) co_return co_await serve_file(request, *file);
    const auto route = find_route(request.target);
    const bool known = route && (route->page == Page::index || site_->pages.speaks(route->language));
    if (known && route->page == Page::report && request.verb == http::verb::post)
        co_return co_await receive_report(request, route->language);
    if (known && route->page == Page::inbox && request.verb == http::verb::post) {
        InboxVisit visit(*stream_, reader_, *site_, link_, seat_, out_, route->language);
        co_return co_await visit.serve(request);
    }

    // One that waits to be asked for its body would wait for us, and we for it.
    if (!request.expects_continue) co_await drop_body(reader_, max_dropped_small);
    const bool head_only = request.verb == http::verb::head;
    if (!known) co_return co_await out_.problem({}, web::Problem::not_found, status::not_found, head_only);
    if (!reads_too(route->page) || (request.verb != http::verb::get && !head_only)) {
        const auto allow = "Allow: " + std::string(allowed(route->page)) + "\r\n";
        co_return co_await out_.problem(route->language, web::Problem::method_not_allowed, status::method_not_allowed,
                                        head_only, allow);
    }
    co_return co_await serve_page(*route, query_of(request.target), head_only);
}

asio::awaitable<bool> Session::serve_file(const Request& request, const PublicFile& file)
{
    if (!request.expects_continue) co_await drop_body(reader_, max_dropped_small);
    const bool head_only = request.verb == http::verb::head;
    if (request.verb != http::verb::get && !head_only)
        co_return co_await out_.send(site_->responses.whole(status::method_not_allowed, {}, out_.keep_alive(), false, "Allow: GET, HEAD\r\n", Content::text));
    const bool packed = out_.packed() && !file.packed.empty();
    const auto& body = packed ? file.packed : file.plain;
    const bool more = out_.keep_alive();
    const auto head = site_->responses.head(status::ok, body.size(), more, packed ? gzip_line : std::string_view(), file.content);
    // Not copied: there may be as many readers as connections.
    stream_->set_deadline(Stream::Clock::now() + write_timeout);
    auto written = co_await stream_->write(as_bytes(head));
    if (written && !head_only) written = co_await stream_->write(as_bytes(body));
    co_return written && more;
}

asio::awaitable<bool> Session::serve_log(const Request& request)
{
    if (!request.expects_continue) co_await drop_body(reader_, max_dropped_small);
    LogAnswer answer(*stream_, *site_, link_, seat_->source(), out_.keep_alive(), request.verb == http::verb::head);
    if (request.verb != http::verb::get && request.verb != http::verb::head)
        co_return co_await answer.refuse(status::method_not_allowed, "Allow: GET, HEAD\r\n");
    const auto route = find_log_route(request.target);
    if (!route) co_return co_await answer.refuse(status::not_found);
    co_return co_await answer.serve(*route);
}

web::FormState Session::form_state() const
{
    return {site_->common.gate.step() > 0, site_->common.room.room()};
}

web::StaticPage Session::form_page(std::string_view language) const
{
    const auto state = form_state();
    const auto token = site_->common.gate.form_token();
    const std::array<std::string_view, 2> holes{token, token};
    return site_->pages.form(language, state).filled(std::span(holes).first(state.pressed ? 2 : 1), out_.packed());
}

// Keeps the place of this token, and says where it is. In calm it is everybody's turn. One that is not good, as after a restart,
// has no place, and its form is to be sent all the same: it comes back with another.
web::StaticPage Session::line_page(std::string_view language, std::string_view token) const
{
    const auto& page = site_->pages.line(language);
    const bool ours = token.size() == web::token_text_bytes && token.find_first_not_of(token_letters) == std::string_view::npos;
    const auto shown = ours ? token : web::no_token;
    if (site_->common.gate.step() == 0) return page.called.filled(std::array{shown}, out_.packed());
    const auto standing = site_->common.gate.ask(token, source_->id().value);
    if (!standing) return page.stale;
    if (standing->called) return page.called.filled(std::array{shown}, out_.packed());
    const auto before = page.number(standing->before);
    const auto minutes = page.number(static_cast<std::uint64_t>((standing->about + std::chrono::seconds(59)) / std::chrono::minutes(1)));
    return page.waiting.filled(std::array<std::string_view, 3>{shown, before, minutes}, out_.packed());
}

asio::awaitable<bool> Session::serve_page(const Route& route, std::string_view query, bool head_only)
{
    const auto page = [&](Status status, const web::StaticPage& html, Content content = Content::page) {
        return out_.page(status, html, content, head_only);
    };
    switch (route.page) {
    case Page::index: co_return co_await page(status::ok, site_->pages.index());
    case Page::form: {
        // Honest before anything is typed: without a valid key nothing can be sealed.
        if (!site_->common.keys.sealing_keys(site_->common.clock()))
            co_return co_await page(status::unavailable, site_->pages.problem(route.language, web::Problem::closed));
        if (site_->common.room.full())
            co_return co_await page(status::insufficient_storage, site_->pages.problem(route.language, web::Problem::storage_full));
        const auto form = form_page(route.language);
        co_return co_await page(status::ok, form, Content::form);
    }
    case Page::line: {
        const auto place = line_page(route.language, query);
        co_return co_await page(status::ok, place, Content::line);
    }
    case Page::inbox: co_return co_await page(status::ok, site_->pages.inbox(route.language).page, Content::inbox);
    case Page::help: co_return co_await page(status::ok, site_->pages.help(route.language));
    case Page::received: co_return co_await page(status::ok, site_->pages.received(route.language, false));
    case Page::received_urgent: co_return co_await page(status::ok, site_->pages.received(route.language, true));
    case Page::form_without_slash:
        co_return co_await out_.redirect(status::permanent_redirect, "/" + std::string(route.language) + "/");
    case Page::report: break;  // not read: serve() has said so
    }
    co_return false;
}

asio::awaitable<bool> Session::receive_report(const Request& request, std::string_view language)
{
    if (request.content_type == sealed_type) {
        SealedAnswer answer(*stream_, reader_, *site_, link_, seat_, draining_);
        co_return co_await answer.serve(request);
    }
    Arrival arrival(*stream_, reader_, *site_, link_, seat_);
    const bool comes = co_await arrival.to_send(request);
    if (!comes) co_return co_await out_.problem(language, arrival.problem().value_or(web::Problem::internal));
    const Intake::Page from{query_of(request.target), crypto::sha256(site_->common.keys.root)};
    Intake intake(*arrival.admitted(), link_, arrival.recipients(), arrival.form(), site_->pages.questionnaire(), arrival.files(), from);
    if (arrival.problem()) intake.refuse(*arrival.problem());
    const auto body = co_await arrival.read(intake);
    switch (body) {
    case Arrival::Body::whole: break;
    case Arrival::Body::too_large: co_return co_await out_.problem(language, web::Problem::too_large);
    case Arrival::Body::failed: co_return co_await out_.refuse(arrival.failure(), language);
    }
    const auto problem = co_await intake.finish();
    if (!problem) {
        arrival.stored();
        co_return co_await thank(intake, language, request.authority);
    }
    // What could not be held can't be given back, and the page must not say that it was.
    if (!intake.kept_all()) co_return co_await out_.problem(language, *problem);
    const auto token = arrival.token_again();
    const auto state = form_state();
    const auto again = [&] {
        return FormAgain(site_->pages.form_again(language, state), intake.answers(), *problem, intake.problem_field(), intake.wishes(), token);
    };
    co_return co_await out_.made(again, FormAgain::piece_bytes, status_of(*problem), Content::again);
}

// A code and a proof are shown once, in the answer itself: no address leads to them.
asio::awaitable<bool> Session::thank(const Intake& intake, std::string_view language, std::string_view authority)
{
    const bool urgent = intake.answers().urgent();
    const bool made = !intake.promise().empty();
    const auto proof = made ? web::Proof::made : intake.wishes().proof ? web::Proof::none : web::Proof::unasked;
    const bool receipt = intake.receipt().has_value();
    if (!receipt && proof == web::Proof::unasked) {
        if (!draining_) co_return co_await out_.redirect(status::see_other, "/" + std::string(language) + (urgent ? "/received-2" : "/received-1"));
        // Nobody would answer there any more.
        co_return co_await out_.page(status::ok, site_->pages.received(language, urgent));
    }
    std::vector<ByteView> holes;
    SecretText code(0);
    SecretText picture(0);
    const auto address = inbox_address(site_->url ? site_->url->text() : authority.empty() ? "/" : "https://" + std::string(authority) + "/", language);
    if (receipt) {
        const auto digits = intake.receipt()->digits();
        code = in_groups(digits, site_->pages.inbox(language).digits);
        picture = picture_of(digits);
        holes = {code.view(), as_bytes(address), picture.view(), picture.view()};
    }
    SecretText link(3 * wire::max_promise_bytes);
    SecretText note(6 * wire::max_promise_bytes);
    const bool fits = append_percent_encoded(link, intake.promise()) && web::append_escaped(note, intake.promise());
    require(fits, "a promise longer than it can be");
    if (made) holes.insert(holes.end(), {link.view(), note.view()});
    co_return co_await out_.page(site_->pages.received(language, urgent, receipt, proof), holes);
}

}  // namespace amana::front
