// SPDX-License-Identifier: AGPL-3.0-or-later
// Slots of an outbox look alike, whether they hold a letter, of whichever inbox, or nothing: statistics over many of each, then
// over slots with a leak planted, each of which must be noticed.
#include "crypto/letter.hpp"
#include "tests/crypto/judging.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>

namespace amana::crypto::testing {

namespace {

using amana::testing::from_each_other;
using amana::testing::from_uniform;

struct Slots {
    std::string name;
    std::vector<AnswerSlot> samples;
};

std::size_t population_size()
{
    const char* tier = std::getenv("AMANA_TIER");
    return tier != nullptr && std::string_view(tier) == "full" ? 10'000 : 500;
}

const Hash root = sha256(as_bytes("root"));

AnswerSlot letter_to(const InboxAddress& inbox, std::uint64_t serial)
{
    static const Bytes courier = seeded_bytes("courier", ed25519_seed_bytes);
    static const Bytes text(1000, 'x');
    return seal_letter(inbox, root, serial, courier, text).value().front();
}

Slots slots(const std::string& name, std::size_t count, const std::function<AnswerSlot(std::size_t)>& make)
{
    Slots made{name, {}};
    for (std::size_t i = 0; i < count; ++i) made.samples.push_back(make(i));
    return made;
}

// The serial of an outbox is its own, so no two of these have a tag in common.
Slots letters_to_one(std::size_t count)
{
    const auto inbox = InboxAddress::of(Receipt::make().keys(root));
    return slots("letters to one inbox", count, [&](std::size_t i) { return letter_to(inbox, i); });
}
Slots letters_to_many(std::size_t count)
{
    return slots("letters to many inboxes", count, [](std::size_t) { return letter_to(InboxAddress::of(Receipt::make().keys(root)), 1); });
}
Slots decoys(std::size_t count)
{
    const auto nobody = nobodys_key();
    return slots("decoys", count, [&](std::size_t) { return decoy_slot(nobody); });
}

// The ciphertext's coefficients are rounded and not uniform; all else is.
void judge_uniform_places(Findings& findings, const Slots& population)
{
    constexpr auto sealed_at = item_bytes + xwing_ciphertext_bytes;
    for (std::size_t at = 0; at < answer_slot_bytes; ++at) {
        const bool tag = at < item_bytes, curve = at >= sealed_at - 32 && at < sealed_at - 1, sealed = at >= sealed_at;
        if (!tag && !curve && !sealed) continue;
        for (const auto& nibbles : count_nibbles(population.samples.size(), [&](std::size_t i) { return population.samples[i][at]; }))
            judge(findings, from_uniform(nibbles), population.name + ", byte " + std::to_string(at));
    }
    for (const auto& sample : population.samples)
        if ((sample[sealed_at - 1] & 0x80) != 0) findings.push_back(population.name + ", the top bit of an X25519 part is set");
}

std::vector<std::size_t> coefficients(const Slots& population)
{
    std::vector<std::size_t> counts(coefficient_values);
    for (const auto& sample : population.samples) add_coefficients(counts, ByteView(sample).subspan(item_bytes));
    return counts;
}

void judge_pair(Findings& findings, const Slots& a, const Slots& b)
{
    for (std::size_t at = 0; at < answer_slot_bytes; ++at) {
        const auto of = [&](const Slots& population) {
            return count_nibbles(population.samples.size(), [&](std::size_t i) { return population.samples[i][at]; });
        };
        const auto first = of(a), second = of(b);
        for (std::size_t half = 0; half < 2; ++half)
            judge(findings, from_each_other(first[half], second[half]), a.name + " against " + b.name + ", byte " + std::to_string(at));
    }
    judge(findings, from_each_other(coefficients(a), coefficients(b)), a.name + " against " + b.name + ", coefficients");
}

Findings findings_of(const std::vector<Slots>& populations)
{
    Findings findings;
    std::set<Bytes> seen;
    std::size_t values = 0;
    for (const auto& population : populations) {
        judge_uniform_places(findings, population);
        if (&population != &populations.front()) judge_pair(findings, populations.front(), population);
        for (const auto& sample : population.samples)
            for (std::size_t at = 0; at + 16 <= answer_slot_bytes; at += 16, ++values) seen.emplace(sample.begin() + static_cast<std::ptrdiff_t>(at), sample.begin() + static_cast<std::ptrdiff_t>(at) + 16);
    }
    if (seen.size() != values) findings.push_back("16 bytes that are there twice");
    return findings;
}

Findings planted(const std::function<AnswerSlot(std::size_t)>& make)
{
    static const auto honest = decoys(500);
    return findings_of({honest, slots("planted", 500, make)});
}

}  // namespace

TEST_CASE("slots look alike, whatever they hold")
{
    const auto count = population_size();
    WARN(count << " slots in each of 3 populations");
    const auto findings = findings_of({decoys(count), letters_to_one(count), letters_to_many(count)});
    for (const auto& finding : findings) UNSCOPED_INFO(finding);
    CHECK(findings.empty());
}

TEST_CASE("a leak in a slot is noticed")
{
    const auto nobody = nobodys_key();
    const auto inbox = InboxAddress::of(Receipt::make().keys(root));
    SECTION("random bytes in place of a ciphertext")
    {
        CHECK(!planted([](std::size_t) {
            AnswerSlot slot;
            random_bytes(slot);
            return slot;
        }).empty());
    }
    SECTION("a tag that is the same in every outbox")
    {
        CHECK(!planted([&](std::size_t) { return letter_to(inbox, 1); }).empty());
    }
    SECTION("a ciphertext used again")
    {
        const auto once = decoy_slot(nobody);
        CHECK(!planted([&](std::size_t) {
            auto slot = decoy_slot(nobody);
            std::copy_n(once.begin() + item_bytes, xwing_ciphertext_bytes, slot.begin() + item_bytes);
            return slot;
        }).empty());
    }
    SECTION("zeros at the end of a short letter")
    {
        CHECK(!planted([&](std::size_t) {
            auto slot = decoy_slot(nobody);
            std::fill(slot.end() - 64, slot.end(), Byte{0});
            return slot;
        }).empty());
    }
    SECTION("a counter in the tag")
    {
        CHECK(!planted([&](std::size_t i) {
            auto slot = decoy_slot(nobody);
            slot[0] = static_cast<Byte>(i >> 8);
            slot[1] = static_cast<Byte>(i);
            return slot;
        }).empty());
    }
}

}  // namespace amana::crypto::testing
