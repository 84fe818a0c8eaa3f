// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/keeper/outbox_support.hpp"

#include "base/reader.hpp"

#include <algorithm>

namespace amana::keeper::test {

namespace {

void put(Bytes& into, std::uint64_t at, ByteView bytes)
{
    std::copy(bytes.begin(), bytes.end(), into.begin() + static_cast<std::ptrdiff_t>(at));
}

Bytes part(const Bytes& of, std::uint64_t at, std::uint64_t bytes)
{
    const auto view = ByteView(of).subspan(at, bytes);
    return Bytes(view.begin(), view.end());
}

}  // namespace

Owner::Owner(std::uint32_t number)
{
    const auto hash = crypto::sha256(Writer().integer(number).take());
    seed = SecretBuffer::copy_of(hash);
    key = crypto::signing_public_key(seed.view());
    id = crypto::sha256(hash);
}

Bytes Owner::erase(std::uint64_t serial, std::uint32_t buckets, const std::vector<crypto::Item>& items) const
{
    return crypto::Erase::sign(seed.view(), test_root(), serial, crypto::bucket_of(id, buckets), items);
}

crypto::Hash test_root()
{
    return crypto::sha256(crypto::signing_public_key(Bytes(32, 9)));
}

Courier test_courier()
{
    return {"test", crypto::signing_public_key(Bytes(32, 8))};
}

MadeOutbox& MadeOutbox::sign()
{
    note.body = crypto::sha256(body);
    const auto signed_note = note.sign(Bytes(32, courier));
    bytes = crypto::outbox_preamble(signed_note.size());
    append(bytes, as_bytes(signed_note));
    append(bytes, body);
    append(bytes, crypto::sha256(bytes));
    return *this;
}

crypto::Item MadeOutbox::put_letter(const Owner& owner)
{
    auto slot = std::uint64_t{crypto::bucket_of(owner.id, note.buckets)} * crypto::bucket_slots;
    while (taken.contains(slot)) ++slot;
    taken.insert(slot);
    const auto tag = crypto::slot_tag(owner.id, note.serial, parts[owner.id]++);
    put(body, note.slot_at(slot), tag);
    put(body, note.verifier_at(slot), crypto::verifier(owner.key, tag));
    return tag;
}

crypto::Item MadeOutbox::put_file(const Owner& owner, std::uint64_t file)
{
    crypto::Item id{};
    std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(note.entry_at(file)), id.size(), id.begin());
    put(body, note.entry_at(file) + id.size(), crypto::verifier(owner.key, id));
    return id;
}

ByteView MadeOutbox::slot(std::uint64_t number) const
{
    return ByteView(body).subspan(note.slot_at(number), crypto::answer_slot_bytes);
}

ByteView MadeOutbox::verifier_of(std::uint64_t slot) const
{
    return ByteView(body).subspan(note.verifier_at(slot), crypto::hash_bytes);
}

Bytes MadeOutbox::bucket(std::uint32_t number) const
{
    auto fetched = part(body, 0, crypto::answer_slot_bytes);
    append(fetched, part(body, note.slot_at(std::uint64_t{number} * crypto::bucket_slots), crypto::bucket_bytes));
    return fetched;
}

Bytes MadeOutbox::file(std::uint64_t number) const
{
    return part(body, note.file_at(number), crypto::answer_file_bytes(note.class_of(number)));
}

std::filesystem::path MadeOutbox::write(const std::filesystem::path& path) const
{
    write_durable(path, bytes, 0600, DurableFile::Existing::replace).value();
    return path;
}

MadeOutbox make_outbox(std::uint64_t serial, std::uint32_t buckets, std::vector<crypto::OutboxNote::Files> files)
{
    MadeOutbox made;
    made.note.deployment = "test";
    made.note.serial = serial;
    made.note.expires = system_clock()() + one_week;
    made.note.buckets = buckets;
    made.note.files = std::move(files);
    made.body.resize(made.note.body_bytes());
    crypto::random_bytes(made.body);
    std::uint64_t first = 0;
    for (const auto& [size_class, count] : made.note.files) {
        std::vector<crypto::Item> ids(count);
        for (auto& id : ids) crypto::random_bytes(id);
        std::sort(ids.begin(), ids.end());
        for (const auto& id : ids) put(made.body, made.note.entry_at(first++), id);
    }
    return std::move(made.sign());
}

std::size_t places_of(const std::filesystem::path& outbox, const Owner& owner)
{
    const auto file = OutboxFile::open(open_in_place(outbox, Access::read).value(), test_courier()).value();
    const ErasedKey key{owner.key, 0, 1, 0};
    const auto found = file.find({&key, 1}).value();
    return found.slots.size() + found.files.size();
}

}  // namespace amana::keeper::test
