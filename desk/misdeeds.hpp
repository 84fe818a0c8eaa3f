// SPDX-License-Identifier: AGPL-3.0-or-later
// What is wrong with a log that is not what it was: docs/LOG.md, section 5.1.
#pragma once

#include "crypto/merkle.hpp"

#include <optional>
#include <string>
#include <vector>

namespace amana::desk {

enum class Misdeed { rolled_back, forked, swapped, reordered, dropped, broken_promise };

// As it is written in evidence and on the screen: "rolled-back", ...
[[nodiscard]] const char* name(Misdeed misdeed);
[[nodiscard]] std::optional<Misdeed> misdeed_named(std::string_view name);

struct Finding {
    Misdeed what;
    std::vector<std::uint64_t> at;  // positions in the log, ascending; the first max_positions

    bool operator==(const Finding&) const = default;
};
inline constexpr std::size_t max_positions = 100;

// One position in each: what was signed there, and what is said to be there now. Nothing: no content.
struct Difference {
    std::uint64_t position = 0;
    crypto::Hash signed_leaf{};
    std::optional<crypto::Hash> found;
};
// More differences than this are not looked into one by one.
inline constexpr std::size_t max_differences = std::size_t{1} << 20;

// Names what happened, from all positions that differ. A leaf that is found at another of them was moved; one that is
// found nowhere was dropped, or swapped where something foreign stands in its place.
[[nodiscard]] std::vector<Finding> classify(const std::vector<Difference>& differences);

// The same for a list that may have shifted: `ours` as it was seen, `theirs` as it is said to be now, both from position
// `first` on. What keeps its order among the rest was not moved.
[[nodiscard]] std::vector<Finding> classify_lists(const std::vector<crypto::Hash>& ours,
                                                  const std::vector<crypto::Hash>& theirs, std::uint64_t first);

// "swapped at 3; dropped at 5, 6".
[[nodiscard]] std::string describe(const std::vector<Finding>& findings);

}  // namespace amana::desk
