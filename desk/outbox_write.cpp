// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/outbox_write.hpp"

#include "base/require.hpp"
#include "desk/attachments.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>

#include <unistd.h>

namespace amana::desk {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

// The next of 1, 4, 16, … that is not less.
std::uint32_t up_the_ladder(std::uint32_t count)
{
    std::uint32_t rung = 1;
    while (rung < count) rung *= 4;
    return rung;
}

// A file of the outbox: one of a letter's, or a decoy.
struct Entry {
    crypto::Item id{};
    const PlannedFile* file = nullptr;
};

class OutboxWriter {
public:
    OutboxWriter(OutboxPlan& plan, OutboxWriting writing, DurableFile& file, const Progress& progress)
        : plan_(plan),
          writing_(std::move(writing)),
          messages_(writing_.records),
          file_(file),
          progress_(progress),
          nobody_(crypto::nobodys_key())
    {
    }

    Result<crypto::OutboxNote> write()
    {
        list_files();
        auto& note = writing_.note;
        note.buckets = plan_.buckets;
        // Its length is known, its hash is not.
        const auto note_bytes = note.sign(writing_.courier_seed).size();
        const auto head = crypto::outbox_head_bytes(note_bytes);
        total_ = head + note.body_bytes();
        if (::lseek(file_.fd(), static_cast<off_t>(head), SEEK_SET) < 0) return system_error("can't write the outbox", errno);
        if (const auto written = write_body(); !written) return written.error();
        note.body = hash_.finish();
        const auto signed_note = note.sign(writing_.courier_seed);
        require(signed_note.size() == note_bytes, "a note of another length");
        if (const auto finished = finish(signed_note); !finished) return finished.error();
        return note;
    }

private:
    // Up the ladder, class by class, in ascending order of their ids.
    void list_files()
    {
        for (const auto size_class : crypto::answer_file_classes) {
            std::vector<Entry> entries;
            for (const auto& file : plan_.files)
                if (file.size_class == size_class) entries.push_back({file.id, &file});
            if (entries.empty()) continue;
            entries.resize(up_the_ladder(static_cast<std::uint32_t>(entries.size())));
            for (auto& entry : entries)
                if (entry.file == nullptr) crypto::random_bytes(entry.id);
            std::ranges::sort(entries, {}, &Entry::id);
            writing_.note.files.push_back({size_class, static_cast<std::uint32_t>(entries.size())});
            entries_.insert(entries_.end(), entries.begin(), entries.end());
        }
    }

    Result<void> write_body()
    {
        if (const auto written = write_notice(); !written) return written.error();
        verifiers_.resize(writing_.note.slots() * crypto::hash_bytes);
        crypto::random_bytes(verifiers_);
        auto letter = plan_.letters.begin();
        for (std::uint32_t bucket = 0; bucket < plan_.buckets; ++bucket)
            if (const auto written = write_bucket(bucket, letter); !written) return written.error();
        std::erase_if(plan_.letters, [](const auto& one) { return one.parts == 0; });
        if (const auto written = put(verifiers_); !written) return written.error();
        for (const auto& entry : entries_) {
            crypto::Verifier verifier;
            crypto::random_bytes(verifier);
            if (entry.file != nullptr) verifier = entry.file->verifier;
            if (const auto written = put(entry.id); !written) return written.error();
            if (const auto written = put(verifier); !written) return written.error();
        }
        for (std::size_t i = 0; i < entries_.size(); ++i)
            if (const auto written = write_file(entries_[i], writing_.note.class_of(i)); !written) return written.error();
        return {};
    }

    Result<void> write_notice()
    {
        crypto::AnswerSlot slot;
        crypto::random_bytes(slot);
        if (plan_.notice) {
            const auto message = messages_.open(*plan_.notice);
            if (!message) return message.error();
            crypto::random_bytes(notice_.emplace());
            const auto sealed = crypto::seal_notice(*notice_, writing_.records.root, writing_.note.serial, writing_.courier_seed, message->day, message->text.text());
            if (!sealed) return sealed.error();
            slot = *sealed;
        }
        return put(slot);
    }

