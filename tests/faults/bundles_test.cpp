// SPDX-License-Identifier: AGPL-3.0-or-later
// Mutated bundles and mutated envelopes, as many as AMANA_TIER asks for, under the sanitizers.
//
// A bundle that was changed anywhere is refused with a reason, and nothing of it is imported. An envelope that was changed
// before the log's key signed the tree is counted aside, and everything beside it is opened.
#include "crypto/payload.hpp"
#include "desk/show.hpp"
#include "tests/desk/fixture.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

namespace {

class Dice {
public:
    explicit Dice(const std::string& label)
    {
        const char* given = std::getenv("AMANA_SEED");
        const std::string seed = given != nullptr ? given : "20260101";
        const auto text = seed + "/" + label;
        std::seed_seq mixed(text.begin(), text.end());
        engine_.seed(mixed);
        std::cout << label << ": AMANA_SEED=" << seed << "\n";
    }
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
    Byte byte() { return static_cast<Byte>(below(256)); }
    // A place among `size`; mostly where the decisions are made, at the beginning and at the end.
    std::size_t place(std::size_t size)
    {
        const auto near = below(std::min<std::size_t>(size, 300));
        switch (below(3)) {
        case 0: return near;
        case 1: return size - 1 - near;
        default: return below(size);
        }
    }

private:
    std::mt19937_64 engine_;
};

std::size_t rounds(std::size_t ci, std::size_t full)
{
    const char* tier = std::getenv("AMANA_TIER");
    return tier != nullptr && std::string_view(tier) == "full" ? full : ci;
}

void insert(Bytes& bytes, std::size_t at, ByteView what)
{
    const Bytes copy(what.begin(), what.end());
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), copy.begin(), copy.end());
}

void erase(Bytes& bytes, std::size_t at, std::size_t count)
{
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    bytes.erase(first, first + static_cast<std::ptrdiff_t>(std::min(count, bytes.size() - at)));
}

