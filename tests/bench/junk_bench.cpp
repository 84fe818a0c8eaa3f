// SPDX-License-Identifier: AGPL-3.0-or-later
// A bundle of junk at the desk: what it costs in time, memory and disk, and that no real report is pushed out.
//
// A third each: bytes that are no envelope; envelopes of four slots, none of them ours, so that every key is tried on every
// slot; envelopes sealed to us that hold no report. Ten reports lie among them.
#include "base/reader.hpp"
#include "tests/desk/fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <sys/resource.h>

using namespace amana;                 // NOLINT(google-build-using-namespace): one program, one file
using namespace amana::desk;           // NOLINT(google-build-using-namespace)
using namespace amana::desk::testing;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

constexpr std::size_t reports = 10;
constexpr unsigned weeks = 12;  // what `init` makes unless told otherwise

struct Made {
    fs::path bundle;
    std::uint64_t bytes = 0;
};

Bytes junk(std::size_t number, const std::vector<crypto::XWingPublicKey>& ours)
{
    if (number % 3 == 2) return seal_payload(random_content(20'000), ours);
    const auto slots = number % 3 == 0 ? std::size_t{1} : crypto::max_slots;
    auto bytes = random_content(static_cast<std::size_t>(crypto::envelope_bytes(slots, crypto::text_class)));
    if (number % 3 == 1) {
        const auto like = seal({}, ours);
        std::copy_n(like.begin(), 2, bytes.begin());
        bytes[1] = static_cast<Byte>(slots);
    }
    return bytes;
}

Made write_bundle(const fs::path& folder, std::size_t envelopes, const std::vector<crypto::XWingPublicKey>& ours, const crypto::NoteVerifier& log,
                  const SecretBuffer& key)
{
    std::vector<crypto::Hash> leaves;
    crypto::Frontier tree;
    const auto entries = folder / "entries";
    {
        std::ofstream out(entries, std::ios::binary);
        for (std::size_t i = 0; i < envelopes; ++i) {
            const bool real = i % (envelopes / reports) == envelopes / reports / 2;
            const auto envelope = real ? seal({.story = fmt::format("A report among junk, at {}.", i)}, ours) : junk(i, ours);
            leaves.push_back(leaf_of(envelope));
            tree.append(leaves.back());
            const auto head = crypto::encode(crypto::BundleEntryHead{envelope.size(), 0});
            out << as_text(head) << as_text(envelope);
        }
    }
    const auto note = crypto::Checkpoint{log.name, tree.size(), tree.root()}.sign(key.view());
    crypto::BundleHead head;
    append(head.note, as_bytes(note));
    head.end = tree.size();
    auto beginning = crypto::encode(head);
    for (const auto& leaf : leaves) append(beginning, leaf);
    Made made{folder / "bundle", 0};
    crypto::Sha256 hash;
    std::ofstream out(made.bundle, std::ios::binary);
    const auto put = [&](ByteView bytes) {
        hash.update(bytes);
        out << as_text(bytes);
    };
    put(beginning);
    std::ifstream in(entries, std::ios::binary);
    std::string piece(1 << 20, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
        put(as_bytes(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount()))));
    out << as_text(hash.finish());
    out.close();
    fs::remove(entries);
    made.bytes = fs::file_size(made.bundle);
    return made;
}

double seconds(const std::function<void()>& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

long peak_kib()
{
    struct rusage usage {};
    (void)::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("a bundle of junk", "[bench]")
{
    const char* tier = std::getenv("AMANA_TIER");
    const std::size_t envelopes = tier != nullptr && std::string_view(tier) == "full" ? 100'000 : 2000;
    const TemporaryFolder scratch;
    const auto& folder = scratch.path();

    const DeskPaths paths{folder / "desk"};
    const auto keys = init_desk(paths.directory, "test", weeks, as_bytes(passphrase), quick, now).value().keys;
    SecretBuffer seed(crypto::ed25519_seed_bytes);
    crypto::random_bytes(seed.span());
    const crypto::NoteVerifier log{"junk.example/log", crypto::signing_public_key(seed.view())};
    const auto made = write_bundle(folder, envelopes, keys.sealing_keys(now).value(), log, seed);
    auto casebook = Casebook::open(paths.database()).value();
    casebook.pin(log).value();
    const auto vault = Vault::open(paths, as_bytes(passphrase)).value();
    const auto store = EnvelopeStore::open(paths).value();

    const auto before = peak_kib();
    std::optional<NewEvidence> evidence;
    std::optional<VerifiedBundle> verified;
    ImportSummary summary;
    const auto verifying = seconds([&] {
        verified.emplace(VerifiedBundle::verify(Bundle::open({made.bundle}, paths, no_progress()).value(), casebook, Erased::named_dropped,
                                                evidence, no_progress()).value());
    });
    const auto importing =
        seconds([&] { summary = import_bundle(*std::move(verified), casebook, store, vault, now, no_progress()).value(); });
    std::uint64_t kept = 0;
    for (const auto& file : files_below(paths.directory)) kept += fs::file_size(file);

    std::uint64_t aside = 0;
    for (const auto& [failure, count] : summary.unopened) {
        std::cout << fmt::format("  {} {}\n", count, failure);
        aside += count;
    }
    const auto each = 1e6 / static_cast<double>(envelopes);
    std::cout << fmt::format("{} envelopes, {} MiB, {} epoch keys: verified in {:.1f} s ({:.0f} us each), imported in {:.1f} s ({:.0f} us each)\n",
                             envelopes, made.bytes >> 20, keys.epochs.size(), verifying, verifying * each, importing, importing * each)
              << fmt::format("memory: peak +{} KiB; disk: {} MiB, {:.2f} of the bundle\n", peak_kib() - before, kept >> 20,
                             static_cast<double>(kept) / static_cast<double>(made.bytes));
    // What is no matter of time is held here.
    CHECK(summary.reports == reports);
    CHECK(aside == envelopes - reports);
    CHECK(kept < made.bytes + made.bytes / 10 + 4 * crypto::mebibyte);
    CHECK(peak_kib() - before < 64 * 1024);
}
