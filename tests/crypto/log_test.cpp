// SPDX-License-Identifier: AGPL-3.0-or-later
// The log's parts: tree, notes, checkpoints, bundles.
#include "base/reader.hpp"
#include "crypto/bundle.hpp"
#include "crypto/envelope.hpp"
#include "tests/crypto/hex.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <bit>

namespace amana::crypto::testing {

namespace {

using amana::testing::hex;

Hash leaf(ByteView entry)
{
    LeafHash hash;
    hash.update(entry);
    return hash.finish();
}

// RFC 6962, 2.1, as it is written there: split at the largest power of two below the size.
Hash naive_root(std::span<const Hash> leaves)
{
    if (leaves.empty()) return sha256({});
    if (leaves.size() == 1) return leaves.front();
    const auto split = std::bit_floor(leaves.size() - 1);
    return node_hash(naive_root(leaves.first(split)), naive_root(leaves.subspan(split)));
}

// golang.org/x/mod/sumdb/note, the package's documentation.
constexpr std::string_view neumann_key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view neumann_text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
constexpr std::string_view neumann_signature =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

Result<Note> parse_note(const std::string& text)
{
    return Note::parse(as_bytes(text), 64 * 1024);
}

}  // namespace

TEST_CASE("the tree gives the roots of certificate-transparency's reference tests")
{
    // certificate-transparency, merkletree/merkle_tree_test.cc: the inputs and roots of trees of one to eight leaves.
    const std::pair<std::string_view, std::string_view> steps[]{
        {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    Frontier tree;
    CHECK(to_hex(tree.root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (const auto& [entry, root] : steps) {
        tree.append(leaf(hex(entry)));
        CHECK(to_hex(tree.root()) == root);
    }
}

TEST_CASE("the tree's edge gives the root that the whole tree gives, also after it was stored")
{
    std::vector<Hash> leaves;
    Frontier tree;
    for (std::size_t i = 0; i <= 300; ++i) {
        REQUIRE(tree.size() == i);
        REQUIRE(tree.root() == naive_root(leaves));
        const auto stored = tree.hashes();
        REQUIRE(stored.size() == static_cast<std::size_t>(std::popcount(i)) * hash_bytes);
        auto restored = Frontier::restore(i, stored);
        REQUIRE(restored.has_value());
        REQUIRE(restored->root() == tree.root());
        tree = std::move(*restored);
        leaves.push_back(leaf(seeded_bytes("leaf" + std::to_string(i), 10)));
        tree.append(leaves.back());
    }
    CHECK_FALSE(Frontier::restore(1, {}).has_value());
    CHECK_FALSE(Frontier::restore(0, Bytes(32)).has_value());
    CHECK_FALSE(Frontier::restore(3, Bytes(63)).has_value());
    CHECK_FALSE(Frontier::restore(UINT64_MAX, Bytes(63 * 32)).has_value());
    CHECK(Frontier::restore(UINT64_MAX >> 1, Bytes(63 * 32)).has_value());
}

TEST_CASE("a leaf's hash takes its entry in pieces")
{
    const auto entry = seeded_bytes("entry", 1000);
    LeafHash hash;
    hash.update(ByteView(entry).first(1));
    hash.update({});
    hash.update(ByteView(entry).subspan(1));
    CHECK(hash.finish() == leaf(entry));
    CHECK(leaf(entry) != sha256(entry));
}

TEST_CASE("signed notes: the published example is verified, and written again")
{
    const auto verifier = NoteVerifier::parse(neumann_key);
    REQUIRE(verifier.has_value());
    CHECK(verifier->text() == neumann_key);
    const auto text = std::string(neumann_text) + "\n" + std::string(neumann_signature);
    const auto note = parse_note(text);
    REQUIRE(note.has_value());
    CHECK(note->text == neumann_text);
    CHECK(note->verified_by(*verifier));
    CHECK(note->encode() == text);

    // Its key, also published there: PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz
    const auto key = from_base64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", 33).value();
    Note again{std::string(neumann_text), {}};
    again.sign("PeterNeumann", ByteView(key).subspan(1));
    CHECK(again.encode() == text);

    auto changed = *note;
    changed.text[0] = 'i';
    CHECK_FALSE(changed.verified_by(*verifier));
    // C2SP signed-note: a bad signature under a known key spoils the note, also beside a good one.
    auto spoilt = *note;
    spoilt.signatures.push_back(spoilt.signatures.front());
    CHECK(spoilt.verified_by(*verifier));
    spoilt.signatures.back().signature[10] ^= 1;
    CHECK_FALSE(spoilt.verified_by(*verifier));
    // Of another name or another id it is somebody else's.
    spoilt.signatures.back().name = "Other";
    CHECK(spoilt.verified_by(*verifier));
}

TEST_CASE("signed notes: a key's id as C2SP signed-note's example has it, and a checkpoint of sum.golang.org")
{
    NoteVerifier example{"example.com/foo", {}};
    REQUIRE(from_hex("e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4", example.key).has_value());
    CHECK(to_hex(example.id()) == "530d903a");

    const auto log = NoteVerifier::parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
    REQUIRE(log.has_value());
    const std::string text = "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n— sum.golang.org "
                             "Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n";
    const auto note = parse_note(text);
    REQUIRE(note.has_value());
    CHECK(note->verified_by(*log));
    // Its origin is not its key's name, which ours must be.
    CHECK_FALSE(Checkpoint::parse(as_bytes(text), *log).has_value());
}

TEST_CASE("signed notes: what is not one")
{
    const std::string text(neumann_text);
    const std::string signature(neumann_signature);
    CHECK(parse_note(text + "\n" + signature).has_value());
    CHECK(parse_note("a\n\nb\n\n" + signature).has_value());
    CHECK_FALSE(parse_note("").has_value());
    CHECK_FALSE(parse_note(text).has_value());
    CHECK_FALSE(parse_note(text + "\n").has_value());
    CHECK_FALSE(parse_note(text + "\n" + signature.substr(0, signature.size() - 1)).has_value());
    CHECK_FALSE(parse_note(text + "\n" + signature + "x\n").has_value());
    CHECK_FALSE(parse_note(text + "\n- PeterNeumann x08go/ZJ\n").has_value());
    CHECK_FALSE(parse_note(text + "\n— PeterNeumann\n").has_value());
    CHECK_FALSE(parse_note(text + "\n—  x08go/ZJ\n").has_value());
    CHECK_FALSE(parse_note(text + "\n— Peter+Neumann x08go/ZJ\n").has_value());
    CHECK_FALSE(parse_note(text + "\n— PeterNeumann x08go/Z\n").has_value());
    CHECK_FALSE(parse_note(text + "\n— PeterNeumann x08goA==\n").has_value());
    const auto whole = text + "\n" + signature;
    for (const auto* bad : {"\x01", "\t", "\r", "\xff", "\xc0\x80"}) CHECK_FALSE(parse_note(bad + whole).has_value());
    std::string many = text + "\n";
    for (std::size_t i = 0; i < max_note_signatures; ++i) many += signature;
    CHECK(parse_note(many).has_value());
    CHECK_FALSE(parse_note(many + signature).has_value());
    CHECK_FALSE(Note::parse(as_bytes(many), many.size() - 1).has_value());
    for (const std::string_view key : {"", "a", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                                       "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                                       "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                                       "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                                       "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAA=="})
        CHECK_FALSE(NoteVerifier::parse(key).has_value());
}

TEST_CASE("checkpoints: the text of C2SP tlog-checkpoint's example, and what is refused")
{
    const auto root = from_base64("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", 32).value();
    Checkpoint checkpoint{"example.com/behind-the-sofa", 20852163, {}};
    std::copy(root.begin(), root.end(), checkpoint.root.begin());
    CHECK(checkpoint.text() == "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");

    const auto seed = seeded_bytes("log", ed25519_seed_bytes);
    const NoteVerifier log{checkpoint.origin, signing_public_key(seed)};
    const auto read = Checkpoint::parse(as_bytes(checkpoint.sign(seed)), log);
    REQUIRE(read.has_value());
    CHECK(read->size == checkpoint.size);
    CHECK(read->root == checkpoint.root);
    CHECK_FALSE(Checkpoint::parse(as_bytes(checkpoint.sign(seeded_bytes("other", 32))), log).has_value());

    const auto signed_text = [&](const std::string& text) {
        Note note{text, {}};
        note.sign(log.name, seed);
        return Checkpoint::parse(as_bytes(note.encode()), log).has_value();
    };
    const std::string hash = to_base64(root) + "\n";
    CHECK(signed_text(log.name + "\n0\n" + hash));
    CHECK(signed_text(log.name + "\n9223372036854775807\n" + hash));
    CHECK(signed_text(log.name + "\n1\n" + hash + "an extension\n"));
    for (const auto* size : {"", "00", "01", "-1", "+1", " 1", "1 ", "x", "1.0", "9223372036854775808", "18446744073709551616"})
        CHECK_FALSE(signed_text(log.name + "\n" + size + "\n" + hash));
    CHECK_FALSE(signed_text("other\n1\n" + hash));
    CHECK_FALSE(signed_text(log.name + "\n1\n"));
    CHECK_FALSE(signed_text(log.name + "\n1\nAAAA\n"));
    CHECK_FALSE(signed_text(log.name + "\n1\n" + to_base64(Bytes(33)) + "\n"));
    CHECK_FALSE(signed_text(log.name + "\n"));
    CHECK_FALSE(signed_text(log.name + "\n1\n" + hash + std::string(max_checkpoint_bytes, 'x') + "\n"));
}

TEST_CASE("a bundle's head")
{
    const auto note = as_bytes("note");
    const BundleHead head{Bytes(note.begin(), note.end()), 1, 2, 0x0102030405060708, 2, 3};
    const auto bytes = encode(head);
    CHECK(as_text(ByteView(bytes).first(13)) == "AMANA-BUNDLE\n");
    CHECK(to_hex(ByteView(bytes).subspan(13)) == "0003" "00000004" "6e6f7465"
                                                 "0000000000000001" "0000000000000002" "0102030405060708" "0002" "0003");
    CHECK(bytes.size() == bundle_head_bytes(4));
    const auto preamble = ByteView(bytes).first(bundle_preamble_bytes);
    CHECK(parse_bundle_preamble(preamble).value() == 4);
    for (std::size_t size = 0; size < preamble.size(); ++size) CHECK_FALSE(parse_bundle_preamble(preamble.first(size)).has_value());
    CHECK_FALSE(parse_bundle_preamble(ByteView(bytes).first(bundle_preamble_bytes + 1)).has_value());
    for (std::size_t i = 0; i < 15; ++i) {
        auto damaged = bytes;
        damaged[i] ^= 1;
        CHECK_FALSE(parse_bundle_preamble(ByteView(damaged).first(bundle_preamble_bytes)).has_value());
    }
    const auto with_note = [](std::size_t size) {
        const auto encoded = encode(BundleHead{Bytes(size, 'n')});
        return parse_bundle_preamble(ByteView(encoded).first(bundle_preamble_bytes));
    };
    CHECK(with_note(max_checkpoint_bytes).value() == max_checkpoint_bytes);
    CHECK_FALSE(with_note(max_checkpoint_bytes + 1).has_value());
}

TEST_CASE("a bundle's bounds are those of one export")
{
    const auto read = [](const BundleHead& head) {
        const auto bytes = encode(head);
        return parse_bundle_bounds({}, ByteView(bytes).last(bundle_bounds_bytes));
    };
    const auto good = read({{}, 1, 2, 9, 2, 3});
    REQUIRE(good.has_value());
    CHECK(good->first == 1);
    CHECK(good->begin == 2);
    CHECK(good->end == 9);
    CHECK(good->part == 2);
    CHECK(good->parts == 3);
    CHECK(read({{}, 0, 0, 0, 1, 1}).has_value());
    CHECK(read({{}, 7, 7, 8, 1, max_bundle_parts}).has_value());
    for (const auto& head : {BundleHead{{}, 2, 1, 9, 1, 1}, BundleHead{{}, 1, 9, 8, 1, 1}, BundleHead{{}, 1, 1, 8, 0, 1},
                             BundleHead{{}, 1, 1, 8, 3, 2}, BundleHead{{}, 1, 1, 8, 1, 0}, BundleHead{{}, 1, 2, 8, 1, 1},
                             BundleHead{{}, 1, 1, 8, 1, max_bundle_parts + 1}})
        CHECK_FALSE(read(head).has_value());
    const auto bytes = encode(BundleHead{});
    CHECK_FALSE(parse_bundle_bounds({}, ByteView(bytes).last(bundle_bounds_bytes - 1)).has_value());
}

TEST_CASE("a bundle's entries are of sizes that envelopes can have, and of lanes that there are")
{
    const auto read = [](std::uint64_t bytes, unsigned lane) { return parse_bundle_entry_head(encode(BundleEntryHead{bytes, lane})); };
    const auto smallest = envelope_bytes(1, text_class);
    for (const auto size : {smallest, max_envelope_bytes})
        for (unsigned lane = 0; lane <= max_lane; ++lane) {
            CHECK(read(size, lane).value().bytes == size);
            CHECK(read(size, lane).value().lane == lane);
        }
    for (const unsigned lane : {5U, 128U, 255U}) CHECK_FALSE(read(smallest, lane).has_value());
    CHECK(read(0, 0).value().bytes == 0);  // erased
    CHECK_FALSE(read(0, 1).has_value());
    CHECK(encode(BundleEntryHead{smallest, 3}).back() == 3);
    for (const std::uint64_t size : {std::uint64_t{1}, smallest - 1, max_envelope_bytes + 1, UINT64_MAX})
        CHECK_FALSE(read(size, 0).has_value());
    CHECK_FALSE(parse_bundle_entry_head(Bytes(8)).has_value());
    CHECK_FALSE(parse_bundle_entry_head(Bytes(10)).has_value());
}

}  // namespace amana::crypto::testing
