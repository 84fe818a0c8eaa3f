// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/sealed_answer.hpp"

#include "base/require.hpp"
#include "crypto/envelope.hpp"
#include "server/front/admission.hpp"
#include "server/front/sealed_passing.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace amana::front {

namespace {

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
constexpr auto write_timeout = std::chrono::seconds(60);
// Longer than a keeper may stay silent: who waits is woken before.
constexpr auto longest_wait = std::chrono::minutes(5);
// Of a body that is not what it should be; a sender of more is none of our pages.
constexpr std::uint64_t max_dropped_bytes = 1024 * 1024;
// What an envelope may hold beside its files.
constexpr std::uint64_t beside_files_bytes = 2 * 1024 * 1024;

crypto::Hash digest_of(const std::vector<crypto::XWingPublicKey>& keys)
{
    crypto::Sha256 hash;
    for (const auto& key : keys) hash.update(key);
    return hash.finish();
}

// Each belongs to an epoch that is not over.
bool still_valid(const crypto::KeySet& set, const std::vector<crypto::XWingPublicKey>& keys, UnixTime now)
{
    return std::all_of(keys.begin(), keys.end(), [&](const auto& key) {
        return std::any_of(set.epochs.begin(), set.epochs.end(),
                           [&](const auto& epoch) { return epoch.key == key && epoch.validity.contains(now); });
    });
}

SealedState state_of(Upload::Outcome outcome)
{
    switch (outcome) {
    case Upload::Outcome::stored: return SealedState::stored;
    case Upload::Outcome::full: return SealedState::full;
    case Upload::Outcome::invalid: return SealedState::bad;
    case Upload::Outcome::failed: return SealedState::failed;
    }
    return SealedState::failed;
}

// Into room that is there already: what grows leaves a copy behind.
void put(Promise& out, std::string_view text)
{
    out.insert(out.end(), text.begin(), text.end());
}

// As a JSON string. A note has no control character but its line ends.
void put_note(Promise& out, ByteView note)
{
    put(out, "\"");
    for (const Byte byte : note) {
        const char c = static_cast<char>(byte);
        if (c == '\n') put(out, "\\n");
        else if (c == '"') put(out, "\\\"");
        else if (c == '\\') put(out, "\\\\");
        else put(out, {&c, 1});
    }
    put(out, "\"");
}

void put_answer(Promise& out, std::string_view state, std::optional<std::uint32_t> have, const Promise& promise,
                std::string_view takes, std::string_view members)
{
    put(out, "{\"state\":\"");
    put(out, state);
    put(out, "\"");
    put(out, members);
    if (have) put(out, ",\"have\":" + std::to_string(*have));
    if (state == name(SealedState::full)) {
        put(out, ",\"takes\":\"");
        put(out, takes);
        put(out, "\"");
    }
    if (state == name(SealedState::stored)) {
        put(out, ",\"promise\":");
        put_note(out, promise);
    }
    put(out, "}");
}

}  // namespace

std::string_view name(SealedState state)
{
    switch (state) {
    case SealedState::more: return "more";
    case SealedState::stored: return "stored";
    case SealedState::again: return "again";
    case SealedState::keys: return "keys";
    case SealedState::busy: return "busy";
    case SealedState::full: return "full";
    case SealedState::closed: return "closed";
    case SealedState::failed: return "failed";
    case SealedState::bad: return "bad";
    case SealedState::price: return "price";
    case SealedState::wait: return "wait";
    case SealedState::turn: return "turn";
    }
    return {};
}

asio::awaitable<bool> SealedAnswer::serve(const Request& request)
{
    const bool invited = co_await invite(request);
    if (!invited) co_return false;
    const bool had_head = co_await read_head();
    if (!had_head) co_return false;
    const auto piece = SealedPiece::parse(ByteView(head_).first(head_filled_), request.content_length.value_or(0));
    std::optional<Told> told;
    if (!piece || !has_shape(*piece)) told = co_await dropped(Told(SealedState::bad));
    else if (piece->asks()) told = toll(*piece).value_or(Told(SealedState::turn));
    else told = co_await take(*piece);
    if (!told) co_return false;
    if (piece && piece->last()) {
        // From where the piece was read; what took longer than this is not waited for again.
        const auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, read_at_ + site_.common.uploads.timing().answer);
        co_await timer.async_wait(tuple);
    }
    co_return co_await send(*told);
}

