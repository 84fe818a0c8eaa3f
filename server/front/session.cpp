// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/session.hpp"

#include "base/require.hpp"
#include "server/front/admission.hpp"
#include "server/front/again.hpp"
#include "server/front/even_writer.hpp"
#include "server/front/log_answer.hpp"
#include "server/front/sealed_answer.hpp"
#include "web/escape.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>

namespace amana::front {

namespace {

constexpr auto handshake_timeout = std::chrono::seconds(20);
constexpr auto write_timeout = std::chrono::seconds(60);
// What a form may have beside its files: text, part heads, boundaries.
constexpr std::uint64_t form_overhead_bytes = 2 * 1024 * 1024;
// Browsers show an answer only when their upload has been read; beyond this the connection is closed on them.
constexpr std::uint64_t max_dropped_bytes = std::uint64_t{2} << 30;
// base64url (RFC 4648, section 5).
constexpr std::string_view token_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint64_t max_dropped_small = 64 * 1024;

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

Session::Session(std::shared_ptr<Stream> stream, Site& site, KeeperLink& link, std::shared_ptr<Connections::Seat> seat, const bool& draining)
    : stream_(std::move(stream)), site_(site), link_(link), seat_(std::move(seat)), source_(seat_->source()), draining_(draining),
      reader_(*stream_, site.config, site.limits, source_)
{
}

void Session::end_if_idle()
{
    if (reader_.idle()) stream_->cancel();
    else stream_->ring();
}

asio::awaitable<void> Session::run()
{
    stream_->set_deadline(Stream::Clock::now() + handshake_timeout);
    const auto greeted = co_await stream_->handshake(site_.limits.handshakes(), source_);
    bool going_on = greeted && !draining_;
    while (going_on) {
        seat_->touch();
        const auto request = co_await reader_.head();
        seat_->touch();
        if (request) going_on = co_await serve(*request);
        else going_on = co_await refuse(request.error(), {});
    }
    co_await stream_->close();
}

asio::awaitable<bool> Session::refuse(HttpFailure failure, std::string_view language)
{
    switch (failure) {
    case HttpFailure::closed: co_return false;
    case HttpFailure::timed_out:
        if (!reader_.idle()) (void)co_await problem_page(language, web::Problem::timed_out);
        co_return false;
    case HttpFailure::malformed: (void)co_await problem_page(language, web::Problem::bad_request); co_return false;
    case HttpFailure::head_too_large:
        (void)co_await problem_page(language, web::Problem::bad_request, status::head_too_large, false);
        co_return false;
    }
    co_return false;
}

asio::awaitable<bool> Session::send(std::string response)
{
    stream_->set_deadline(Stream::Clock::now() + write_timeout);
    const bool more = keep_alive();
    const auto written = co_await stream_->write(as_bytes(response));
    co_return written && more;
}

asio::awaitable<bool> Session::problem_page(std::string_view language, web::Problem problem, Status status, bool head_only,
                                            std::string_view extra)
{
    co_return co_await send_page(status, site_.pages.problem(language, problem), Content::page, head_only, extra);
}

asio::awaitable<bool> Session::problem_page(std::string_view language, web::Problem problem)
{
    co_return co_await problem_page(language, problem, status_of(problem), false);
}

asio::awaitable<bool> Session::redirect(Status status, std::string location)
{
    co_return co_await send(site_.responses.whole(status, {}, keep_alive(), false, "Location: " + location + "\r\n"));
}

asio::awaitable<bool> Session::serve(const Request& request)
{
    packed_ = request.accepts_gzip;
    if (request.target.starts_with(log_prefix)) co_return co_await serve_log(request);
    if (const auto* file = site_.files.find(request.target)) co_return co_await serve_file(request, *file);
    const auto route = find_route(request.target);
    const bool known = route && (route->page == Page::index || site_.pages.speaks(route->language));
    if (known && route->page == Page::report && request.verb == http::verb::post)
        co_return co_await receive_report(request, route->language);

    // One that waits to be asked for its body would wait for us, and we for it.
    if (!request.expects_continue) co_await drop_body(max_dropped_small);
    const bool head_only = request.verb == http::verb::head;
    if (!known) co_return co_await problem_page({}, web::Problem::not_found, status::not_found, head_only);
    if (allowed(route->page) != reads || (request.verb != http::verb::get && !head_only)) {
        const auto allow = "Allow: " + std::string(allowed(route->page)) + "\r\n";
        co_return co_await problem_page(route->language, web::Problem::method_not_allowed, status::method_not_allowed,
                                        head_only, allow);
    }
    co_return co_await serve_page(*route, query_of(request.target), head_only);
}

asio::awaitable<bool> Session::serve_file(const Request& request, const PublicFile& file)
{
    if (!request.expects_continue) co_await drop_body(max_dropped_small);
    const bool head_only = request.verb == http::verb::head;
    if (request.verb != http::verb::get && !head_only)
        co_return co_await send(site_.responses.whole(status::method_not_allowed, {}, keep_alive(), false, "Allow: GET, HEAD\r\n", Content::text));
    const bool packed = packed_ && !file.packed.empty();
    const auto& body = packed ? file.packed : file.plain;
    const bool more = keep_alive();
    const auto head = site_.responses.head(status::ok, body.size(), more, packed ? gzip_line : std::string_view(), file.content);
    // Not copied: there may be as many readers as connections.
    stream_->set_deadline(Stream::Clock::now() + write_timeout);
    auto written = co_await stream_->write(as_bytes(head));
    if (written && !head_only) written = co_await stream_->write(as_bytes(body));
    co_return written && more;
}

asio::awaitable<bool> Session::serve_log(const Request& request)
{
    if (!request.expects_continue) co_await drop_body(max_dropped_small);
    LogAnswer answer(*stream_, site_, link_, keep_alive(), request.verb == http::verb::head);
    if (request.verb != http::verb::get && request.verb != http::verb::head)
        co_return co_await answer.refuse(status::method_not_allowed, "Allow: GET, HEAD\r\n");
    const auto route = find_log_route(request.target);
    if (!route) co_return co_await answer.refuse(status::not_found);
    co_return co_await answer.serve(*route);
}

web::FormState Session::form_state() const
{
    return {site_.gate.step() > 0, site_.room.room()};
}

web::StaticPage Session::form_page(std::string_view language) const
{
    const auto state = form_state();
    const auto token = site_.gate.form_token();
    const std::array<std::string_view, 2> holes{token, token};
    return site_.pages.form(language, state).filled(std::span(holes).first(state.pressed ? 2 : 1), packed_);
}

// Keeps the place of this token, and says where it is. In calm it is everybody's turn. One that is not good, as after a restart,
// has no place, and its form is to be sent all the same: it comes back with another.
web::StaticPage Session::line_page(std::string_view language, std::string_view token) const
{
    const auto& page = site_.pages.line(language);
    const bool ours = token.size() == web::token_text_bytes && token.find_first_not_of(token_letters) == std::string_view::npos;
    const auto shown = ours ? token : web::no_token;
    if (site_.gate.step() == 0) return page.called.filled(std::array{shown}, packed_);
    const auto standing = site_.gate.ask(token, source_->id().value);
    if (!standing) return page.stale;
    if (standing->called) return page.called.filled(std::array{shown}, packed_);
    const auto before = page.number(standing->before);
    const auto minutes = page.number(static_cast<std::uint64_t>((standing->about + std::chrono::seconds(59)) / std::chrono::minutes(1)));
    return page.waiting.filled(std::array<std::string_view, 3>{shown, before, minutes}, packed_);
}

asio::awaitable<bool> Session::serve_page(const Route& route, std::string_view query, bool head_only)
{
    const auto page = [&](Status status, const web::StaticPage& html, Content content = Content::page) {
        return send_page(status, html, content, head_only);
    };
    switch (route.page) {
    case Page::index: co_return co_await page(status::ok, site_.pages.index());
    case Page::form: {
        // Honest before anything is typed: without a valid key nothing can be sealed.
        if (!site_.keys.sealing_keys(site_.clock()))
            co_return co_await page(status::unavailable, site_.pages.problem(route.language, web::Problem::closed));
        if (site_.room.full())
            co_return co_await page(status::insufficient_storage, site_.pages.problem(route.language, web::Problem::storage_full));
        const auto form = form_page(route.language);
        co_return co_await page(status::ok, form, Content::form);
    }
    case Page::line: {
        const auto place = line_page(route.language, query);
        co_return co_await page(status::ok, place, Content::line);
    }
    case Page::help: co_return co_await page(status::ok, site_.pages.help(route.language));
    case Page::received: co_return co_await page(status::ok, site_.pages.received(route.language, false));
    case Page::received_urgent: co_return co_await page(status::ok, site_.pages.received(route.language, true));
    case Page::form_without_slash:
        co_return co_await redirect(status::permanent_redirect, "/" + std::string(route.language) + "/");
    case Page::report: break;  // not read: serve() has said so
    }
    co_return false;
}

asio::awaitable<void> Session::drop_body(std::uint64_t most)
{
    reader_.unwanted();
    for (std::uint64_t dropped = 0; dropped <= most;) {
        const auto piece = co_await reader_.body();
        if (!piece || piece->empty()) co_return;
        dropped += piece->size();
    }
}

asio::awaitable<bool> Session::receive_report(const Request& request, std::string_view language)
{
    if (request.content_type == sealed_type) {
        SealedAnswer answer(*stream_, reader_, site_, link_, seat_, draining_);
        co_return co_await answer.serve(request);
    }
    auto form = FormReader::create(request.content_type);
    auto recipients = site_.keys.sealing_keys(site_.clock());
    const auto length = request.content_length.value_or(0);
    const auto files = site_.room.files(site_.config.max_files_bytes);
    std::optional<web::Problem> problem;
    if (!form) problem = web::Problem::bad_request;
    else if (!recipients) problem = web::Problem::closed;
    else if (site_.room.full()) problem = web::Problem::storage_full;
    else if (length > files.bytes + form_overhead_bytes) problem = web::Problem::too_large;

    // One that asks first need not send at all. Any other must be read, or its sender never sees the answer; and where
    // there is a form, its text is kept meanwhile, to be given back.
    const bool unread = length > max_dropped_bytes || (problem && request.expects_continue);
    // Who has not had its turn is given the form back, and so is who gets nowhere else: in one of the places that are kept for that.
    const auto token = query_of(request.target);
    std::optional<Line::Ticket> ticket;
    if (!problem) {
        ticket = site_.gate.enter(token);
        if (!ticket) problem = web::Problem::crowded;
    }
    std::optional<Admitted> admitted;
    if (form && !unread) {
        admitted = co_await admit(site_.limits, source_, *stream_, link_, draining_, problem.has_value());
        if (!admitted && !problem) {
            problem = web::Problem::busy;
            ticket.reset();
            admitted = co_await admit(site_.limits, source_, *stream_, link_, draining_, true);
        }
    }
    if (!admitted) {
        if (!unread && !request.expects_continue) co_await drop_body(max_dropped_bytes);
        co_return co_await problem_page(language, problem.value_or(web::Problem::too_large));
    }
    const Connections::Shield shield(seat_);
    const auto executor = co_await asio::this_coro::executor;
    admitted->ends_by([executor, weak = stream_->weak_from_this()] {
        asio::post(executor, [weak] {
            if (const auto stream = weak.lock()) stream->stop_reading();
        });
    });
    if (request.expects_continue) {
        stream_->set_deadline(Stream::Clock::now() + write_timeout);
        const auto written = co_await stream_->write(as_bytes(continue_line));
        if (!written) co_return false;
    }
    Intake intake(std::move(*admitted), link_, std::move(recipients).value_or(std::vector<crypto::XWingPublicKey>()),
                  std::move(*form), site_.pages.questionnaire(), files);
    if (problem) intake.refuse(*problem);
    co_return co_await receive_form(intake, language, std::move(ticket).value_or(Line::Ticket()), token);
}

asio::awaitable<bool> Session::receive_form(Intake& intake, std::string_view language, Line::Ticket ticket, std::string_view token)
{
    for (std::uint64_t received = 0;;) {
        const auto piece = co_await reader_.body();
        if (!piece) co_return co_await refuse(piece.error(), language);
        if (piece->empty()) break;
        received += piece->size();
        if (received > max_dropped_bytes) co_return co_await problem_page(language, web::Problem::too_large);
        co_await intake.take(*piece);
    }
    const auto problem = co_await intake.finish();
    if (!problem) {
        ticket.use();
        site_.gate.stored();
        co_return co_await thank(intake, language);
    }
    // What could not be held can't be given back, and the page must not say that it was.
    if (!intake.kept_all()) co_return co_await problem_page(language, *problem);
    // Who had its turn has it still, for what is mended now; who came too early has its place.
    const bool stands = ticket.of_the_line() || (site_.gate.step() > 0 && site_.gate.ask(token, source_->id().value));
    const auto again = stands ? std::string(token) : site_.gate.form_token();
    ticket = {};
    co_return co_await form_again(language, *problem, intake, again);
}

asio::awaitable<bool> Session::thank(const Intake& intake, std::string_view language)
{
    const auto& pages = site_.pages;
    const bool urgent = intake.answers().urgent();
    const auto page = [&](const web::StaticPage& html) {
        return send_page(status::ok, html);
    };
    // A proof is shown once, in the answer itself: no address leads to it.
    if (!intake.promise().empty()) co_return co_await proof_page(pages.received_with_proof(language, urgent), intake.promise());
    if (intake.wants_proof()) co_return co_await page(pages.received_without_proof(language, urgent));
    if (!draining_) co_return co_await redirect(status::see_other, "/" + std::string(language) + (urgent ? "/received-2" : "/received-1"));
    // Nobody would answer there any more.
    co_return co_await page(pages.received(language, urgent));
}

asio::awaitable<bool> Session::proof_page(const web::ProofPage& page, std::string_view promise)
{
    SecretText link(3 * wire::max_promise_bytes);
    SecretText note(6 * wire::max_promise_bytes);
    const bool fits = append_percent_encoded(link, promise) && web::append_escaped(note, promise);
    require(fits, "a promise longer than it can be");
    const std::array holes{link.view(), note.view()};
    // A proof that were too long for its page would be sent in a plain one.
    const auto packed = page.packed.around(holes);
    if (packed_ && packed) {
        const std::array parts{ByteView(packed->at(0)), holes[0], ByteView(packed->at(1)), holes[1], ByteView(packed->at(2))};
        co_return co_await write_page(web::packed_page_bytes, gzip_line, parts);
    }
    const std::array parts{as_bytes(page.parts[0]), holes[0], as_bytes(page.parts[1]), holes[1], as_bytes(page.parts[2])};
    co_return co_await write_page(large_page_bytes, {}, parts);
}

asio::awaitable<bool> Session::send_page(Status status, const web::StaticPage& page, Content content, bool head_only, std::string_view extra)
{
    if (packed_ || head_only) co_return co_await send(site_.responses.page(status, page, packed_, keep_alive(), head_only, extra, content));
    const std::array parts{as_bytes(page.plain)};
    co_return co_await write_page(large_size(page.plain.size()), extra, parts, status, content, EvenWriter::Holds::public_text);
}

asio::awaitable<bool> Session::write_page(std::uint64_t length, std::string_view extra, std::span<const ByteView> parts, Status status, Content content,
                                          EvenWriter::Holds holds)
{
    const bool more = keep_alive();
    const auto head = site_.responses.head(status, length, more, extra, content);
    EvenWriter writer(*stream_, holds);
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

asio::awaitable<bool> Session::form_again(std::string_view language, web::Problem problem, const Intake& intake, std::string_view token)
{
    const auto state = form_state();
    const auto again = [&] {
        return FormAgain(site_.pages.form_again(language, state), intake.answers(), problem, intake.problem_field(), intake.wants_proof(), token);
    };
    SecretText piece(FormAgain::piece_bytes);
    std::uint64_t length = 0;
    for (auto counted = again(); counted.next(piece);) length += piece.size();

    const bool more = keep_alive();
    const auto head = site_.responses.head(status_of(problem), large_size(length), more, {}, Content::again);
    EvenWriter writer(*stream_);
    bool going_on = co_await writer.put(as_bytes(head));
    auto page = again();
    while (going_on && page.next(piece)) going_on = co_await writer.put(piece.view());
    if (going_on) going_on = co_await writer.pad(large_size(length) - length);
    if (going_on) going_on = co_await writer.finish();
    co_return going_on && more;
}

}  // namespace amana::front
