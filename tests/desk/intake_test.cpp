// SPDX-License-Identifier: AGPL-3.0-or-later
// Bundles that are damaged, foreign, forged or of another version are refused with the reason. Whatever is refused changes
// nothing.
#include "tests/desk/halfway.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

namespace {

constexpr std::size_t tail_of_entry = 100;

std::size_t head_bytes(const Log& log, std::size_t size)
{
    return crypto::bundle_preamble_bytes + log.checkpoint(size).size() + crypto::bundle_first_bytes;
}

}  // namespace

TEST_CASE("a bundle is refused until the desk knows the log's key", "[intake]")
{
    const Log log;
    Desk desk(log);
    REQUIRE(desk.casebook().pinned().value()->text() == log.verifier().text());
    const TemporaryFolder folder;
    const auto fresh = folder.path() / "db";
    REQUIRE(Casebook::create(fresh).has_value());
    auto casebook = Casebook::open(fresh).value();
    const auto path = folder.path() / "bundle";
    REQUIRE(write_durable(path, log.bundle(), 0600, DurableFile::Existing::refuse).has_value());
    const auto verified = VerifiedBundle::verify(BundleFile::open(path).value(), casebook, no_progress());
    REQUIRE_FALSE(verified.has_value());
    CHECK_THAT(verified.error().text(), Catch::Contains("amana-desk trust"));
}

TEST_CASE("a foreign or forged bundle is refused by name", "[intake]")
{
    Halfway half;
    Log foreign("other.example/log");
    foreign.entries = half.log.entries;
    half.refused(foreign.bundle(), "does not know: it is signed by other.example/log+" + to_hex(foreign.verifier().id()));
    // The same name, another key.
    Log impostor;
    impostor.entries = half.log.entries;
    half.refused(impostor.bundle(), "does not know: it is signed by amana.example/log+" + to_hex(impostor.verifier().id()));
    // Our key's name and id over another text: size 5 becomes 6.
    auto forged = half.log.bundle();
    const auto at = crypto::bundle_preamble_bytes + half.log.verifier().name.size() + 1;
    REQUIRE(forged[at] == '5');
    forged[at] = '4';
    half.refused(forged, "signature by amana.example/log+" + to_hex(half.log.verifier().id()) + " is not good");
}

TEST_CASE("a damaged bundle is refused, wherever it is damaged", "[intake]")
{
    Halfway half;
    const auto good = half.log.bundle();
    const auto head = head_bytes(half.log, 5);
    const auto entry = crypto::bundle_entry_head_bytes + half.log.entries[0].size();

    const auto with_flip = [&](std::size_t at) {
        auto bundle = good;
        bundle[at] ^= 1;
        return bundle;
    };
    half.refused(with_flip(0), "not a bundle");
    half.refused(with_flip(crypto::bundle_preamble_bytes), "damaged or forged");
    half.refused(with_flip(head - 1), "");                                   // first = 1: the leaves move
    half.refused(with_flip(head + 7), "");                                   // the first entry's length
    half.refused(with_flip(head + 8 + tail_of_entry), "changed, missing, added or moved");       // an entry we have seen
    half.refused(with_flip(head + 4 * entry + 8 + tail_of_entry), "changed, missing, added or moved");  // a new one
    half.refused(with_flip(good.size() - 1), "changed, missing, added or moved");

    // Every 997th byte, whatever it is.
    for (std::size_t at = 0; at < good.size(); at += 997) {
        CHECK_FALSE(half.desk.import(with_flip(at)).has_value());
        CHECK(half.desk.state() == half.before);
    }
}

TEST_CASE("a truncated bundle is refused, wherever it ends", "[intake]")
{
    Halfway half;
    const auto good = half.log.bundle();
    const auto head = head_bytes(half.log, 5);
    const auto entry = crypto::bundle_entry_head_bytes + half.log.entries[0].size();
    for (const auto size : {std::size_t{5}, std::size_t{14}, crypto::bundle_preamble_bytes, head - 9, head - 1, head, head + 3,
                            head + 8, head + entry - 1, head + entry, head + 4 * entry, good.size() - 1})
        half.refused(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), "cut off");
    half.refused({}, "not a bundle");
}

