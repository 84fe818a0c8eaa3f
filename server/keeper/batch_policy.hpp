// SPDX-License-Identifier: AGPL-3.0-or-later
// How many decoys join a batch, and what that costs: docs/LOG.md, sections 2.1 to 2.3. A policy cannot be set to none.
#pragma once

#include "crypto/size_class.hpp"

#include <chrono>
#include <cstdint>

namespace amana::keeper {

// Classes up to this one have a ladder; larger ones a number of decoys that does not depend on the reports.
inline constexpr std::uint64_t largest_ladder_class = crypto::mebibyte;
inline constexpr std::uint64_t ladder_factor = 4;
struct BatchPolicy {
    std::uint64_t batch = 4;  // the ladder's first step
    std::uint64_t large_cover = 1024 * crypto::mebibyte;  // bytes of decoys a year, for each class without a ladder
    std::chrono::seconds tick{900};
    std::uint32_t file_ticks = 24;  // reports with files enter on every so many ticks

    // How many decoys join `waiting` envelopes of a class. Drawn anew by every call.
    [[nodiscard]] std::uint64_t decoys(std::uint64_t size_class, std::uint64_t waiting) const;

    // A year in which nothing is reported, for envelopes of so many slots.
    struct Cost {
        double entries = 0;
        double bytes = 0;
    };
    [[nodiscard]] Cost yearly_cost(std::size_t slots) const;

    // What a long batch without reports has, its large decoys aside.
    [[nodiscard]] std::uint64_t batch_bytes(std::size_t slots) const;

private:
    [[nodiscard]] double batches_a_year(std::uint64_t size_class) const;
    [[nodiscard]] double mean_large(std::uint64_t size_class) const;
};

// The ladder's step for so many: the smallest of first, 4 first, 16 first, ... that is no smaller.
[[nodiscard]] std::uint64_t ladder_step(std::uint64_t first, std::uint64_t count);

}  // namespace amana::keeper
