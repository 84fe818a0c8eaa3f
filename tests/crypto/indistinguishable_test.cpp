// SPDX-License-Identifier: AGPL-3.0-or-later
// Two envelopes of one class differ in nothing that a reader without keys can use: statistics over many envelopes of
// several populations, first of the real sealer, then of sealers with a leak planted, each of which must be noticed.
#include "tests/crypto/judging.hpp"
#include "tests/crypto/population.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

namespace amana::crypto::testing {

namespace {

using amana::testing::from_each_other;
using amana::testing::from_uniform;

std::size_t population_size()
{
    const char* tier = std::getenv("AMANA_TIER");
    return tier != nullptr && std::string_view(tier) == "full" ? 10'000 : 500;
}

// --- what is looked at -------------------------------------------------------------------------------------------------

void judge_uniform(Findings& findings, const Population& population, std::size_t from, std::size_t length, const std::string& what)
{
    const auto count = population.samples.size();
    for (std::size_t at = from; at < from + length; ++at) {
        const auto place = population.name + ", " + what + ", byte " + std::to_string(at - from);
        const auto byte_of = [&](std::size_t i) { return population.samples[i][at]; };
        for (const auto& nibbles : count_nibbles(count, byte_of)) judge(findings, from_uniform(nibbles), place);
        if (count < 256 * 20) continue;
        std::array<std::size_t, 256> bytes{};
        for (std::size_t i = 0; i < count; ++i) ++bytes[byte_of(i)];
        judge(findings, from_uniform(bytes), place);
    }
}

// Places that are uniform by design. The ML-KEM part is not: its coefficients are rounded.
void judge_uniform_places(Findings& findings, const Population& population)
{
    for (std::size_t slot = 0; slot < recipients; ++slot) {
        const auto at = 2 + slot * slot_bytes;
        judge_uniform(findings, population, at + x25519_at, 31, "X25519 part of slot " + std::to_string(slot));
        judge_uniform(findings, population, at + xwing_ciphertext_bytes, wrapped_key_bytes, "wrapped key of slot " + std::to_string(slot));
        for (const auto& sample : population.samples)
            if ((sample[at + xwing_ciphertext_bytes - 1] & 0x80) != 0) findings.push_back("the top bit of an X25519 part is set");
    }
    judge_uniform(findings, population, header_size - 64, payload_nonce_bytes, "payload nonce");
    judge_uniform(findings, population, header_size - 32, commitment_bytes, "commitment");
    judge_uniform(findings, population, header_size, 2 * payload_sample, "sealed payload");
    for (const auto& sample : population.samples)
        if (sample[0] != suite_1 || sample[1] != recipients) findings.push_back("the first two bytes differ");
}

// Slots compared with one another, chosen by place or by owner: byte for byte, and over all coefficients.
template <typename SlotOf>
void judge_slots(Findings& findings, const Population& population, const std::string& by, SlotOf slot_of)
{
    const auto count = population.samples.size();
    for (std::size_t other = 1; other < recipients; ++other) {
        for (std::size_t at = 0; at < slot_bytes; ++at) {
            const auto nibbles_of = [&](std::size_t which) {
                return count_nibbles(count, [&](std::size_t i) { return population.samples[i][2 + slot_of(i, which) * slot_bytes + at]; });
            };
            const auto first = nibbles_of(0);
            const auto second = nibbles_of(other);
            for (std::size_t half = 0; half < 2; ++half)
                judge(findings, from_each_other(first[half], second[half]),
                      population.name + ", slots of " + by + " 0 and " + std::to_string(other) + ", byte " + std::to_string(at));
        }
    }
}

// Every permutation of the recipients equally often.
void judge_order(Findings& findings, const Population& population)
{
    std::array<std::size_t, recipients> order{0, 1, 2, 3};
    std::vector<std::size_t> counts;
    do counts.push_back(static_cast<std::size_t>(std::count(population.owners.begin(), population.owners.end(), order)));
    while (std::next_permutation(order.begin(), order.end()));
    judge(findings, from_uniform(counts), population.name + ", order of the slots");
}

// No value that should be fresh is there twice.
void judge_repetition(Findings& findings, const std::vector<const Population*>& populations)
{
    std::set<Bytes> seen;
    std::size_t values = 0;
    const auto add = [&](const Bytes& sample, std::size_t at) {
        seen.emplace(sample.begin() + static_cast<std::ptrdiff_t>(at), sample.begin() + static_cast<std::ptrdiff_t>(at + 32));
        ++values;
    };
    for (const auto* population : populations)
        for (const auto& sample : population->samples) {
            for (std::size_t slot = 0; slot < recipients; ++slot) {
                for (const auto at : {std::size_t{0}, x25519_at, xwing_ciphertext_bytes}) add(sample, 2 + slot * slot_bytes + at);
            }
            for (const auto at : {header_size - 64, header_size - 32, header_size, header_size + payload_sample + 32}) add(sample, at);
        }
    if (seen.size() != values) findings.push_back("a value that should be fresh is there twice");
}

std::vector<std::size_t> count_coefficients(const Population& population)
{
    std::vector<std::size_t> counts(coefficient_values);
    for (const auto& sample : population.samples)
        for (std::size_t slot = 0; slot < recipients; ++slot) add_coefficients(counts, ByteView(sample).subspan(2 + slot * slot_bytes));
    return counts;
}

void judge_pair(Findings& findings, const Population& a, const Population& b)
{
    const auto nibbles_of = [](const Population& population, std::size_t at) {
        return count_nibbles(population.samples.size(), [&](std::size_t i) { return population.samples[i][at]; });
    };
    const auto what = a.name + " against " + b.name;
    for (std::size_t at = 0; at < sample_size; ++at) {
        const auto first = nibbles_of(a, at);
        const auto second = nibbles_of(b, at);
        for (std::size_t half = 0; half < 2; ++half)
            judge(findings, from_each_other(first[half], second[half]), what + ", byte " + std::to_string(at));
    }
    judge(findings, from_each_other(count_coefficients(a), count_coefficients(b)), what + ", coefficients");
}

Findings findings_of(const std::vector<const Population*>& populations)
{
    Findings findings;
    for (const auto* population : populations) {
        judge_uniform_places(findings, *population);
        judge_order(findings, *population);
        judge_slots(findings, *population, "place", [](std::size_t, std::size_t which) { return which; });
        judge_slots(findings, *population, "recipient", [&](std::size_t i, std::size_t which) {
            const auto& owners = population->owners[i];
            return static_cast<std::size_t>(std::find(owners.begin(), owners.end(), which) - owners.begin());
        });
        if (population != populations.front()) judge_pair(findings, *populations.front(), *population);
    }
    judge_repetition(findings, populations);
    return findings;
}

const Setting arabic{"an Arabic report", "keys a", "وعدوا أخي بعمل سائق ثم انقطعت أخباره."};
const Setting english{"an English report", "keys a", "They promised my brother work as a driver, then he was not heard of."};
const Setting decoy{"a decoy", "keys a", "", Kind::decoy};
const Setting other_keys{"a report to other keys", "keys b", "وعدوا أخي بعمل سائق ثم انقطعت أخباره."};

Findings planted(const Setting& setting, const Seal& seal)
{
    static const auto honest = populate(arabic, 500);
    const auto leaking = populate(setting, 500, seal);
    return findings_of({&honest, &leaking});
}

}  // namespace

TEST_CASE("envelopes of one class look alike, whoever may open them and whatever they say")
{
    const auto count = population_size();
    WARN(count << " envelopes for " << recipients << " recipients in each of 4 populations");
    std::vector<Population> made;
    for (const auto& setting : {arabic, english, decoy, other_keys}) made.push_back(populate(setting, count));
    std::vector<const Population*> all;
    all.reserve(made.size());
    for (const auto& population : made) all.push_back(&population);
    for (const auto& finding : findings_of(all)) FAIL_CHECK(finding);
}

TEST_CASE("a planted leak is noticed")
{
    SECTION("slots that are not shuffled")
    {
        const auto findings = planted(english, [](std::span<const XWingPublicKey> keys, ByteView payload, std::size_t) {
            ByteArray<64> randomness;
            random_bytes(randomness);
            return seal_all(Sealer::create_deterministic(keys, randomness).value(), payload, text_class);
        });
        CHECK_FALSE(findings.empty());
    }
    SECTION("the desk's slot first a little too often")
    {
        const auto findings = planted(english, [](std::span<const XWingPublicKey> keys, ByteView payload, std::size_t index) {
            if (index % 4 != 0) return seal_honestly(keys, payload, index);
            ByteArray<64> randomness;
            random_bytes(randomness);
            return seal_all(Sealer::create_deterministic(keys, randomness).value(), payload, text_class);
        });
        CHECK_FALSE(findings.empty());
    }
    SECTION("a counter in the payload nonce")
    {
        const auto findings = planted(english, [](std::span<const XWingPublicKey> keys, ByteView payload, std::size_t index) {
            auto envelope = seal_honestly(keys, payload, index);
            envelope[header_size - 33] = static_cast<Byte>(index);
            envelope[header_size - 34] = static_cast<Byte>(index >> 8);
            return envelope;
        });
        CHECK_FALSE(findings.empty());
    }
    SECTION("a bit of the commitment that is set more often for a decoy")
    {
        const auto findings = planted(decoy, [](std::span<const XWingPublicKey> keys, ByteView payload, std::size_t index) {
            auto envelope = seal_honestly(keys, payload, index);
            if (index % 2 == 0) envelope[header_size - 1] |= 1;
            return envelope;
        });
        CHECK_FALSE(findings.empty());
    }
    SECTION("a payload nonce that is used twice")
    {
        Bytes before;
        const auto findings = planted(english, [&](std::span<const XWingPublicKey> keys, ByteView payload, std::size_t index) {
            auto envelope = seal_honestly(keys, payload, index);
            if (index == 300) std::copy_n(before.begin(), 32, envelope.begin() + header_size - 64);
            before.assign(envelope.begin() + header_size - 64, envelope.begin() + header_size - 32);
            return envelope;
        });
        CHECK_FALSE(findings.empty());
    }
}

}  // namespace amana::crypto::testing
