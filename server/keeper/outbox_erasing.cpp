// SPDX-License-Identifier: AGPL-3.0-or-later
// How an inbox is erased in an outbox's file (docs/INBOX.md, section 5).
#include "server/keeper/file_at.hpp"
#include "server/keeper/outbox_file.hpp"

#include <algorithm>

#include <sys/stat.h>

namespace amana::keeper {

namespace {

struct Buckets {
    std::uint32_t first;
    std::uint32_t end;
};

// Of `buckets`, those that an inbox of the key's bucket can be in.
Buckets buckets_of(const ErasedKey& erased, std::uint32_t buckets)
{
    if (erased.buckets > buckets) {
        const auto bucket = erased.bucket / (erased.buckets / buckets);
        return {bucket, bucket + 1};
    }
    const auto each = buckets / erased.buckets;
    return {erased.bucket * each, (erased.bucket + 1) * each};
}

}  // namespace

// Of each slot its first bytes alone; of all their verifiers at once.
Result<std::vector<OutboxFile::Named>> OutboxFile::slots_of(std::uint32_t bucket) const
{
    const auto first = std::uint64_t{bucket} * crypto::bucket_slots;
    std::vector<Named> slots(crypto::bucket_slots);
    ByteArray<crypto::bucket_slots * crypto::hash_bytes> verifiers{};
    if (const auto done = read(note_.verifier_at(first), verifiers); !done) return done.error();
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (const auto done = read(note_.slot_at(first + i), slots[i].name); !done) return done.error();
        std::copy_n(verifiers.begin() + static_cast<std::ptrdiff_t>(i * crypto::hash_bytes), crypto::hash_bytes, slots[i].verifier.begin());
    }
    return slots;
}

Result<std::vector<OutboxFile::Named>> OutboxFile::files() const
{
    Bytes entries(note_.file_count() * crypto::outbox_entry_bytes);  // 960 KiB at most
    if (const auto done = read(note_.entry_at(0), entries); !done) return done.error();
    std::vector<Named> files(note_.file_count());
    auto at = entries.begin();
    for (auto& file : files) {
        std::copy_n(at, crypto::item_bytes, file.name.begin());
        std::copy_n(at + crypto::item_bytes, crypto::hash_bytes, file.verifier.begin());
        at += crypto::outbox_entry_bytes;
    }
    return files;
}

Result<OutboxFile::Found> OutboxFile::find(std::span<const ErasedKey> keys, const Progress& progress) const
{
    Found found;
    if (keys.empty()) return found;
    const auto entries = files();
    if (!entries) return entries.error();
    // One key after the other, those of one bucket together, so that it is read once.
    std::vector<const ErasedKey*> sorted;
    for (const auto& key : keys) sorted.push_back(&key);
    std::sort(sorted.begin(), sorted.end(), [&](const auto* a, const auto* b) { return buckets_of(*a, note_.buckets).first < buckets_of(*b, note_.buckets).first; });
    std::optional<std::uint32_t> bucket;
    std::vector<Named> slots;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (progress && !progress(i, sorted.size())) return Error{"interrupted; nothing was changed", ""};
        const auto& key = sorted[i]->key;
        const auto of_key = [&](const Named& named) { return crypto::verifier(key, named.name) == named.verifier; };
        const auto wanted = buckets_of(*sorted[i], note_.buckets);
        for (auto b = wanted.first; b < wanted.end; ++b) {
            if (bucket != b) {
                auto there = slots_of(b);
                if (!there) return there.error();
                slots = *std::move(there);
                bucket = b;
            }
            for (std::size_t slot = 0; slot < slots.size(); ++slot)
                if (of_key(slots[slot])) found.slots.push_back(std::uint64_t{b} * crypto::bucket_slots + slot);
        }
        for (std::size_t file = 0; file < entries->size(); ++file)
            if (of_key((*entries)[file])) found.files.push_back(file);
    }
    return found;
}

Result<void> OutboxFile::fill_file(std::uint64_t file) const
{
    Bytes noise(crypto::chunk_bytes);
    auto at = note_.file_at(file);
    for (auto left = crypto::answer_file_bytes(note_.class_of(file)); left > 0;) {
        const auto part = MutableBytes(noise).first(std::min<std::uint64_t>(left, noise.size()));
        crypto::random_bytes(part);
        if (const auto written = write(at, part); !written) return written.error();
        at += part.size();
        left -= part.size();
    }
    return {};
}

// First what is to be erased, all but what it is found by; and when that is on disk, the rest. Cut off between, a key that is
// held against the outbox again finds all of it again.
Result<void> OutboxFile::wipe(const Found& found) const
{
    if (found.empty()) return {};
    const auto nobody = crypto::nobodys_key();
    for (const auto slot : found.slots) {
        const auto decoy = crypto::decoy_slot(nobody);
        if (const auto written = write(note_.slot_at(slot) + crypto::item_bytes, ByteView(decoy).subspan(crypto::item_bytes)); !written)
            return written.error();
    }
    for (const auto file : found.files)
        if (const auto filled = fill_file(file); !filled) return filled.error();
    if (const auto synced = to_disk(fd_.get()); !synced) return synced.error();
    const auto put_noise = [&](std::uint64_t at, std::size_t bytes) {
        Bytes noise(bytes);
        crypto::random_bytes(noise);
        return write(at, noise);
    };
    for (const auto slot : found.slots) {
        if (const auto done = put_noise(note_.verifier_at(slot), crypto::hash_bytes); !done) return done.error();
        if (const auto done = put_noise(note_.slot_at(slot), crypto::item_bytes); !done) return done.error();
    }
    for (const auto file : found.files)
        if (const auto done = put_noise(note_.entry_at(file) + crypto::item_bytes, crypto::hash_bytes); !done) return done.error();
    date();
    return to_disk(fd_.get());
}

Result<void> OutboxFile::hold(std::span<const ErasedKey> keys, const Progress& progress) const
{
    const auto found = find(keys, progress);
    if (!found) return found.error();
    return wipe(*found);
}

void OutboxFile::date() const
{
    const timespec day{std::max<UnixTime>(0, note_.expires - outbox_kept_for) / one_day * one_day, 0};
    const timespec times[]{day, day};
    (void)::futimens(fd_.get(), times);
}

}  // namespace amana::keeper