asio::awaitable<bool> SealedAnswer::invite(const Request& request)
{
    if (!request.expects_continue) co_return true;
    stream_.set_deadline(Stream::Clock::now() + write_timeout);
    const auto written = co_await stream_.write(as_bytes(continue_line));
    co_return written.has_value();
}

// False when the line broke. A body that is shorter leaves the head unfilled.
asio::awaitable<bool> SealedAnswer::read_head()
{
    while (head_filled_ < head_.size()) {
        const auto read = co_await reader_.body();
        if (!read) co_return false;
        if (read->empty()) break;
        const auto count = std::min(read->size(), head_.size() - head_filled_);
        std::copy_n(read->begin(), count, head_.begin() + static_cast<std::ptrdiff_t>(head_filled_));
        head_filled_ += count;
        rest_ = read->subspan(count);
    }
    co_return true;
}

asio::awaitable<bool> SealedAnswer::drop_rest()
{
    reader_.unwanted();
    for (std::uint64_t dropped = 0; dropped <= max_dropped_bytes;) {
        const auto read = co_await reader_.body();
        if (!read) co_return false;
        if (read->empty()) break;
        dropped += read->size();
    }
    read_at_ = SealedUploads::SteadyClock::now();
    co_return true;
}

asio::awaitable<std::optional<SealedAnswer::Told>> SealedAnswer::dropped(Told told)
{
    const bool read = co_await drop_rest();
    if (!read) co_return std::nullopt;
    co_return told;
}

std::optional<SealedAnswer::Told> SealedAnswer::toll(const SealedPiece& piece)
{
    auto& gate = site_.common.gate;
    if (gate.step() == 0) return std::nullopt;
    const auto standing = gate.ask(piece.token(), piece.solution(), seat_->source()->id().value);
    if (!standing) {
        const auto puzzle = gate.puzzle();
        return Told(SealedState::price, 0, {}, fmt::format(R"(,"token":"{}","bits":{})", puzzle.token, puzzle.bits));
    }
    if (standing->called) return std::nullopt;
    const auto seconds = std::chrono::duration<double>(gate.ask_again()).count();
    return Told(SealedState::wait, 0, {},
                fmt::format(R"(,"before":{},"about":{},"seconds":{})", standing->before, standing->about.count(), seconds));
}

// The envelope's length is that of a size class, which no larger report of this site has; a cover body's, of a text.
bool SealedAnswer::has_shape(const SealedPiece& piece) const
{
    const auto slots = site_.common.keys.recipients().size();
    const auto most = crypto::size_class_for(site_.common.config.max_files_bytes + beside_files_bytes, true).value_or(crypto::largest_class);
    return std::any_of(crypto::size_classes.begin(), crypto::size_classes.end(), [&](std::uint64_t padded) {
        return crypto::envelope_bytes(slots, padded) == piece.total() && padded <= most && (!piece.cover() || padded == crypto::text_class);
    });
}

// Why an envelope may not begin.
std::optional<SealedState> SealedAnswer::refusal(const SealedPiece& piece) const
{
    const auto now = site_.common.clock();
    const auto current = site_.common.keys.sealing_keys(now);
    if (!current) return SealedState::closed;
    if (piece.offset() != 0) return SealedState::again;
    if (piece.total() > crypto::envelope_bytes(site_.common.keys.recipients().size(), site_.common.room.largest_class())) return SealedState::full;
    if (digest_of(*current) == piece.keys()) return std::nullopt;
    const auto before = site_.common.keys.sealing_keys(now - one_week);
    if (before && digest_of(*before) == piece.keys() && still_valid(site_.common.keys, *before, now)) return std::nullopt;
    return SealedState::keys;
}

