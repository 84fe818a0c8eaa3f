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

// Where the leaves begin, and the entries, in a bundle of the whole of `log`.
std::size_t leaves_at(const Log& log)
{
    return crypto::bundle_head_bytes(log.checkpoint(log.entries.size()).size());
}

std::size_t entries_at(const Log& log)
{
    return leaves_at(log) + log.entries.size() * crypto::hash_bytes;
}

Bytes with_flip(Bytes bundle, std::size_t at)
{
    bundle[at] ^= 1;
    return bundle;
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
    std::optional<NewEvidence> evidence;
    auto bundle = Bundle::open({path}, {folder.path()}, no_progress()).value();
    const auto verified = VerifiedBundle::verify(std::move(bundle), casebook, Erased::named_dropped, evidence, no_progress());
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
    half.refused(rehashed(forged), "signature by amana.example/log+" + to_hex(half.log.verifier().id()) + " is not good");
}

TEST_CASE("a damaged copy is refused, wherever it is damaged", "[intake]")
{
    Halfway half;
    const auto good = half.log.bundle();
    half.refused(with_flip(good, 0), "not a bundle");
    half.refused(with_flip(good, crypto::bundle_preamble_bytes), "damaged or cut off");
    half.refused(with_flip(good, leaves_at(half.log)), "damaged or cut off");
    half.refused(with_flip(good, entries_at(half.log) + 8 + tail_of_entry), "damaged or cut off");
    half.refused(with_flip(good, good.size() - 1), "damaged or cut off");

    // Every 997th byte, whatever it is. Damage is no evidence of anything.
    for (std::size_t at = 0; at < good.size(); at += 997) {
        CHECK_FALSE(half.desk.import(with_flip(good, at)).has_value());
        CHECK_FALSE(half.desk.evidence().has_value());
        CHECK(half.desk.state() == half.before);
    }
}

TEST_CASE("a change under a new hash is refused, wherever it is", "[intake]")
{
    Halfway half;
    const auto good = half.log.bundle();
    const auto entry = crypto::bundle_entry_head_bytes + half.log.entries[0].size();
    const auto changed = [&](std::size_t at) { return rehashed(with_flip(good, at)); };
    half.refused(changed(crypto::bundle_preamble_bytes), "is not good");  // the signed text
    half.refused(changed(leaves_at(half.log) - 1), "numbers can't be");     // no parts
    half.refused(changed(leaves_at(half.log)), "swapped at 0");             // a leaf we have seen
    half.refused(changed(leaves_at(half.log) + 4 * crypto::hash_bytes), "forked");
    half.refused(changed(entries_at(half.log) + 7), "");                    // the first entry's length
    half.refused(changed(entries_at(half.log) + 8 + tail_of_entry), "swapped at 0");
    half.refused(changed(entries_at(half.log) + 4 * entry + 8 + tail_of_entry), "swapped at 4");

    for (std::size_t at = 0; at < good.size() - crypto::hash_bytes; at += 997) {
        CHECK_FALSE(half.desk.import(changed(at)).has_value());
        CHECK(half.desk.state() == half.before);
    }
}

TEST_CASE("a truncated bundle is refused, wherever it ends", "[intake]")
{
    Halfway half;
    const auto good = half.log.bundle();
    const auto entry = crypto::bundle_entry_head_bytes + half.log.entries[0].size();
    const auto entries = entries_at(half.log);
    for (const auto size : {std::size_t{5}, std::size_t{14}, crypto::bundle_preamble_bytes, leaves_at(half.log) - 1,
                            leaves_at(half.log), leaves_at(half.log) + 33, entries, entries + 3, entries + 8,
                            entries + entry - 1, entries + entry, entries + 4 * entry, good.size() - crypto::hash_bytes - 1}) {
        const Bytes head(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
        half.refused(head, "cut off");
        if (size >= crypto::bundle_preamble_bytes) half.refused(rehashed(head, false), "cut off");
    }
    half.refused({}, "not a bundle");
}

TEST_CASE("what follows the end is refused", "[intake]")
{
    Halfway half;
    auto bundle = half.log.bundle();
    bundle.push_back(0);
    half.refused(bundle, "damaged or cut off");
    bundle.erase(bundle.end() - static_cast<std::ptrdiff_t>(1 + crypto::hash_bytes), bundle.end());
    bundle.push_back(0);
    half.refused(rehashed(bundle, false), "something follows the last entry");
    auto plan = half.log.plan(0, 5);
    plan.entries.push_back(half.log.entries[0]);
    half.refused(written(plan), "something follows the last entry");
}

TEST_CASE("another version of the bundle is refused with what is needed", "[intake]")
{
    Halfway half;
    auto bundle = half.log.bundle();
    bundle[crypto::bundle_magic.size() + 1] = 4;
    half.refused(bundle, "version 4; this program reads version 3");
    half.refused(rehashed(bundle), "The server is newer than this program");
    bundle[crypto::bundle_magic.size() + 1] = 2;
    half.refused(bundle, "The server is older than this program");
}

TEST_CASE("sizes that nothing has are refused before anything is read", "[intake]")
{
    Halfway half;
    const auto with_size = [&](std::uint64_t size) {
        auto bundle = half.log.bundle();
        const auto bytes = crypto::encode(crypto::BundleEntryHead{size, 0});
        std::copy(bytes.begin(), bytes.end(), bundle.begin() + static_cast<std::ptrdiff_t>(entries_at(half.log)));
        return rehashed(bundle);
    };
    half.refused(with_size(1), "a size no envelope has");
    half.refused(with_size(crypto::max_envelope_bytes + 1), "a size no envelope has");
    half.refused(with_size(UINT64_MAX), "a size no envelope has");
    half.refused(with_size(crypto::max_envelope_bytes), "cut off");
    half.log.lanes = {5};
    half.refused(half.log.bundle(), "a lane that there is not");
    half.log.lanes.clear();
    auto long_note = half.log.bundle();
    long_note[crypto::bundle_magic.size() + 2] = 0xff;
    half.refused(long_note, "longer than one can be");
    // More leaves than the file has room for.
    auto plan = half.log.plan(0, 5);
    for (const auto end : {std::uint64_t{6'000'000}, std::uint64_t{1} << 62}) {
        plan.head.end = end;
        half.refused(written(plan), "cut off");
    }
}

TEST_CASE("numbers that do not fit the checkpoint are refused", "[intake]")
{
    Halfway half;
    auto plan = half.log.plan(0, 5);
    plan.head.end = 4;
    plan.leaves.pop_back();
    plan.entries.pop_back();
    half.refused(written(plan), "the bundle ends at entry 4, its checkpoint at 5");
    plan = half.log.plan(0, 5);
    plan.head.first = plan.head.begin = 1;
    half.refused(written(plan), "");
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
    SECTION("a new entry") { rewrite(good.size() - 1 - crypto::hash_bytes); }
    SECTION("an entry seen before") { rewrite(entries_at(half.log) + 8 + tail_of_entry); }
    SECTION("a leaf") { rewrite(leaves_at(half.log) + 3 * crypto::hash_bytes); }
    SECTION("the checkpoint") { rewrite(crypto::bundle_preamble_bytes + 3); }
    SECTION("cut off") { REQUIRE(::truncate(path.c_str(), static_cast<off_t>(good.size() - crypto::hash_bytes - 1)) == 0); }
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