TEST_CASE("what follows the end is refused", "[intake]")
{
    Halfway half;
    auto bundle = half.log.bundle();
    bundle.push_back(0);
    half.refused(bundle, "something follows the end");
    auto doubled = half.log.bundle();
    append(doubled, crypto::encode_bundle_entry_head(half.log.entries[0].size()));
    append(doubled, half.log.entries[0]);
    half.refused(doubled, "something follows the end");
}

TEST_CASE("a newer version of the bundle is refused with what is needed", "[intake]")
{
    Halfway half;
    auto bundle = half.log.bundle();
    bundle[crypto::bundle_magic.size() + 1] = 2;
    half.refused(bundle, "a newer version of the desk is needed to read version 2");
    bundle[crypto::bundle_magic.size() + 1] = 0;
    half.refused(bundle, "version 0");
}

TEST_CASE("sizes that nothing has are refused before anything is read", "[intake]")
{
    Halfway half;
    const auto head = head_bytes(half.log, 5);
    const auto with_size = [&](std::uint64_t size) {
        auto bundle = half.log.bundle();
        const auto bytes = crypto::encode_bundle_entry_head(size);
        std::copy(bytes.begin(), bytes.end(), bundle.begin() + static_cast<std::ptrdiff_t>(head));
        return bundle;
    };
    half.refused(with_size(0), "a size no envelope has");
    half.refused(with_size(crypto::max_envelope_bytes + 1), "a size no envelope has");
    half.refused(with_size(UINT64_MAX), "a size no envelope has");
    half.refused(with_size(crypto::max_envelope_bytes), "cut off");
    auto long_note = half.log.bundle();
    long_note[crypto::bundle_magic.size() + 2] = 0xff;
    half.refused(long_note, "longer than one can be");
}

TEST_CASE("missing, doubled and moved entries are refused", "[intake]")
{
    Halfway half;
    const auto note = half.log.checkpoint(5);
    const auto with_entries = [&](std::initializer_list<std::size_t> order) {
        auto bundle = crypto::encode_bundle_head(note, 0);
        for (const auto i : order) {
            append(bundle, crypto::encode_bundle_entry_head(half.log.entries[i].size()));
            append(bundle, half.log.entries[i]);
        }
        return bundle;
    };
    half.refused(with_entries({0, 1, 2, 4}), "cut off");
    half.refused(with_entries({0, 1, 2, 4, 3}), "changed, missing, added or moved");
    half.refused(with_entries({0, 1, 2, 3, 3}), "changed, missing, added or moved");
    half.refused(with_entries({0, 1, 2, 3, 4, 4}), "something follows the end");
}

TEST_CASE("a bundle that changes between its two readings is not imported", "[intake]")
{
    Halfway half;
    const auto good = half.log.bundle();
    auto verified = half.desk.verify(good);
    REQUIRE(verified.has_value());
    // In place: the descriptor stays the same, the bytes do not.
    const auto path = half.desk.folder() / "bundle";
    const auto rewrite = [&](std::size_t at) {
        const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        const Byte flipped = good[at] ^ 1;
        REQUIRE(::pwrite(fd.get(), &flipped, 1, static_cast<off_t>(at)) == 1);
    };
    SECTION("a new entry") { rewrite(good.size() - 1); }
    SECTION("an entry seen before") { rewrite(head_bytes(half.log, 5) + 8 + tail_of_entry); }
    SECTION("the checkpoint") { rewrite(crypto::bundle_preamble_bytes + 3); }
    SECTION("cut off") { REQUIRE(::truncate(path.c_str(), static_cast<off_t>(good.size() - 1)) == 0); }
    const auto imported =
        import_bundle(std::move(*verified), half.desk.casebook(), half.desk.store(), half.desk.vault(), now, no_progress());
    CHECK_FALSE(imported.has_value());
    CHECK(half.desk.state() == half.before);
    CHECK(half.desk.import(good).has_value());
}

TEST_CASE("what is not a file is not read", "[intake]")
{
    const TemporaryFolder folder;
    CHECK_FALSE(BundleFile::open(folder.path()).has_value());
    CHECK_FALSE(BundleFile::open(folder.path() / "nothing").has_value());
    const auto pipe = folder.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_FALSE(BundleFile::open(pipe).has_value());
}
