// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/arrival.hpp"

#include "server/front/admission.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace amana::front {

namespace {

constexpr auto write_timeout = std::chrono::seconds(60);
// What a form may have beside its files: text, part heads, boundaries.
constexpr std::uint64_t form_overhead_bytes = 2 * 1024 * 1024;
// What comes to an inbox without a page's token: a code, or a program's message.
constexpr std::uint64_t most_to_open = 256 * 1024;
// While others wait, a place for opening is held for so long, from the body's first byte to the page's last, and where a file is
// fetched; and it is looked again so often.
constexpr std::chrono::seconds opening_held{45};
constexpr std::chrono::seconds file_held{300};
constexpr std::chrono::seconds look_again{5};

}  // namespace

asio::awaitable<void> drop_body(HttpReader& reader, std::uint64_t most)
{
    reader.unwanted();
    for (std::uint64_t dropped = 0; dropped <= most;) {
        const auto piece = co_await reader.body();
        if (!piece || piece->empty()) co_return;
        dropped += piece->size();
    }
}

void Arrival::look_at(const Request& request)
{
    form_ = FormReader::create(request.content_type);
    recipients_ = site_.common.keys.sealing_keys(site_.common.clock());
    files_ = site_.common.room.files(site_.common.config.max_files_bytes);
    token_ = query_of(request.target);
    if (!form_) problem_ = web::Problem::bad_request;
    else if (!recipients_) problem_ = web::Problem::closed;
    else if (site_.common.room.full()) problem_ = web::Problem::storage_full;
    else if (request.content_length.value_or(0) > files_.bytes + form_overhead_bytes) problem_ = web::Problem::too_large;
    // One that asks first need not send at all. Any other must be read, or its sender never sees the answer; and where
    // there is a form, its text is kept meanwhile, to be given back.
    unread_ = request.content_length.value_or(0) > max_dropped_bytes || (problem_ && request.expects_continue);
}

asio::awaitable<bool> Arrival::refused(const Request& request)
{
    if (!unread_ && !request.expects_continue) co_await drop_body(reader_, max_dropped_bytes);
    if (!problem_) problem_ = web::Problem::too_large;
    co_return false;
}

asio::awaitable<bool> Arrival::invite(const Request& request)
{
    shield_.emplace(seat_);
    if (!request.expects_continue) co_return true;
    stream_.set_deadline(Stream::Clock::now() + write_timeout);
    (void)co_await stream_.write(as_bytes(continue_line));  // if it did not arrive, the body does not come
    co_return true;
}

void Arrival::enter()
{
    if (problem_) return;
    ticket_ = site_.common.gate.enter(token_);
    if (!ticket_) problem_ = web::Problem::crowded;
}

asio::awaitable<bool> Arrival::to_send(const Request& request)
{
    look_at(request);
    // Who has not had its turn is given the form back, and so is who gets nowhere else: in one of the places that are kept for that.
    enter();
    if (form_ && !unread_) {
        admitted_ = co_await admit(site_.common.limits, seat_->source(), stream_, link_, problem_.has_value());
        if (!admitted_ && !problem_) {
            problem_ = web::Problem::busy;
            ticket_.reset();
            admitted_ = co_await admit(site_.common.limits, seat_->source(), stream_, link_, true);
        }
    }
    if (!admitted_) co_return co_await refused(request);
    const auto executor = co_await asio::this_coro::executor;
    admitted_->ends_by([executor, weak = stream_.weak_from_this()] {
        asio::post(executor, [weak] {
            if (const auto stream = weak.lock()) stream->stop_reading();
        });
    });
    co_return co_await invite(request);
}

asio::awaitable<bool> Arrival::to_open(const Request& request)
{
    look_at(request);
    most_bytes_ = most_to_open;
    if (request.content_length.value_or(0) > most_bytes_) {
        problem_ = web::Problem::too_large;
        co_return co_await refused(request);
    }
    const bool may = form_ && !unread_ && link_.alive();
    bool opens = false;
    if (may) opens = co_await may_open();
    if (!opens) {
        if (!problem_) problem_ = web::Problem::busy;
        co_return co_await refused(request);
    }
    co_return co_await invite(request);
}

asio::awaitable<bool> Arrival::may_open()
{
    if (opening_) co_return true;
    opening_ = co_await site_.common.limits.opening(seat_->source(), stream_.bell());
    const auto executor = co_await asio::this_coro::executor;
    held_ = std::make_shared<asio::steady_timer>(executor);
    if (opening_) hold(opening_held);
    co_return opening_.has_value();
}

void Arrival::takes_long()
{
    hold(file_held);
}

// Whoever is slow makes room, but only for somebody.
void Arrival::hold(std::chrono::milliseconds at_least)
{
    held_->expires_after(at_least);
    held_->async_wait([this, timer = std::weak_ptr(held_), stream = stream_.weak_from_this()](boost::system::error_code ended) {
        const auto still = timer.lock();
        const auto there = stream.lock();
        if (ended || !still || !there) return;
        if (site_.common.limits.openings_waiting()) there->stop_reading();
        else hold(look_again);
    });
}

asio::awaitable<bool> Arrival::send_after_all()
{
    enter();
    if (problem_) co_return false;
    admitted_ = co_await admit(site_.common.limits, seat_->source(), stream_, link_);
    if (!admitted_) problem_ = web::Problem::busy;
    co_return admitted_.has_value();
}

asio::awaitable<Arrival::Body> Arrival::read(FormIntake& intake)
{
    for (std::uint64_t received = 0;;) {
        const auto piece = co_await reader_.body();
        if (!piece) {
            failure_ = piece.error();
            co_return Body::failed;
        }
        if (piece->empty()) co_return Body::whole;
        received += piece->size();
        if (received > most_bytes_) co_return Body::too_large;
        co_await intake.take(*piece);
    }
}

void Arrival::stored()
{
    if (ticket_) ticket_->use();
    site_.common.gate.stored();
}

std::string Arrival::token_again()
{
    const bool stands = (ticket_ && ticket_->of_the_line()) || (site_.common.gate.step() > 0 && site_.common.gate.ask(token_, seat_->source()->id().value));
    ticket_.reset();
    return stands ? token_ : site_.common.gate.form_token();
}

}  // namespace amana::front
