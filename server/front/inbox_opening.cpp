// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/inbox_opening.hpp"

#include <algorithm>

namespace amana::front {

namespace {

// How often it is begun anew when the outbox was replaced meanwhile.
constexpr int most_tries = 3;

}  // namespace

asio::awaitable<InboxOpening::Found> InboxOpening::open()
{
    root_ = crypto::sha256(site_.common.keys.root);
    for (int tries = 0; tries < most_tries; ++tries) {
        bool gone = false;
        const auto found = co_await open_once(gone);
        if (!gone) co_return found;
    }
    co_return Found::failed;
}

asio::awaitable<InboxOpening::Found> InboxOpening::open_once(bool& gone)
{
    note_.reset();
    fetched_.clear();
    const auto note = co_await link_.ask({wire::Asked::outbox});
    if (!note) co_return Found::failed;
    if (note->empty()) co_return Found::nothing;
    const auto& courier = site_.common.keys.courier;
    if (!courier.validity.contains(site_.common.clock())) co_return Found::damaged;
    auto parsed = crypto::OutboxNote::parse(*note, site_.common.keys.deployment, courier.key);
    if (!parsed) co_return Found::damaged;
    if (parsed->expires <= site_.common.clock()) co_return Found::nothing;
    note_ = *std::move(parsed);
    bucket_ = crypto::bucket_of(keys_.inbox, note_->buckets);
    wire::Ask ask{wire::Asked::bucket};
    ask.serial = note_->serial;
    ask.bucket = bucket_;
    OutboxPieces pieces(link_, ask);
    for (;;) {
        const auto next = co_await pieces.next();
        if (next == OutboxPieces::Next::end) break;
        gone = next == OutboxPieces::Next::gone;
        if (next != OutboxPieces::Next::piece || pieces.length() != crypto::bucket_reply_bytes) co_return Found::failed;
        append(fetched_, pieces.piece());
    }
    co_return open_bucket();
}

InboxOpening::Found InboxOpening::open_bucket()
{
    const auto slots = ByteView(fetched_).subspan(crypto::answer_slot_bytes);
    const auto& courier = site_.common.keys.courier.key;
    auto letter = crypto::open_letter(slots, keys_, root_, note_->serial, courier);
    if (!letter) return Found::damaged;
    if (!*letter) return Found::nothing;
    letter_.emplace(std::move(**letter));
    if (const auto& key = letter_->notice()) {
        auto notice = crypto::open_notice(ByteView(fetched_).first(crypto::answer_slot_bytes), *key, root_, note_->serial, courier);
        if (!notice) return Found::damaged;
        notice_.emplace(*std::move(notice));
    }
    return Found::letter;
}

const crypto::AnswerFile* InboxOpening::file(std::uint64_t number) const
{
    for (const auto& message : letter_->messages()) {
        if (number < message.files.size()) return &message.files[number];
        number -= message.files.size();
    }
    return nullptr;
}

asio::awaitable<bool> InboxOpening::read(const crypto::AnswerFile& file, const Take& take)
{
    wire::Ask ask{wire::Asked::file};
    ask.serial = note_->serial;
    ask.file = file.id;
    OutboxPieces pieces(link_, ask);
    constexpr auto sealed_bytes = crypto::chunk_bytes + crypto::aead_tag_bytes;
    SecretBuffer chunk(sealed_bytes);
    Locked<crypto::Sha256> hash;
    const auto chunks = file.size_class / crypto::chunk_bytes;
    std::uint64_t left = file.size;
    std::uint64_t counter = 0;
    std::size_t filled = 0;
    for (;;) {
        const auto next = co_await pieces.next();
        if (next == OutboxPieces::Next::end) break;
        if (next != OutboxPieces::Next::piece || pieces.length() != crypto::answer_file_bytes(file.size_class)) co_return false;
        for (auto piece = pieces.piece(); !piece.empty();) {
            const auto count = std::min(piece.size(), sealed_bytes - filled);
            std::copy_n(piece.begin(), count, chunk.data() + filled);
            piece = piece.subspan(count);
            filled += count;
            if (filled < sealed_bytes) break;
            filled = 0;
            const auto plain = chunk.span().first(crypto::chunk_bytes);
            if (!crypto::open_answer_chunk(file.key, counter, counter + 1 == chunks, chunk.view(), plain)) co_return false;
            ++counter;
            const auto said = ByteView(plain).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, plain.size())));
            left -= said.size();
            hash->update(said);
            if (said.empty()) continue;  // padding
            const bool going_on = co_await take(said);
            if (!going_on) co_return false;
        }
    }
    co_return left == 0 && hash->finish() == file.sha256;
}

// It lists nothing: all of the key goes, and its length is to tell nothing.
Bytes InboxOpening::erasure() const
{
    if (note_) return crypto::Erase::sign(keys_.erasure.view(), root_, note_->serial, bucket_, {});
    return crypto::Erase::sign(keys_.erasure.view(), root_, 0, crypto::bucket_of(keys_.inbox, crypto::max_buckets), {});
}

}  // namespace amana::front
