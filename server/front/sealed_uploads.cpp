// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/sealed_uploads.hpp"

#include "base/require.hpp"
#include "crypto/envelope.hpp"

#include <boost/asio/post.hpp>

namespace amana::front {

class SealedUploads::Entry {
public:
    Entry(const SealedPiece& head, Admitted place, Line::Ticket its_ticket)
        : first(head), admitted(std::move(place)), ticket(std::move(its_ticket)), touched(SteadyClock::now())
    {
    }

    const SealedPiece first;  // whose head all others agree with
    std::optional<Admitted> admitted;
    Line::Ticket ticket;
    Connections::Shield shield;  // of who brings it
    Bytes piece;               // as far as it has come
    std::uint32_t coming = 0;  // its size
    std::uint64_t turn = 0;    // who brings it
    std::uint32_t have = 0;
    bool passing = false;
    bool over = false;
    std::optional<Upload::Outcome> outcome;
    Promise promise;
    SteadyClock::time_point touched;
    // Timers are their threads' own, and threads may end before an upload does: so they are only known of here.
    std::weak_ptr<asio::steady_timer> wake;
    std::vector<std::weak_ptr<asio::steady_timer>> waiting;
};

namespace {

void wake_up(const std::weak_ptr<asio::steady_timer>& sleeping)
{
    const auto timer = sleeping.lock();
    if (!timer) return;
    asio::post(timer->get_executor(), [timer] { timer->cancel(); });
}

// Whether an envelope may begin so: its whole header is in its first piece.
bool is_beginning(ByteView piece, std::size_t slots, std::uint32_t total)
{
    const auto header = crypto::Header::parse(piece);
    return header && header->slots() == slots && crypto::padded_payload(*header, total);
}

}  // namespace

SealedUploads::Found SealedUploads::find_locked(const SealedPiece& piece)
{
    if (const auto found = under_way_.find(piece.upload()); found != under_way_.end()) {
        if (!found->second->first.of_one_envelope(piece)) return {Found::How::differs, {}, {}};
        return {Found::How::under_way, found->second, {}};
    }
    const auto* stored = outcome_locked(piece.upload());
    if (stored == nullptr || stored->until <= SteadyClock::now()) return {};
    if (!stored->piece.of_one_envelope(piece)) return {Found::How::differs, {}, {}};
    return {Found::How::stored, {}, stored->promise};
}

const SealedUploads::Outcome* SealedUploads::outcome_locked(const UploadName& name) const
{
    for (const auto& outcomes : outcomes_)
        if (const auto found = outcomes.by_name.find(name); found != outcomes.by_name.end()) return &found->second;
    return nullptr;
}

SealedUploads::Found SealedUploads::find(const SealedPiece& piece)
{
    const std::lock_guard lock(mutex_);
    return find_locked(piece);
}

SealedUploads::Found SealedUploads::begin(const SealedPiece& piece, Admitted admitted, Line::Ticket ticket)
{
    const std::lock_guard lock(mutex_);
    auto found = find_locked(piece);
    if (found.how != Found::How::unknown) return found;
    found = {Found::How::under_way, std::make_shared<Entry>(piece, std::move(admitted), std::move(ticket)), {}};
    under_way_.emplace(piece.upload(), found.upload);
    found.upload->admitted->ends_by([this, weak = std::weak_ptr(found.upload)] {
        if (const auto upload = weak.lock()) give_way(upload);
    });
    return found;
}

void SealedUploads::give_way(const Handle& upload)
{
    const std::lock_guard lock(mutex_);
    // What is all here is stored in a moment, and its sender told so.
    if (upload->passing && upload->have + upload->coming == upload->first.total()) return;
    end_locked(*upload);
    wake_up(upload->wake);
    wake_waiting_locked(*upload);
}

// Its place is free for another from here on, even while requests still wait to tell its end.
void SealedUploads::end_locked(Entry& entry)
{
    if (entry.over) return;
    entry.over = true;
    entry.passing = false;
    entry.piece = Bytes();
    entry.admitted.reset();
    entry.ticket = {};
    entry.shield = {};
    under_way_.erase(entry.first.upload());
}

std::optional<SealedUploads::Turn> SealedUploads::take_turn(const Found& found, const SealedPiece& piece, const std::shared_ptr<Connections::Seat>& seat)
{
    if (!found.upload) return std::nullopt;
    const std::lock_guard lock(mutex_);
    auto& entry = *found.upload;
    if (entry.over || entry.passing || piece.offset() != entry.have) return std::nullopt;
    entry.piece.clear();
    entry.piece.reserve(piece.size());
    entry.coming = piece.size();
    entry.shield = Connections::Shield(seat);
    entry.touched = SteadyClock::now();
    return Turn(*this, found.upload, ++entry.turn);
}

bool SealedUploads::Turn::append(ByteView bytes)
{
    const std::lock_guard lock(uploads_->mutex_);
    auto& entry = *upload_;
    if (entry.over || entry.passing || entry.turn != number_) return false;
    require(entry.piece.size() + bytes.size() <= entry.coming, "more of a piece than its length");
    amana::append(entry.piece, bytes);
    entry.admitted->received(bytes.size());
    entry.touched = SteadyClock::now();
    return true;
}

SealedUploads::Turn::Given SealedUploads::Turn::give(std::size_t slots)
{
    const std::lock_guard lock(uploads_->mutex_);
    auto& entry = *upload_;
    if (entry.over || entry.passing || entry.turn != number_) return Given::overtaken;
    require(entry.piece.size() == entry.coming, "a piece given before it is whole");
    ++entry.turn;  // nobody's
    entry.shield = {};
    const bool begins = entry.have == 0;
    if (begins && !is_beginning(entry.piece, slots, entry.first.total())) {
        uploads_->end_locked(entry);
        return Given::misshapen;
    }
    entry.passing = true;
    if (entry.first.cover()) {
        // All that a report's costs was spent on it; here it ends.
        entry.piece = Bytes();
        return Given::cover;
    }
    wake_up(entry.wake);
    return begins ? Given::begun : Given::taken;
}

// What was not given is dropped. An upload that has nothing else is not worth its place.
SealedUploads::Turn::~Turn()
{
    if (!upload_) return;
    const std::lock_guard lock(uploads_->mutex_);
    auto& entry = *upload_;
    if (entry.over || entry.passing || entry.turn != number_) return;
    ++entry.turn;
    entry.shield = {};
    entry.piece = Bytes();
    if (entry.have == 0) uploads_->end_locked(entry);
}

SealedUploads::Standing SealedUploads::standing(const Handle& upload, const std::shared_ptr<asio::steady_timer>& timer)
{
    const std::lock_guard lock(mutex_);
    auto& entry = *upload;
    if (entry.passing) entry.waiting.push_back(timer);
    return {entry.passing, entry.over, entry.outcome, entry.have, entry.promise};
}

void SealedUploads::wake_waiting_locked(Entry& entry)
{
    for (const auto& timer : entry.waiting) wake_up(timer);
    entry.waiting.clear();
}

SealedUploads::Next SealedUploads::next(const Handle& upload, const std::shared_ptr<asio::steady_timer>& wake)
{
    const std::lock_guard lock(mutex_);
    auto& entry = *upload;
    entry.wake = wake;
    if (entry.passing) return {std::exchange(entry.piece, Bytes()), {}, false};
    const auto until = entry.touched + timing_.forget;
    if (!entry.over && until <= SteadyClock::now()) end_locked(entry);
    return {{}, until, entry.over};
}

void SealedUploads::passed(const Handle& upload)
{
    const std::lock_guard lock(mutex_);
    auto& entry = *upload;
    entry.have += entry.coming;
    entry.passing = false;
    entry.touched = SteadyClock::now();
    wake_waiting_locked(entry);
}

void SealedUploads::settle(const Handle& upload, Upload::Outcome outcome, std::string_view promise)
{
    const std::lock_guard lock(mutex_);
    auto& entry = *upload;
    entry.outcome = outcome;
    const auto bytes = as_bytes(promise);
    entry.promise.assign(bytes.begin(), bytes.end());
    // The rest is worth another try, from its beginning.
    if (outcome == Upload::Outcome::stored) {
        entry.ticket.use();
        remember_locked(entry.first, promise);
    }
    end_locked(entry);
    wake_waiting_locked(entry);
}

void SealedUploads::remember_locked(const SealedPiece& piece, std::string_view promise)
{
    const auto now = SteadyClock::now();
    auto& [by_name, by_age] = outcomes_.at(piece.cover() ? 1 : 0);
    while (!by_age.empty()) {
        const auto oldest = by_name.find(by_age.front());
        if (by_age.size() < max_outcomes && oldest->second.until > now) break;
        by_name.erase(oldest);
        by_age.pop_front();
    }
    const auto bytes = as_bytes(promise);
    const bool fresh = by_name.insert_or_assign(piece.upload(), Outcome{piece, Promise(bytes.begin(), bytes.end()), now + timing_.remember}).second;
    if (fresh) by_age.push_back(piece.upload());
}

void SealedUploads::forget(const Handle& upload)
{
    const std::lock_guard lock(mutex_);
    end_locked(*upload);
}

const SealedPiece& SealedUploads::first(const Handle& upload)
{
    return upload->first;
}

}  // namespace amana::front
