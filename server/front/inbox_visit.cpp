// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/inbox_visit.hpp"

#include "base/require.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace amana::front {

namespace {

constexpr auto write_timeout = std::chrono::seconds(60);
// How often an erasure is begun anew when the outbox was replaced meanwhile.
constexpr int most_tries = 3;
constexpr std::string_view line_end = "\r\n";
constexpr std::size_t most_head_bytes = 4096;

}  // namespace

SafeFileName::SafeFileName(std::string_view name)
{
    // Of a character of several bytes one is left.
    const auto counts = [](char c) { return (static_cast<Byte>(c) & 0xc0U) != 0x80; };
    const auto count = static_cast<std::size_t>(std::ranges::count_if(name, counts));
    // The end says what it is.
    auto dropped = count - std::min(count, most);
    for (const char c : name) {
        if (!counts(c)) continue;
        if (dropped > 0) {
            --dropped;
            continue;
        }
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        room_[size_++] = plain ? c : '_';
    }
    while (begin_ < size_ && room_[begin_] == '.') ++begin_;
    if (begin_ < size_) return;
    constexpr std::string_view nameless = "file";
    std::ranges::copy(nameless, room_.begin());
    begin_ = 0;
    size_ = nameless.size();
}

SafeFileName::~SafeFileName()
{
    wipe({reinterpret_cast<Byte*>(room_.data()), room_.size()});
}

InboxVisit::InboxVisit(Stream& stream, HttpReader& reader, Site& site, KeeperLink& link, std::shared_ptr<Connections::Seat> seat,
                       PageWriter& out, std::string_view language)
    : stream_(stream),
      site_(site),
      link_(link),
      out_(out),
      language_(language),
      pages_(site.pages.inbox(language)),
      root_(crypto::sha256(site.common.keys.root)),
      arrival_(stream, reader, site, link, seat),
      source_(seat->source())
{
}

asio::awaitable<bool> InboxVisit::serve(const Request& request)
{
    const auto token = query_of(request.target);
    opens_ = token.empty();
    bool comes = false;
    if (opens_) comes = co_await arrival_.to_open(request);
    else comes = co_await arrival_.to_send(request);
    if (!comes) {
        const auto problem = arrival_.problem().value_or(web::Problem::internal);
        co_return co_await out_.page(status_of(problem), pages_.problems.at(static_cast<std::size_t>(problem)));
    }
    // Where it came to open an inbox, no file is read.
    const auto files = opens_ ? FilesTaken{0, false} : arrival_.files();
    std::optional<InboxIntake> intake;
    intake.emplace(arrival_.admitted(), link_, arrival_.recipients(), arrival_.form(), files, token, root_);
    if (!opens_ && arrival_.problem()) intake->refuse(*arrival_.problem());
    const auto body = co_await arrival_.read(*intake);
    switch (body) {
    case Arrival::Body::whole: break;
    case Arrival::Body::too_large: co_return co_await out_.problem(language_, web::Problem::too_large);
    case Arrival::Body::failed: co_return co_await out_.refuse(arrival_.failure(), language_);
    }
    co_return co_await answer(intake);
}

asio::awaitable<bool> InboxVisit::answer(std::optional<InboxIntake>& intake)
{
    const auto wish = intake->wish();
    if (!wish) co_return co_await out_.problem(language_, web::Problem::bad_request);
    auto receipt = crypto::Receipt::read(intake->code());
    if (!receipt) {
        const auto fault = receipt.error() == crypto::CodeFault::count ? web::InboxSaid::count : web::InboxSaid::check;
        Shown shown;
        shown.code = intake->code();
        co_return co_await say(fault, shown);
    }
    receipt_.emplace(*std::move(receipt));
    keys_.emplace(receipt_->keys(root_));
    Shown shown;
    shown.code = receipt_->digits();
    switch (*wish) {
    case InboxWish::open: intake.reset(); co_return co_await look();
    case InboxWish::file: {
        const auto number = intake->file();
        intake.reset();
        if (!number) co_return co_await out_.problem(language_, web::Problem::bad_request);
        co_return co_await fetch(*number);
    }
    case InboxWish::send: co_return co_await send(*intake);
    case InboxWish::forget: co_return co_await say(web::InboxSaid::sure, shown);
    case InboxWish::erase: co_return co_await erase(intake);
    }
    co_return false;
}

// --- reading ------------------------------------------------------------------------------------------------------------

// After the pause that every guess takes, and in a place for it, whatever it came for.
asio::awaitable<InboxOpening::Found> InboxVisit::open(InboxOpening& opening)
{
    const bool may = co_await arrival_.may_open();
    if (!may) co_return InboxOpening::Found::failed;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor, site_.common.limits.opening_pause());
    (void)co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return co_await opening.open();
}