    // Its letters, from `letter` on, and decoys, in random places.
    Result<void> write_bucket(std::uint32_t bucket, WipedVector<PlannedLetter>::iterator& letter)
    {
        std::array<std::uint32_t, crypto::bucket_slots> places{};
        std::iota(places.begin(), places.end(), 0);
        for (auto left = static_cast<std::uint32_t>(places.size()); left > 1; --left) std::swap(places[left - 1], places[crypto::random_below(left)]);
        bucket_.resize(crypto::bucket_bytes);
        std::size_t used = 0;
        for (; letter != plan_.letters.end() && crypto::bucket_of(letter->id, plan_.buckets) == bucket; ++letter) {
            const auto address = address_of(writing_.records, writing_.conversations, writing_.conversations.inboxes()[letter->inbox]);
            if (!address) return address.error();
            const auto slots = seal(*letter, *address);
            if (!slots) return slots.error();
            for (const auto& slot : *slots) {
                const auto place = places[used++];
                std::ranges::copy(slot, bucket_.begin() + place * crypto::answer_slot_bytes);
                crypto::Item tag;
                std::copy_n(slot.begin(), tag.size(), tag.begin());
                const auto verifier = crypto::verifier(address->erasure, tag);
                const auto at = (std::size_t{bucket} * crypto::bucket_slots + place) * crypto::hash_bytes;
                std::ranges::copy(verifier, verifiers_.begin() + static_cast<std::ptrdiff_t>(at));
            }
        }
        for (; used < places.size(); ++used) std::ranges::copy(crypto::decoy_slot(nobody_), bucket_.begin() + places[used] * crypto::answer_slot_bytes);
        return put(bucket_);
    }

    // No slot, and no parts, where the reply key is none.
    Result<std::vector<crypto::AnswerSlot>> seal(PlannedLetter& letter, const crypto::InboxAddress& to)
    {
        std::vector<StoredMessage> messages;
        for (std::uint32_t i = 0; i < letter.count; ++i) {
            auto message = messages_.open(plan_.messages[letter.messages + i]);
            if (!message) return message.error();
            messages.push_back(std::move(*message));
        }
        SecretText text(crypto::max_letter_text_bytes);
        const bool fits = write_text(text, messages, std::span(plan_.files).subspan(letter.files, letter.file_count), notice_);
        require(fits, "a planned letter that does not fit");
        auto slots = crypto::seal_letter(to, writing_.records.root, writing_.note.serial, writing_.courier_seed, text.view());
        if (slots) {
            require(slots->size() == letter.parts, "a letter of other parts than planned");
            return slots;
        }
        letter.parts = 0;
        const auto& member = writing_.conversations.members()[writing_.conversations.inboxes()[letter.inbox].member];
        plan_.left_out.push_back({member.leaf, LeftOutWhy::reply_key});
        return std::vector<crypto::AnswerSlot>();
    }

    Result<void> write_file(const Entry& entry, std::uint32_t size_class)
    {
        const auto chunks = size_class / crypto::chunk_bytes;
        SecretBuffer chunk(crypto::sealed_chunk_bytes);
        if (entry.file == nullptr) {
            for (std::uint32_t i = 0; i < chunks; ++i) {
                crypto::random_bytes(chunk.span());
                if (const auto written = put(chunk.view()); !written) return written.error();
            }
            return {};
        }
        const auto message = messages_.open(entry.file->message);
        if (!message) return message.error();
        auto reader = AttachmentReader::open(writing_.paths, message->files.at(entry.file->index));
        if (!reader) return reader.error();
        const auto plain = chunk.span().first(crypto::chunk_bytes);
        for (std::uint32_t i = 0; i < chunks; ++i) {
            if (const auto read = reader->next(plain); !read) return read.error();
            crypto::seal_answer_chunk(entry.file->key, i, i + 1 == chunks, plain, chunk.span());
            if (const auto written = put(chunk.view()); !written) return written.error();
        }
        return {};
    }

    Result<void> put(ByteView bytes)
    {
        hash_.update(bytes);
        done_ += bytes.size();
        progress_(done_, total_);
        return file_.write(bytes);
    }

    // The note in its place, and behind the body the hash of all, which is read again for it.
    Result<void> finish(const std::string& note)
    {
        auto head = crypto::outbox_preamble(note.size());
        append(head, as_bytes(note));
        if (::pwrite(file_.fd(), head.data(), head.size(), 0) != static_cast<ssize_t>(head.size())) return system_error("can't write the outbox", errno);
        if (::lseek(file_.fd(), 0, SEEK_SET) < 0) return system_error("can't read the outbox again", errno);
        crypto::Sha256 all;
        Bytes piece(piece_bytes);
        for (;;) {
            const auto count = read_full(file_.fd(), piece);
            if (!count) return count.error();
            all.update(ByteView(piece).first(*count));
            if (*count < piece.size()) break;
        }
        if (const auto written = file_.write(all.finish()); !written) return written.error();
        if (::fsync(file_.fd()) != 0) return system_error("can't write the outbox to disk", errno);
        return {};
    }

    OutboxPlan& plan_;
    OutboxWriting writing_;
    Messages messages_;
    DurableFile& file_;
    const Progress& progress_;
    const crypto::XWingPublicKey nobody_;
    std::vector<Entry> entries_;
    crypto::NoticeKey notice_;
    Bytes verifiers_;
    Bytes bucket_;
    crypto::Sha256 hash_;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace

Result<crypto::OutboxNote> write_outbox(OutboxPlan& plan, OutboxWriting writing, DurableFile& file, const Progress& progress)
{
    return OutboxWriter(plan, std::move(writing), file, progress).write();
}

}  // namespace amana::desk
