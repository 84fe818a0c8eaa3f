// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/intake.hpp"

#include "base/require.hpp"
#include "server/wire/room.hpp"

#include <fmt/format.h>

namespace amana::keeper {

namespace {

// One round of cleaning up: as much as fits into a small WAL, so that it works on a disk that is all but full.
constexpr std::size_t clean_up_chunks = 32;
constexpr std::size_t clean_up_uploads = 64;

Error protocol(std::string_view what)
{
    return Error{fmt::format("the front broke the protocol: {}", what), ""};
}

}  // namespace

Intake::Intake(Store& store, SpaceRule space, Promiser promiser, Log log)
    : store_(store), space_(std::move(space)), promiser_(std::move(promiser)), log_(std::move(log))
{
}

Stored<void> Intake::recover()
{
    auto orphans = store_.orphans();
    if (!orphans) return orphans.error();
    to_discard_ = *std::move(orphans);
    recount();
    return {};
}

void Intake::recount()
{
    if (const auto stats = store_.stats(); stats) pending_bytes_ = stats->pending_bytes;
    say_if_room();
}

// --- frames --------------------------------------------------------------------------------------------------------------

Result<void> Intake::handle(Channel& channel, const wire::Frame& frame)
{
    if (!channel.greeted) {
        channel.greeted = true;
        return wire::check_hello(frame);
    }
    const auto found = channel.uploads.find(frame.upload);
    const bool known = found != channel.uploads.end();
    if (frame.kind == wire::Kind::begin) {
        if (known || channel.was_refused(frame.upload)) return protocol("an upload's number came twice");
        return begin(channel, frame.upload);
    }
    const bool over = !known || found->second.accepted_bytes != 0;
    if (over) {
        // Frames under way when a refusal came, and an abort that crossed stored: what is kept stays kept.
        if (frame.kind == wire::Kind::abort || channel.was_refused(frame.upload)) return {};
        return protocol("a frame for an upload that is not under way");
    }
    switch (frame.kind) {
    case wire::Kind::chunk: return chunk(channel, frame, found->second);
    case wire::Kind::finish: return finish(channel, frame, found->second);
    case wire::Kind::abort: abort(channel, frame.upload, found->second); return {};
    case wire::Kind::begin:
    case wire::Kind::hello:
    case wire::Kind::credit:
    case wire::Kind::stored:
    case wire::Kind::refused:
    case wire::Kind::ask:
    case wire::Kind::answer:
    case wire::Kind::room:
    case wire::Kind::pressure:
    case wire::Kind::erase: break;
    }
    return protocol("a frame that is not the front's to send");
}

Result<void> Intake::begin(Channel& channel, wire::UploadId id)
{
    if (channel.uploads.size() >= max_uploads_per_channel || !has_room()) {
        channel.remember_refused(id);
        wire::append_refused(channel.out, id, wire::Refusal::full);
        return {};
    }
    channel.uploads.emplace(id, Upload(random_upload_key()));
    return {};
}

Result<void> Intake::chunk(Channel& channel, const wire::Frame& frame, Upload& upload)
{
    if (++upload.uncredited > wire::upload_window) return protocol("more chunks than there was credit for");
    const auto number = upload.chunks();
    if (!upload.take(frame.body)) {
        refuse(channel, frame.upload, wire::Refusal::invalid);
        return {};
    }
    underway_bytes_ += frame.body.size();
    if (!has_room() || too_large_now(upload)) {
        refuse(channel, frame.upload, wire::Refusal::full);
        return {};
    }
    touch(channel, frame.upload, upload);
    if (const auto staged = store_.stage(upload.key(), number, frame.body); !staged) fail_group(staged.error());
    return {};
}

Result<void> Intake::finish(Channel& channel, const wire::Frame& frame, Upload& upload)
{
    const auto id = frame.upload;
    const auto wants_promise = wire::parse_finish(frame);
    if (!wants_promise) return wants_promise.error();
    const auto envelope = upload.finish();
    if (!envelope) {
        refuse(channel, id, wire::Refusal::invalid);
        return {};
    }
    touch(channel, id, upload);
    upload.accepted_bytes = envelope->size_class;
    if (const auto accepted = store_.accept(*envelope); !accepted) {
        fail_group(accepted.error());
        return {};
    }
    // Made in the open group: no other process can make a batch before this envelope is among what a batch takes. That it
    // is stored counts more than that it is promised.
    if (*wants_promise)
        if (auto promise = promiser_(envelope->leaf); promise && promise->size() <= wire::max_promise_bytes)
            upload.promise = *std::move(promise);
    return {};
}

void Intake::abort(Channel& channel, wire::UploadId id, const Upload& upload)
{
    give_up(upload);
    channel.uploads.erase(id);
}

// --- groups --------------------------------------------------------------------------------------------------------------

void Intake::touch(Channel& channel, wire::UploadId id, Upload& upload)
{
    if (std::exchange(upload.in_group, true)) return;
    touched_.push_back({&channel, id});
}

void Intake::commit()
{
    if (const auto committed = store_.commit(); !committed) {
        fail_group(committed.error());
        return;
    }
    for (const auto& [channel, id] : touched_) {
        const auto found = channel->uploads.find(id);
        if (found == channel->uploads.end()) continue;  // refused or aborted after it was touched
        auto& upload = found->second;
        if (upload.accepted_bytes != 0) {
            settle_account(upload);
            pending_bytes_ += upload.accepted_bytes;
            wire::append_frame(channel->out, wire::Kind::stored, id, as_bytes(upload.promise));
            channel->uploads.erase(found);
            continue;
        }
        wire::append_credit(channel->out, id, std::exchange(upload.uncredited, 0));
        upload.in_group = false;
    }
    if (!touched_.empty()) {
        say_once(failing_, false, "the store works again");
        say_if_room();
    }
    touched_.clear();
}

void Intake::fail_group(const StoreFailure& failure)
{
    store_.roll_back();
    if (failure.full) say_once(short_of_space_, true, "the disk is full: reports are refused until there is space");
    else say_once(failing_, true, failure.error.text());
    for (const auto& [channel, id] : std::exchange(touched_, {}))
        refuse(*channel, id, failure.full ? wire::Refusal::full : wire::Refusal::failed);
}

void Intake::refuse(Channel& channel, wire::UploadId id, wire::Refusal why)
{
    const auto found = channel.uploads.find(id);
    if (found == channel.uploads.end()) return;
    give_up(found->second);
    channel.uploads.erase(found);
    channel.remember_refused(id);
    wire::append_refused(channel.out, id, why);
}

void Intake::settle_account(const Upload& upload)
{
    require(underway_bytes_ >= upload.bytes(), "more bytes end than were under way");
    underway_bytes_ -= upload.bytes();
}

void Intake::give_up(const Upload& upload)
{
    settle_account(upload);
    if (upload.chunks() > 0) to_discard_.push_back(upload.key());
}

void Intake::drop(Channel& channel)
{
    for (const auto& [id, upload] : channel.uploads) {
        require(upload.accepted_bytes == 0, "a channel dropped before its group's commit");
        give_up(upload);
    }
    channel.uploads.clear();
}

Intake::CleanUp Intake::clean_up()
{
    require(touched_.empty(), "cleaning up within a round");
    auto left = to_discard_.size();
    // The chunks bound what is written, the uploads what is asked.
    for (std::size_t budget = clean_up_chunks, uploads = clean_up_uploads; left > 0 && uploads > 0; --uploads) {
        const auto discarded = store_.discard(to_discard_[left - 1], budget);
        if (!discarded) {
            store_.roll_back();
            return CleanUp::failed;
        }
        if (*discarded == budget) break;  // there may be more of this one
        budget -= *discarded;
        --left;
    }
    if (!store_.commit()) {
        store_.roll_back();
        return CleanUp::failed;
    }
    to_discard_.resize(left);
    return to_discard_.empty() ? CleanUp::done : CleanUp::more;
}

// --- space ---------------------------------------------------------------------------------------------------------------

std::optional<std::uint64_t> Intake::room_left() const
{
    const auto needed = space_.reserve_bytes + tick_factor * (pending_bytes_ + underway_bytes_);
    const auto free = space_.free_bytes();
    return free < needed ? std::nullopt : std::optional(free - needed);
}

// By the room that there would be without it: what it takes itself is no reason against it.
bool Intake::too_large_now(const Upload& upload) const
{
    return upload.beyond(wire::largest_class_taken(room() + (1 + tick_factor) * upload.bytes()));
}

bool Intake::has_room()
{
    if (room_left()) return true;
    say_once(short_of_space_, true, "too little space is free: reports are refused until there is more");
    return false;
}

void Intake::say_if_room()
{
    if (short_of_space_ && has_room()) say_once(short_of_space_, false, "there is space again: reports are accepted");
}

void Intake::say_once(bool& said, bool now, std::string_view line)
{
    if (said == now) return;
    said = now;
    log_(line);
}

}  // namespace amana::keeper
