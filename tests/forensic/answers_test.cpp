// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether a thief of the server's disk can tell whose reports were answered: docs/FORENSICS.md. Two desks have the same log; a
// hidden bit decides which half of its reports was answered. The thief has the log and the outbox.
#include "tests/desk/answering.hpp"
#include "tests/forensic/classifier.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>

namespace amana::forensic {

namespace {

using desk::testing::Answering;
using desk::testing::Citizen;
using desk::testing::ReadOutbox;

constexpr std::size_t reports = 8;

std::size_t tiered(std::size_t ci, std::size_t full)
{
    const char* tier = std::getenv("AMANA_TIER");
    return tier != nullptr && std::string_view(tier) == "full" ? full : ci;
}

// Citizens, their reports, imported.
struct World {
    Answering desk;
    std::vector<Citizen> citizens;
    std::vector<std::string> ids;

    World()
    {
        for (std::size_t i = 0; i < reports; ++i) {
            citizens.push_back(desk.citizen());
            ids.push_back(desk.send("They promised my brother work abroad, number " + std::to_string(i), citizens.back()));
        }
        desk.import();
    }
    // Half of them, by the bit.
    ReadOutbox answer(bool bit)
    {
        for (std::size_t i = 0; i < reports; ++i)
            if ((i < reports / 2) == bit) REQUIRE(desk.reply(ids[i], "Which agency was it?").has_value());
        return desk.outbox().value();
    }
};

// --- what the thief looks at ----------------------------------------------------------------------------------------------

double mean(ByteView bytes)
{
    double sum = 0;
    for (const auto byte : bytes) sum += byte;
    return sum / static_cast<double>(bytes.size());
}

// How near two stretches are to each other: bits that differ, of the fewest bytes of both.
double distance(ByteView a, ByteView b)
{
    const auto length = std::min(a.size(), b.size());
    unsigned bits = 0;
    for (std::size_t i = 0; i < length; ++i) bits += static_cast<unsigned>(std::popcount(static_cast<unsigned>(a[i] ^ b[i])));
    return static_cast<double>(bits) / static_cast<double>(8 * length);
}

// Of each report, how near anything of it is to anything of a slot; of each place, what stands there.
std::vector<double> features(const std::vector<Bytes>& log, const ReadOutbox& outbox)
{
    const auto& note = outbox.note;
    std::vector<double> all{static_cast<double>(note.buckets), static_cast<double>(note.file_count()), static_cast<double>(note.seen), mean(outbox.body)};
    const auto slot = [&](std::uint64_t i) { return ByteView(outbox.body).subspan(note.slot_at(i), crypto::answer_slot_bytes); };
    const auto verifier = [&](std::uint64_t i) { return ByteView(outbox.body).subspan(note.verifier_at(i), crypto::hash_bytes); };
    for (std::uint64_t i = 0; i < note.slots(); ++i) {
        const auto bytes = slot(i);
        for (const auto part : {bytes.first(16), bytes.subspan(16, crypto::xwing_ciphertext_bytes), bytes.subspan(1136), verifier(i)}) all.push_back(mean(part));
    }
    for (const auto& envelope : log) {
        const auto leaf = desk::testing::leaf_of(envelope);
        const auto ciphertext = ByteView(envelope).subspan(2, crypto::xwing_ciphertext_bytes);
        const auto nonce = ByteView(envelope).subspan(2 + crypto::slot_bytes, 64);
        std::array<double, 6> nearest;
        nearest.fill(1);
        const auto look = [&](std::size_t which, ByteView of_slot, ByteView of_report) { nearest.at(which) = std::min(nearest.at(which), distance(of_slot, of_report)); };
        double where = 0;
        for (std::uint64_t i = 0; i < note.slots(); ++i) {
            look(0, slot(i).first(16), leaf);
            look(1, slot(i).subspan(16, crypto::xwing_ciphertext_bytes), ciphertext);
            look(2, verifier(i), leaf);
            look(3, slot(i).first(16), nonce);
            look(4, slot(i).last(64), ByteView(envelope).last(64));
            const auto before = nearest[5];
            look(5, verifier(i), ciphertext);
            if (nearest[5] < before) where = static_cast<double>(i);
        }
        all.insert(all.end(), nearest.begin(), nearest.end());
        all.push_back(where);
    }
    return all;
}

// What a desk with a fault would have written.
using Fault = std::function<void(ReadOutbox&, const World&, bool bit)>;

Score play(const std::string& what, std::size_t count, const Fault& fault = {})
{
    std::mt19937_64 coin(20260101);
    std::vector<Pair> pairs;
    for (std::size_t number = 0; number < count; ++number) {
        const auto look = [&](bool bit) {
            World world;
            auto outbox = world.answer(bit);
            if (fault) fault(outbox, world, bit);
            return features(world.desk.log.entries, outbox);
        };
        const bool first = (coin() & 1U) != 0;
        const auto one = look(first), other = look(!first);
        Pair pair{one, first};
        for (std::size_t i = 0; i < one.size(); ++i) pair.difference[i] -= other[i];
        pairs.push_back(std::move(pair));
    }
    std::vector<std::size_t> leans_on;
    const auto score = attack(pairs, &leans_on);
    std::cout << what << ": " << count << " pairs, right in " << score.text() << std::endl;
    return score;
}

MutableBytes tag_of(ReadOutbox& outbox, std::uint64_t slot)
{
    return MutableBytes(outbox.body).subspan(outbox.note.slot_at(slot), crypto::item_bytes);
}

// The slot with an answered citizen's tag.
std::uint64_t slot_of(ReadOutbox& outbox, const Citizen& citizen)
{
    const auto tag = crypto::slot_tag(citizen.address.id, outbox.note.serial, 0);
    for (std::uint64_t i = 0; i < outbox.note.slots(); ++i)
        if (std::ranges::equal(tag_of(outbox, i), tag)) return i;
    throw std::runtime_error("no such letter");
}

bool answered(std::size_t report, bool bit) { return (report < reports / 2) == bit; }

}  // namespace

TEST_CASE("Whose reports were answered is not guessed from log and outbox", "[answers]")
{
    const auto score = play("answers", tiered(60, 400));
    CHECK(score.lower() < 0.5);
    CHECK(score.upper() > 0.5);
}

TEST_CASE("A link between an answer and its report is found", "[answers]")
{
    const auto count = tiered(40, 120);
    const auto tags = play("planted, tags made of the report's leaf", count, [](ReadOutbox& outbox, const World& world, bool bit) {
        for (std::size_t i = 0; i < reports; ++i)
            if (answered(i, bit)) std::copy_n(desk::testing::leaf_of(world.desk.log.entries[i]).begin(), crypto::item_bytes, tag_of(outbox, slot_of(outbox, world.citizens[i])).begin());
    });
    CHECK(tags.lower() > 0.5);
    const auto places = play("planted, zeros behind short letters, in the log's order", count, [](ReadOutbox& outbox, const World&, bool bit) {
        for (std::size_t i = 0; i < reports; ++i)
            if (answered(i, bit)) std::ranges::fill(MutableBytes(outbox.body).subspan(outbox.note.slot_at(i) + crypto::answer_slot_bytes - 256, 256), Byte{0});
    });
    CHECK(places.lower() > 0.5);
    const auto keys = play("planted, verifiers that begin as the report's ciphertext", count, [](ReadOutbox& outbox, const World& world, bool bit) {
        for (std::size_t i = 0; i < reports; ++i)
            if (answered(i, bit))
                std::copy_n(world.desk.log.entries[i].begin() + 2, 16,
                            outbox.body.begin() + static_cast<std::ptrdiff_t>(outbox.note.verifier_at(slot_of(outbox, world.citizens[i]))));
    });
    CHECK(keys.lower() > 0.5);
}

}  // namespace amana::forensic
