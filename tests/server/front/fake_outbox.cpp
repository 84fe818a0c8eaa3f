// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/front/fake_outbox.hpp"

#include "base/reader.hpp"

#include <algorithm>

namespace amana::front::test {

namespace {

using crypto::testing::seeded_bytes;

Bytes courier_seed() { return seeded_bytes("courier", crypto::ed25519_seed_bytes); }

std::optional<Bytes> piece_of(ByteView whole, std::uint64_t index)
{
    const auto at = static_cast<std::size_t>(index) * wire::outbox_piece_bytes;
    if (at >= whole.size()) return Bytes{};
    return Writer().integer(std::uint64_t{whole.size()}).bytes(whole.subspan(at, std::min(wire::outbox_piece_bytes, whole.size() - at))).take();
}

}  // namespace

crypto::testing::Recipient FakeOutbox::desk() { return crypto::testing::Recipient(seeded_bytes("desk", crypto::xwing_secret_bytes)); }

crypto::KeySet FakeOutbox::key_set()
{
    crypto::KeySet keys;
    keys.deployment = "test";
    keys.root = crypto::signing_public_key(seeded_bytes("root", crypto::ed25519_seed_bytes));
    keys.courier = {{0, 2 * one_week}, crypto::signing_public_key(courier_seed())};
    keys.epochs.push_back({"desk", {0, 2 * one_week}, desk().public_key});
    return keys;
}

crypto::Hash FakeOutbox::root() { return crypto::sha256(key_set().root); }

FakeOutbox::FakeOutbox(std::uint64_t its_serial, std::uint32_t its_buckets) : serial(its_serial), buckets(its_buckets)
{
    const auto nobody = crypto::nobodys_key();
    const auto decoy = crypto::decoy_slot(nobody);
    for (std::uint32_t i = 0; i < buckets * crypto::bucket_slots; ++i) append(slots, decoy);
    crypto::random_bytes(notice);
}

void FakeOutbox::put(const crypto::Receipt& receipt, const std::vector<crypto::Message>& messages, const std::string& said, ByteView courier)
{
    const auto seed = courier.empty() ? courier_seed() : Bytes(courier.begin(), courier.end());
    const auto keys = keys_of(receipt);
    crypto::NoticeKey key;
    if (!said.empty()) {
        crypto::random_bytes(key.emplace());
        notice = crypto::seal_notice(*key, root(), serial, seed, 20'000, said).value();
    }
    SecretText text(crypto::max_letter_text_bytes);
    if (!crypto::write_letter(text, messages, key)) throw std::runtime_error("a letter too long");
    const auto letter = crypto::seal_letter(crypto::InboxAddress::of(keys), root(), serial, seed, text.view()).value();
    const auto bucket = crypto::bucket_of(keys.inbox, buckets) * crypto::bucket_bytes;
    for (std::size_t i = 0; i < letter.size(); ++i)
        std::ranges::copy(letter[i], slots.begin() + static_cast<std::ptrdiff_t>(bucket + (3 * i + 1) * crypto::answer_slot_bytes));
}

crypto::AnswerFile FakeOutbox::file(std::string_view name, std::string_view content)
{
    crypto::AnswerFile made;
    made.name = name;
    made.type = "text/plain";
    made.size = content.size();
    made.size_class = crypto::answer_file_class(content.size()).value();
    crypto::random_bytes(made.id);
    crypto::random_bytes(made.key);
    made.sha256 = crypto::sha256(as_bytes(content));
    Bytes padded(content.begin(), content.end());
    padded.resize(made.size_class);
    const auto chunks = made.size_class / crypto::chunk_bytes;
    Bytes& sealed = files[made.id];
    for (std::size_t i = 0; i < chunks; ++i) {
        Bytes out(crypto::sealed_chunk_bytes);
        crypto::seal_answer_chunk(made.key, i, i + 1 == chunks, ByteView(padded).subspan(i * crypto::chunk_bytes, crypto::chunk_bytes), out);
        append(sealed, out);
    }
    return made;
}

std::optional<Bytes> FakeOutbox::answer(const wire::Ask& ask) const
{
    if (ask.what == wire::Asked::outbox) {
        crypto::OutboxNote note;
        note.deployment = "test";
        note.serial = serial;
        note.expires = expires;
        note.buckets = buckets;
        const auto text = note.sign(courier_seed());
        return Bytes(text.begin(), text.end());
    }
    if (ask.serial != serial) return Bytes{};
    if (ask.what == wire::Asked::bucket && ask.bucket < buckets) {
        Bytes whole(notice.begin(), notice.end());
        append(whole, ByteView(slots).subspan(ask.bucket * crypto::bucket_bytes, crypto::bucket_bytes));
        return piece_of(whole, ask.index);
    }
    const auto found = files.find(ask.file);
    if (ask.what == wire::Asked::file && found != files.end()) return piece_of(found->second, ask.index);
    return Bytes{};
}

}  // namespace amana::front::test
