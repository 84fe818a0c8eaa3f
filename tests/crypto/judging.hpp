// SPDX-License-Identifier: AGPL-3.0-or-later
// What is looked at in populations of sealed things, and how a place that shows more than it should is named.
#pragma once

#include "base/bytes.hpp"
#include "tests/crypto/statistics.hpp"

#include <array>
#include <string>
#include <vector>

namespace amana::crypto::testing {

// Whether a place shows more than it should: its deviation, beyond the alarm.
using Findings = std::vector<std::string>;

inline void judge(Findings& findings, double deviation, const std::string& what)
{
    if (deviation > amana::testing::alarm || !(deviation == deviation)) findings.push_back(what + ": " + std::to_string(deviation) + " deviations");
}

using Nibbles = std::array<std::size_t, 16>;

// Counts of the two halves of the byte that `at(i)` gives for every sample.
template <typename At>
std::array<Nibbles, 2> count_nibbles(std::size_t count, At at)
{
    std::array<Nibbles, 2> counts{};
    for (std::size_t i = 0; i < count; ++i) {
        const Byte byte = at(i);
        ++counts[0][byte >> 4];
        ++counts[1][byte & 15];
    }
    return counts;
}

// The values of the ML-KEM coefficients of an X-Wing ciphertext: 10 bits each in its first 960 bytes.
inline constexpr std::size_t coefficient_values = 1024;
inline void add_coefficients(std::vector<std::size_t>& counts, ByteView ciphertext)
{
    unsigned bits = 0;
    unsigned held = 0;
    for (const Byte byte : ciphertext.first(960)) {
        bits |= static_cast<unsigned>(byte) << held;
        held += 8;
        if (held < 10) continue;
        ++counts[bits & 1023];
        bits >>= 10;
        held -= 10;
    }
}

}  // namespace amana::crypto::testing