asio::awaitable<std::optional<SealedAnswer::Told>> SealedAnswer::take(const SealedPiece& piece)
{
    using How = SealedUploads::Found::How;
    auto& uploads = site_.common.uploads;
    auto found = uploads.find(piece);
    if (found.how == How::unknown) {
        if (const auto refused = refusal(piece)) co_return co_await dropped(Told(*refused));
        if (auto owed = toll(piece)) co_return co_await dropped(std::move(*owed));
        // Of two requests with one token the other has it meanwhile.
        auto ticket = site_.common.gate.enter(piece.token());
        if (!ticket) co_return co_await dropped(Told(SealedState::busy));
        auto admitted = co_await admit(site_.common.limits, seat_->source(), stream_, link_);
        if (!admitted) co_return co_await dropped(Told(SealedState::busy));
        found = uploads.begin(piece, std::move(*admitted), std::move(*ticket));
    }
    if (found.how == How::differs) co_return co_await dropped(Told(SealedState::bad));
    auto turn = uploads.take_turn(found, piece, seat_);
    if (turn) co_return co_await take_into(*turn, found.upload);
    // It is here already, or on its way; or there is a gap before it, and its sender is told where to go on.
    const bool read = co_await drop_rest();
    if (!read) co_return std::nullopt;
    if (found.how == How::stored) co_return Told(SealedState::stored, 0, std::move(found.promise));
    co_return co_await outcome(found.upload);
}

asio::awaitable<std::optional<SealedAnswer::Told>> SealedAnswer::take_into(SealedUploads::Turn& turn, const SealedUploads::Handle& upload)
{
    bool going_on = turn.append(rest_);
    while (going_on) {
        const auto read = co_await reader_.body();
        if (!read) co_return std::nullopt;
        if (read->empty()) break;
        going_on = turn.append(*read);
    }
    if (!going_on) co_return std::nullopt;
    read_at_ = SealedUploads::SteadyClock::now();
    const auto executor = co_await asio::this_coro::executor;
    switch (turn.give(site_.common.keys.recipients().size())) {
    case SealedUploads::Turn::Given::begun: asio::co_spawn(executor, pass_on(site_.common.uploads, site_.common.gate, upload, link_), asio::detached); break;
    case SealedUploads::Turn::Given::cover: asio::co_spawn(executor, pass_cover(site_.common.uploads, upload, link_), asio::detached); break;
    case SealedUploads::Turn::Given::taken: break;
    case SealedUploads::Turn::Given::overtaken: co_return std::nullopt;
    case SealedUploads::Turn::Given::misshapen: co_return Told(SealedState::bad);
    }
    co_return co_await outcome(upload);
}

asio::awaitable<SealedAnswer::Told> SealedAnswer::outcome(const SealedUploads::Handle& upload)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto timer = std::make_shared<asio::steady_timer>(executor);
    for (;;) {
        timer->expires_after(longest_wait);
        auto standing = site_.common.uploads.standing(upload, timer);
        if (standing.outcome) co_return Told(state_of(*standing.outcome), 0, std::move(standing.promise));
        if (standing.over) co_return Told(SealedState::again);
        if (!standing.passing) co_return Told(SealedState::more, standing.have);
        co_await timer->async_wait(tuple);
    }
}

asio::awaitable<bool> SealedAnswer::send(const Told& told)
{
    const bool more = reader_.keeps_alive() && !draining_;
    const auto head = site_.responses.head(status::ok, sealed_answer_bytes, more, {}, Content::bytes);
    Promise answer;
    answer.reserve(head.size() + sealed_answer_bytes);
    put(answer, head);
    put_answer(answer, name(told.state), told.state == SealedState::more ? std::optional(told.have) : std::nullopt, told.promise,
               site_.common.room.name(), told.members);
    require(answer.size() <= head.size() + sealed_answer_bytes, "an answer longer than all are");
    answer.resize(head.size() + sealed_answer_bytes, ' ');
    stream_.set_deadline(Stream::Clock::now() + write_timeout);
    const auto written = co_await stream_.write(answer);
    co_return written && more;
}

}  // namespace amana::front
