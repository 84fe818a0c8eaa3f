// SPDX-License-Identifier: AGPL-3.0-or-later
// Proof of work (docs/ADMISSION.md, section 3): eight numbers, each found by trying, so that luck evens out. After hashcash
// (Back, 2002) and the client puzzles of Juels and Brainard (1999).
#pragma once

#include "crypto/primitives.hpp"

#include <array>

namespace amana::crypto {

inline constexpr std::size_t work_parts = 8;
inline constexpr std::size_t work_token_bytes = 32;
inline constexpr unsigned max_work_bits = 24;  // of one part

using WorkToken = ByteArray<work_token_bytes>;
using WorkNumbers = std::array<std::uint32_t, work_parts>;

// Whether SHA-256("amana work v1" ‖ token ‖ i (1) ‖ numbers[i] (4, big-endian)) begins with `bits` zero bits, for each i.
[[nodiscard]] bool work_holds(const WorkToken& token, unsigned bits, const WorkNumbers& numbers);

// Finds such numbers: 8 × 2^bits hashes, as a rule. For tests and benchmarks.
[[nodiscard]] WorkNumbers work(const WorkToken& token, unsigned bits);

}  // namespace amana::crypto