// One blind change.
void change(Dice& dice, Bytes& bytes)
{
    if (bytes.empty()) return bytes.push_back(dice.byte());
    const auto at = dice.place(bytes.size());
    const auto span = std::min(bytes.size() - at, 1 + dice.below(dice.below(2) == 0 ? 8 : 70'000));
    switch (dice.below(8)) {
    case 0: bytes[at] ^= static_cast<Byte>(1u << dice.below(8)); break;
    case 1: bytes[at] = dice.byte(); break;
    case 2: std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), span, dice.below(2) == 0 ? Byte{0} : Byte{0xff}); break;
    case 3: erase(bytes, at, span); break;
    case 4: bytes.resize(at); break;
    case 5: insert(bytes, at, ByteView(bytes).subspan(dice.below(bytes.size())).first(1)); break;
    case 6: insert(bytes, at, ByteView(bytes).subspan(at, span)); break;
    case 7: std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(dice.below(bytes.size() - span + 1)), span,
                        bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

Bytes changed(Dice& dice, const Bytes& good)
{
    auto bytes = good;
    do
        for (auto times = 1 + dice.below(4); times > 0; --times) change(dice, bytes);
    while (bytes == good);
    return bytes;
}

// A bit of the header: its suite, its number of slots, a slot, the nonce or the commitment.
Bytes with_header_changed(Dice& dice, Bytes envelope)
{
    const auto behind_slot = 2 + crypto::slot_bytes;
    const std::array places{std::size_t{0}, std::size_t{1}, 2 + dice.below(crypto::slot_bytes),
                            behind_slot + dice.below(crypto::payload_nonce_bytes + crypto::commitment_bytes)};
    envelope[places[dice.below(places.size())]] ^= static_cast<Byte>(1u << dice.below(8));
    return envelope;
}

// As Desk::import, but the file need not survive a power cut: it is written thousands of times.
Result<ImportSummary> import_quickly(Desk& desk, const Bytes& bundle)
{
    const auto path = desk.folder() / "mutated";
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(as_text(bundle).data(), static_cast<std::streamsize>(bundle.size()));
    auto file = Bundle::open({path}, desk.paths(), no_progress());
    if (!file) return file.error();
    std::optional<NewEvidence> evidence;
    auto verified = VerifiedBundle::verify(*std::move(file), desk.casebook(), Erased::named_dropped, evidence, no_progress());
    if (!verified) return verified.error();
    if (!verified->holds_news()) return ImportSummary{};
    return import_bundle(std::move(*verified), desk.casebook(), desk.store(), desk.vault(), now, no_progress());
}

// A log that only keeps what it needs to go on.
class GrowingLog {
public:
    GrowingLog() : seed_(crypto::ed25519_seed_bytes) { crypto::random_bytes(seed_.span()); }

    [[nodiscard]] crypto::NoteVerifier verifier() const { return {name, crypto::signing_public_key(seed_.view())}; }

    // The bundle of these further entries, signed.
    Bytes extend(const std::vector<Bytes>& entries)
    {
        const auto first = tree_.size();
        for (const auto& entry : entries) tree_.append(leaf_of(entry));
        const crypto::Checkpoint checkpoint{name, tree_.size(), tree_.root()};
        const auto note = checkpoint.sign(seed_.view());
        BundlePlan plan{{{note.begin(), note.end()}, first, first, tree_.size(), 1, 1}, {}, entries};
        for (const auto& entry : entries) plan.leaves.push_back(leaf_of(entry));
        return written(plan);
    }

private:
    static constexpr auto name = "growing.example/log";
    SecretBuffer seed_;
    crypto::Frontier tree_;
};

std::string text_of(const std::function<Result<void>(Output&)>& write)
{
    return printed([&](int fd) {
        Output out(fd);
        REQUIRE(write(out).has_value());
    });
}

Bytes payload_of(const Bytes& content)
{
    Bytes payload;
    for (const auto& piece : {ByteView(content).first(content.size() / 2), ByteView(content).subspan(content.size() / 2)}) {
        append(payload, crypto::record_head(crypto::record_data, piece.size()));
        append(payload, piece);
    }
    payload.push_back(crypto::record_attachment_end);
    const crypto::AttachmentEntry entry{"صورة.jpg", "image/jpeg", content.size(), crypto::sha256(content)};
    SecretText manifest(crypto::max_manifest_bytes);
    crypto::ManifestFields fields{crypto::Kind::report, "recruitment", 1, {}};
    crypto::random_bytes(fields.submission);
    const crypto::Answer story{"story", "وعدوه بعمل \"طباخ\" في الخارج.\nثم أخذوا جوازه."};
    REQUIRE(crypto::write_manifest(manifest, fields, {&story, 1}, {&entry, 1}));
    append(payload, crypto::record_head(crypto::record_manifest, manifest.size()));
    append(payload, manifest.view());
    return payload;
}

}  // namespace

TEST_CASE("a mutated bundle is refused with a reason, and changes nothing", "[bundle]")
{
    Dice dice("bundles");
    const auto count = rounds(2500, 10'000);
    Log log;
    Desk desk(log);
    log.entries.push_back(seal({}, desk.recipients()));
    log.entries.push_back(seal({.files = {{"a.jpg", "image/jpeg", random_content(3000)}}}, desk.recipients()));
    REQUIRE(desk.import(log.bundle()).has_value());
    log.entries.push_back(seal({}, desk.recipients()));
    const auto before = desk.state();

    for (std::size_t i = 0; i < count; ++i) {
        INFO("mutation " << i);
        const auto result = import_quickly(desk, changed(dice, log.bundle(i % 3, 3)));
        REQUIRE_FALSE(result.has_value());
        REQUIRE(result.error().message.size() > 10);
        if (i % 50 == 0) REQUIRE(desk.state() == before);
    }
    CHECK(desk.state() == before);
    CHECK(desk.import(log.bundle()).value().reports == 1);
    std::cout << count << " mutated bundles, all refused with a reason\n";
}

TEST_CASE("mutated envelopes in a signed bundle are counted aside, and what lies beside them opens", "[bundle]")
{
    Dice dice("envelopes");
    const auto count = rounds(1500, 10'000);
    constexpr std::size_t batch = 50;
    GrowingLog growing;
    Desk desk{Log()};
    REQUIRE(desk.casebook().pin(growing.verifier()).has_value());
    const auto plain = seal({}, desk.recipients());
    const auto with_file = seal({.files = {{"a.jpg", "image/jpeg", random_content(70'000)}}}, desk.recipients());
    const auto payload = payload_of(random_content(5000));

    std::map<std::string, std::uint64_t> aside;
    std::uint64_t reports = 0;
    std::uint64_t entries = 0;
    crypto::Hash last_good{};
    for (std::size_t done = 0; done < count; done += batch) {
        INFO("mutations " << done << " to " << done + batch);
        std::vector<Bytes> all;
        for (std::size_t i = 0; i < batch; ++i) {
            // The bytes of an envelope, or what is sealed in one.
            const auto what = dice.below(8);
            auto envelope = what < 4    ? seal_payload(changed(dice, payload), desk.recipients())
                            : what == 4 ? with_header_changed(dice, plain)
                            : what == 5 ? changed(dice, with_file)
                                        : changed(dice, plain);
            // What a bundle can hold at all is no question of the envelope.
            envelope.resize(std::max<std::size_t>(envelope.size(), crypto::envelope_bytes(1, crypto::text_class)));
            all.push_back(std::move(envelope));
        }
        const auto good = seal({.story = "An honest report beside them."}, desk.recipients());
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(dice.below(all.size())), good);
        last_good = leaf_of(good);

        const auto summary = import_quickly(desk, growing.extend(all));
        REQUIRE(summary.has_value());
        REQUIRE(summary->entries == all.size());
        std::uint64_t counted = summary->reports + summary->canaries + summary->decoys + summary->repeated;
        for (const auto& [failure, times] : summary->unopened) {
            counted += times;
            aside[failure] += times;
        }
        REQUIRE(counted == all.size());
        REQUIRE(summary->reports >= 1);
        REQUIRE(desk.find(to_hex(last_good)).value().manifest.attachments().empty());
        reports += summary->reports;
        entries += all.size();
    }
    CHECK(desk.state().seen == entries);

    // What opened after all was framed as a report is: it can be listed and shown.
    const auto listed = text_of([&](Output& out) { return list_reports(desk.records(), desk.forms(), Format::json, out); });
    CHECK(boost::json::parse(listed).at("reports").as_array().size() >= reports);
    (void)text_of([&](Output& out) { return list_reports(desk.records(), desk.forms(), Format::text, out); });

    std::cout << count << " mutated envelopes: " << reports - count / batch << " opened, aside";
    for (const auto& [failure, times] : aside) std::cout << " " << failure << " " << times;
    std::cout << "\n";
    for (const auto* failure : {"unknown_suite", "bad_slot_count", "bad_size", "no_slot", "bad_commitment", "bad_chunk",
                                "bad_payload", "bad_manifest", "bad_attachment"})
        CHECK(aside[failure] > 0);
}
