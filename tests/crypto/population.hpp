// SPDX-License-Identifier: AGPL-3.0-or-later
// Populations of envelopes of one class, as an observer without keys sees them.
#pragma once

#include "tests/crypto/opening.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace amana::crypto::testing {

inline constexpr std::size_t recipients = 4;
inline constexpr std::size_t header_size = header_bytes(recipients);
inline constexpr std::size_t payload_sample = 64;  // bytes from each end of the sealed payload
inline constexpr std::size_t sample_size = header_size + 2 * payload_sample;
inline constexpr std::size_t x25519_at = xwing_ciphertext_bytes - 32;

// What an observer of one population sees, and what only the test knows: whose slot stands where.
struct Population {
    std::string name;
    std::vector<Bytes> samples;
    std::vector<std::array<std::size_t, recipients>> owners;
};

struct Setting {
    std::string name;
    std::string keys;
    std::string_view story;
    Kind kind = Kind::report;
};

using Seal = std::function<Bytes(std::span<const XWingPublicKey>, ByteView payload, std::size_t index)>;

[[nodiscard]] Bytes seal_honestly(std::span<const XWingPublicKey> keys, ByteView payload, std::size_t index);
[[nodiscard]] Population populate(const Setting& setting, std::size_t count, const Seal& seal = seal_honestly);

}  // namespace amana::crypto::testing
