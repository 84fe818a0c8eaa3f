// SPDX-License-Identifier: AGPL-3.0-or-later
// The outbox's note and layout.
#include "crypto/outbox.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace amana::crypto::testing {

namespace {

const Bytes seed = seeded_bytes("courier", ed25519_seed_bytes);
const SigningPublicKey courier = signing_public_key(seed);

OutboxNote a_note()
{
    return {"jordan", 2078600, 4096, 1803600000, 4, {{65536, 4}, {1048576, 1}}, sha256(as_bytes("body"))};
}

// Signed by the courier, whatever it says.
std::string signed_as(const std::string& text)
{
    Note note{text, {}};
    note.sign("jordan/courier", seed);
    return note.encode();
}

bool good(const std::string& text) { return OutboxNote::parse(as_bytes(signed_as(text)), "jordan", courier).has_value(); }

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a note is read as it was signed, by this deployment's courier alone")
{
    const auto note = a_note();
    const auto bytes = note.sign(seed);
    const auto read = OutboxNote::parse(as_bytes(bytes), "jordan", courier);
    REQUIRE(read.has_value());
    CHECK(read->text() == note.text());
    CHECK(read->files == note.files);
    CHECK(!OutboxNote::parse(as_bytes(bytes), "egypt", courier));
    CHECK(!OutboxNote::parse(as_bytes(bytes), "jordan", signing_public_key(seeded_bytes("thief", 32))));
    CHECK(!OutboxNote::parse(as_bytes(replaced(bytes, "serial 2078600", "serial 2078601")), "jordan", courier));
}

TEST_CASE("each bound of a note, from both sides")
{
    const auto text = a_note().text();
    CHECK(good(text));
    CHECK(good(replaced(text, "buckets 4", "buckets 1")));
    CHECK(good(replaced(text, "buckets 4", "buckets 65536")));
    CHECK(good(replaced(text, "files 65536 4\n", "")));
    for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
             {"buckets 4", "buckets 3"}, {"buckets 4", "buckets 0"}, {"buckets 4", "buckets 131072"}, {"serial 2078600", "serial 0"},
             {"serial 2078600", "serial 02"}, {"deployment jordan", "deployment egypt"}, {"outbox v1", "outbox v2"}, {"seen 4096\n", ""},
             {"files 65536 4", "files 65537 4"}, {"files 65536 4", "files 65536 0"}, {"files 65536 4", "files 65536 4097"},
             {"files 65536 4\nfiles 1048576 1", "files 1048576 1\nfiles 65536 4"}, {"files 65536 4\n", "files 65536 4\nfiles 65536 4\n"}})
        CHECK(!good(replaced(text, from, to)));
    CHECK(!good(text + "more\n"));
}

TEST_CASE("everything stands behind what stands before it")
{
    const auto note = a_note();
    CHECK(note.slots() == 128);
    CHECK(note.file_count() == 5);
    CHECK(note.slot_at(0) == 4096);
    CHECK(note.verifier_at(0) == 4096 + 128 * 4096);
    CHECK(note.entry_at(0) == 4096 + 128 * 4096 + 128 * 32);
    CHECK(note.file_at(0) == note.entry_at(0) + 5 * 48);
    CHECK(note.file_at(1) == note.file_at(0) + 65536 + 16);
    CHECK(note.file_at(4) == note.file_at(0) + 4 * (65536 + 16));
    CHECK(note.body_bytes() == note.file_at(4) + 1048576 + 16 * 16);
    CHECK(note.class_of(3) == 65536);
    CHECK(note.class_of(4) == 1048576);
}

TEST_CASE("a preamble says what it is of")
{
    const auto preamble = outbox_preamble(300);
    CHECK(preamble.size() == outbox_preamble_bytes);
    CHECK(parse_outbox_preamble(preamble).value() == 300);
    CHECK(!parse_outbox_preamble(outbox_preamble(0)));
    CHECK(!parse_outbox_preamble(outbox_preamble(max_outbox_note_bytes + 1)));
    for (std::size_t i = 0; i < 15; ++i) {
        auto changed = preamble;
        changed[i] ^= 1;
        CHECK(!parse_outbox_preamble(changed));
    }
}

}  // namespace amana::crypto::testing