asio::awaitable<bool> InboxVisit::look()
{
    Shown shown;
    shown.code = receipt_->digits();
    InboxOpening opening(site_, link_, *keys_);
    const auto found = co_await open(opening);
    switch (found) {
    case InboxOpening::Found::nothing: co_return co_await say(web::InboxSaid::empty, shown);
    case InboxOpening::Found::damaged: co_return co_await say(web::InboxSaid::damaged, shown);
    case InboxOpening::Found::letter:
        shown.opening = &opening;
        co_return co_await say(web::InboxSaid::opened, shown);
    case InboxOpening::Found::failed: break;
    }
    shown.problem = web::Problem::internal;
    co_return co_await say(web::InboxSaid::again, shown);
}

asio::awaitable<bool> InboxVisit::fetch(std::uint64_t number)
{
    Shown shown;
    shown.code = receipt_->digits();
    InboxOpening opening(site_, link_, *keys_);
    const auto found = co_await open(opening);
    if (found == InboxOpening::Found::nothing) co_return co_await say(web::InboxSaid::empty, shown);
    if (found == InboxOpening::Found::letter)
        if (const auto* file = opening.file(number)) co_return co_await send_file(opening, *file);
    if (found != InboxOpening::Found::failed) co_return co_await say(web::InboxSaid::damaged, shown);
    shown.problem = web::Problem::internal;
    co_return co_await say(web::InboxSaid::again, shown);
}

// Read twice: what is not as the letter says is not to be sent, and what was sent can't be taken back.
asio::awaitable<bool> InboxVisit::send_file(InboxOpening& opening, const crypto::AnswerFile& file)
{
    const auto pass_over = [](ByteView) -> asio::awaitable<bool> { co_return true; };
    const bool good = co_await opening.read(file, pass_over);
    if (!good) {
        Shown shown;
        shown.code = receipt_->digits();
        co_return co_await say(web::InboxSaid::damaged, shown);
    }
    arrival_.takes_long();
    const auto until = Stream::Clock::now() + site_.common.config.body_timeout;
    const bool more = out_.keep_alive();
    // The name is the desk's, and may say much: it is put behind the rest of the head, in locked memory.
    auto ours = site_.responses.head(status::ok, file.size, more, {}, Content::bytes);
    ours.resize(ours.size() - line_end.size());
    SecretText head(most_head_bytes);
    const SafeFileName name(file.name);
    for (const auto part : {std::string_view(ours), std::string_view("Content-Disposition: attachment; filename=\""), name.text(), std::string_view("\"\r\n"), line_end})
        require(head.append(part), "a head longer than any is");
    const auto write = [this, until](ByteView bytes) -> asio::awaitable<bool> {
        stream_.set_deadline(std::min(until, Stream::Clock::now() + write_timeout));
        const auto written = co_await stream_.write(bytes);
        co_return written.has_value();
    };
    bool going_on = co_await write(as_bytes(head.text()));
    if (going_on) going_on = co_await opening.read(file, write);
    co_return going_on && more;
}

// --- sending ------------------------------------------------------------------------------------------------------------

// What became of it: nothing once it is durable.
asio::awaitable<std::optional<web::Problem>> InboxVisit::store(InboxIntake& intake)
{
    if (opens_) {
        const bool may = co_await arrival_.send_after_all();
        if (may) intake.admit(*arrival_.admitted());
        else intake.refuse(*arrival_.problem());
    }
    intake.belongs_to(*keys_);
    const auto problem = co_await intake.finish();
    if (!problem) arrival_.stored();
    co_return problem;
}

asio::awaitable<bool> InboxVisit::send(InboxIntake& intake)
{
    Shown shown;
    shown.code = receipt_->digits();
    shown.problem = co_await store(intake);
    if (!shown.problem) co_return co_await say(web::InboxSaid::sent, shown);
    // What could not be held can't be given back.
    if (!intake.kept_all()) co_return co_await say(web::InboxSaid::again, shown);
    shown.text = intake.message();
    co_return co_await say(web::InboxSaid::write, shown);
}

// First the desk is asked, whose next outbox would bring it all back; then it is gone from here.
asio::awaitable<bool> InboxVisit::erase(std::optional<InboxIntake>& intake)
{
    Shown shown;
    shown.code = receipt_->digits();
    shown.problem = co_await store(*intake);
    intake.reset();
    if (!shown.problem) shown.problem = co_await erase_answers();
    co_return co_await say(shown.problem ? web::InboxSaid::sure : web::InboxSaid::erased, shown);
}

asio::awaitable<std::optional<web::Problem>> InboxVisit::erase_answers()
{
    for (int tries = 0; tries < most_tries; ++tries) {
        InboxOpening opening(site_, link_, *keys_);
        const auto found = co_await open(opening);
        if (found == InboxOpening::Found::failed) co_return web::Problem::internal;
        const auto erased = co_await link_.erase(opening.erasure());
        if (erased == KeeperLink::Erased::failed) co_return web::Problem::internal;
        if (erased == KeeperLink::Erased::done) co_return std::nullopt;
    }
    co_return web::Problem::internal;
}

}  // namespace amana::front
