// SPDX-License-Identifier: AGPL-3.0-or-later
// Sealer and opener at every border there is: classes, chunks, wrong use, memory.
#include "tests/crypto/aborts.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

// Calls of operator new in this program: sealing and opening must make none, whatever the size.
std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size)
{
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace amana::crypto::testing {

namespace {

using amana::testing::aborts;

bool full_tier()
{
    const char* tier = std::getenv("AMANA_TIER");
    return tier != nullptr && std::string_view(tier) == "full";
}

const Recipient& recipient(std::size_t i)
{
    static const std::vector<Recipient> all = [] {
        std::vector<Recipient> made;
        for (const auto* name : {"a", "b", "c", "d"}) made.emplace_back(seeded_bytes(name, xwing_secret_bytes));
        return made;
    }();
    return all.at(i);
}

Sealer sealer_for(std::size_t recipients)
{
    std::vector<XWingPublicKey> keys;
    keys.reserve(recipients);
    for (std::size_t i = 0; i < recipients; ++i) keys.push_back(recipient(i).public_key);
    return Sealer::create(keys).value();
}

// The padded payload as this recipient opens it.
Result<Bytes, OpenFailure> open_padded(ByteView envelope, std::size_t by)
{
    const auto header = Header::parse(envelope);
    if (!header) return header.error();
    const RecipientSecret secret = recipient(by).view();
    const auto file_key = unwrap_file_key(*header, {&secret, 1});
    if (!file_key) return file_key.error();
    auto opener = Opener::create(*header, *file_key, envelope.size());
    if (!opener) return opener.error();
    Bytes out;
    auto rest = envelope.subspan(header->size());
    while (!opener->done()) {
        const auto size = opener->next_chunk();
        const auto chunk = opener->open(rest.first(size));
        if (!chunk) return chunk.error();
        append(out, *chunk);
        rest = rest.subspan(size);
    }
    return out;
}

Bytes padded_to(ByteView payload, std::size_t size)
{
    Bytes out(payload.begin(), payload.end());
    out.resize(size);
    return out;
}

}  // namespace

TEST_CASE("what was sealed opens, at every border of a chunk and a class")
{
    const std::uint64_t largest = full_tier() ? largest_class : 2 * mebibyte;
    const auto text = seeded_bytes("payload", largest);
    for (const auto padded : size_classes) {
        if (padded > largest) break;
        std::vector<std::uint64_t> sizes{0, 1, padded - 1, padded};
        for (const auto border : {chunk_bytes, padded - std::min<std::uint64_t>(padded, chunk_bytes)})
            for (const auto size : {border - 1, border, border + 1})
                if (size <= padded) sizes.push_back(size);
        for (const auto size : sizes) {
            INFO(size << " in " << padded);
            const auto payload = ByteView(text).first(size);
            const auto envelope = seal_all(sealer_for(2), payload, padded);
            REQUIRE(envelope.size() == envelope_bytes(2, padded));
            for (const std::size_t by : {0U, 1U}) {
                const auto opened = open_padded(envelope, by);
                REQUIRE(opened.has_value());
                CHECK((*opened == padded_to(payload, padded)));
            }
        }
    }
}

TEST_CASE("plaintext may come in pieces of any size")
{
    const auto text = seeded_bytes("pieces", 150'000);
    for (const std::size_t piece : {1U, 7U, 1000U, 65535U, 65536U, 65537U, 150'000U}) {
        auto sealer = sealer_for(1);
        Bytes envelope(sealer.header().begin(), sealer.header().end());
        for (ByteView rest = text; !rest.empty();) {
            auto now = rest.first(std::min(piece, rest.size()));
            rest = rest.subspan(now.size());
            while (!now.empty()) {
                const auto taken = sealer.take(now);
                if (taken == 0) append(envelope, sealer.seal());
                now = now.subspan(taken);
            }
        }
        CHECK(sealer.taken() == text.size());
        sealer.pad_to(size_classes[2]);
        while (!sealer.done()) append(envelope, sealer.seal());
        const auto opened = open_padded(envelope, 0);
        REQUIRE(opened.has_value());
        CHECK((*opened == padded_to(text, size_classes[2])));
    }
}

TEST_CASE("every recipient opens it and nobody else does")
{
    for (std::size_t slots = 1; slots <= max_slots; ++slots) {
        const auto envelope = seal_all(sealer_for(slots), as_bytes("text"), text_class);
        for (std::size_t by = 0; by < max_slots; ++by) {
            const auto opened = open_padded(envelope, by);
            CHECK(opened.has_value() == (by < slots));
            if (!opened) CHECK(opened.error() == OpenFailure::no_slot);
        }
    }
}

TEST_CASE("any byte changed, and it does not open")
{
    const auto envelope = seal_all(sealer_for(2), as_bytes("text"), text_class);
    const std::size_t step = full_tier() ? 1 : 97;
    for (std::size_t i = 0; i < envelope.size(); i += step) {
        auto damaged = envelope;
        damaged[i] ^= static_cast<Byte>(1U << (i % 8));
        INFO(i);
        const auto opened = open_padded(damaged, 0);
        REQUIRE_FALSE(opened.has_value());
    }
}

TEST_CASE("every shortening and lengthening is refused, before anything is opened")
{
    const auto envelope = seal_all(sealer_for(1), as_bytes("text"), text_class);
    for (std::size_t size = 0; size < envelope.size(); size += size < header_bytes(1) + 3 ? 1U : 1001U)
        CHECK(open_padded(ByteView(envelope).first(size), 0).error() == OpenFailure::truncated);
    auto longer = envelope;
    longer.push_back(0);
    CHECK(open_padded(longer, 0).error() == OpenFailure::bad_size);
}

TEST_CASE("a wrong public key is an error, wrong use ends the process")
{
    auto bad = recipient(0).public_key;
    bad[0] = 0xff;
    bad[1] |= 0x0f;
    CHECK_FALSE(Sealer::create({&bad, 1}).has_value());

    CHECK(aborts([] { (void)Sealer::create({}); }));
    CHECK(aborts([] { (void)Sealer::create(std::vector<XWingPublicKey>(5, recipient(0).public_key)); }));
    CHECK(aborts([] {
        (void)Sealer::create_deterministic({&recipient(0).public_key, 1}, seeded_bytes("too short", 64 + 63));
    }));
    CHECK(aborts([] {
        auto sealer = sealer_for(1);
        sealer.pad_to(text_class);
        (void)sealer.take(as_bytes("after the padding"));
    }));
    CHECK(aborts([] {
        auto sealer = sealer_for(1);
        (void)sealer.take(as_bytes("longer than that"));
        sealer.pad_to(5);
    }));
    CHECK(aborts([] { sealer_for(1).pad_to(0); }));
    CHECK(aborts([] {
        auto sealer = sealer_for(1);
        sealer.pad_to(text_class);
        sealer.pad_to(text_class);
    }));
    CHECK(aborts([] {
        auto sealer = sealer_for(1);
        (void)sealer.take(as_bytes("not a full chunk"));
        (void)sealer.seal();
    }));
    CHECK(aborts([] {
        auto sealer = sealer_for(1);
        sealer.pad_to(text_class);
        (void)sealer.seal();
        (void)sealer.seal();
    }));
    // A full chunk sealed before it was known to be the last can't be marked as it any more: a last one would be empty.
    CHECK(aborts([] {
        auto sealer = sealer_for(1);
        (void)sealer.take(Bytes(chunk_bytes));
        (void)sealer.seal();
        sealer.pad_to(chunk_bytes);
        (void)sealer.seal();
    }));
    CHECK_FALSE(aborts([] { (void)seal_all(sealer_for(1), {}, text_class); }));
}

TEST_CASE("an opener that is asked wrongly")
{
    const auto envelope = seal_all(sealer_for(1), as_bytes("text"), text_class);
    const auto header = must(Header::parse(envelope));
    const RecipientSecret secret = recipient(0).view();
    const auto file_key = must(unwrap_file_key(header, {&secret, 1}));
    auto opener = must(Opener::create(header, file_key, envelope.size()));
    CHECK(opener.next_chunk() == text_class + aead_tag_bytes);
    CHECK(opener.open({}).error() == OpenFailure::bad_chunk);
    CHECK(opener.open(ByteView(envelope).last(opener.next_chunk() - 1)).error() == OpenFailure::bad_chunk);
    CHECK(opener.open(ByteView(envelope).last(opener.next_chunk())).has_value());
    CHECK(opener.done());
    CHECK(opener.next_chunk() == 0);
    CHECK(aborts([&] { (void)opener.open(envelope); }));
    CHECK(aborts([&] { (void)header.slot(1); }));
    CHECK(aborts([&] { (void)Opener::create(header, SecretBuffer(31), envelope.size()); }));
    // A file key that this header does not commit to.
    CHECK(Opener::create(header, SecretBuffer(key_bytes), envelope.size()).error() == OpenFailure::bad_commitment);
}

TEST_CASE("sealing and opening allocate nothing, however much goes through")
{
    const std::uint64_t padded = (full_tier() ? 128U : 8U) * mebibyte;
    const Bytes piece(chunk_bytes, 0x5a);
    Bytes sealed_piece(sealed_chunk_bytes);
    auto sealer = sealer_for(4);
    const auto header = must(Header::parse(sealer.header()));
    const RecipientSecret secret = recipient(3).view();
    const auto file_key = must(unwrap_file_key(header, {&secret, 1}));
    auto opener = must(Opener::create(header, file_key, envelope_bytes(4, padded)));

    const auto before = allocations;
    std::uint64_t opened = 0;
    bool good = true;
    const auto pass_on = [&] {
        const auto chunk = sealer.seal();
        const auto plain = opener.open(chunk);
        good = good && plain.has_value() && plain->size() == chunk.size() - aead_tag_bytes;
        if (good) opened += plain->size();
    };
    while (sealer.taken() < padded - 1000) {
        ByteView rest = ByteView(piece).first(std::min<std::uint64_t>(chunk_bytes, padded - 1000 - sealer.taken()));
        while (!rest.empty()) {
            const auto taken = sealer.take(rest);
            if (taken == 0) pass_on();
            rest = rest.subspan(taken);
        }
    }
    sealer.pad_to(padded);
    while (!sealer.done()) pass_on();
    CHECK(allocations == before);
    CHECK(good);
    CHECK(opened == padded);
    CHECK(opener.done());
}

}  // namespace amana::crypto::testing
