// SPDX-License-Identifier: AGPL-3.0-or-later
// Tells the two servers of a pair apart: logistic regression over the differences of those features that say most, each put on
// one scale. Learns from some pairs and is judged on others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace amana::forensic {

// What differs between the first and the second of a pair, and which of them has the bit.
struct Pair {
    std::vector<double> difference;
    bool first_has_it = false;
};

class Classifier {
public:
    [[nodiscard]] static Classifier learn(const std::vector<Pair>& pairs);
    [[nodiscard]] bool first_has_it(const std::vector<double>& difference) const;
    // Indices of the features it leans on most, the strongest first.
    [[nodiscard]] std::vector<std::size_t> strongest(std::size_t count) const;

private:
    std::vector<double> scale_;
    std::vector<double> weight_;
};

// Guessed rightly, of so many, with the exact two-sided interval at 95 % (Clopper and Pearson).
struct Score {
    std::uint64_t right = 0;
    std::uint64_t pairs = 0;

    [[nodiscard]] double share() const { return static_cast<double>(right) / static_cast<double>(pairs); }
    [[nodiscard]] double lower() const;
    [[nodiscard]] double upper() const;
    [[nodiscard]] std::string text() const;
};

// Learns from the first half and judges on the second.
[[nodiscard]] Score attack(const std::vector<Pair>& pairs, std::vector<std::size_t>* leans_on = nullptr);

}  // namespace amana::forensic
