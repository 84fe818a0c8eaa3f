// SPDX-License-Identifier: AGPL-3.0-or-later
// Two tests of distributions, and how sure one must be before one speaks of a leak.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace amana::testing {

// A chi-square statistic as standard deviations of a normal variable (Wilson and Hilferty, 1931).
inline double deviations(double statistic, double freedom)
{
    const double ninth = 2.0 / (9.0 * freedom);
    return (std::cbrt(statistic / freedom) - (1.0 - ninth)) / std::sqrt(ninth);
}

// One run makes fewer than 10^5 such tests. Beyond 7.2 deviations lie 3 in 10^13, so a run without a leak raises a false
// alarm less than once in 10^7.
inline constexpr double alarm = 7.2;

// How far counts are from all cells being equally likely.
inline double from_uniform(std::span<const std::size_t> counts)
{
    double total = 0;
    for (const auto count : counts) total += static_cast<double>(count);
    const double expected = total / static_cast<double>(counts.size());
    double statistic = 0;
    for (const auto count : counts) {
        const double off = static_cast<double>(count) - expected;
        statistic += off * off / expected;
    }
    return deviations(statistic, static_cast<double>(counts.size() - 1));
}

// How far two samples are from being of one distribution, whatever that is.
inline double from_each_other(std::span<const std::size_t> a, std::span<const std::size_t> b)
{
    double total_a = 0;
    double total_b = 0;
    for (const auto count : a) total_a += static_cast<double>(count);
    for (const auto count : b) total_b += static_cast<double>(count);
    double statistic = 0;
    double cells = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto both = static_cast<double>(a[i] + b[i]);
        if (both == 0) continue;
        const double off = std::sqrt(total_b / total_a) * static_cast<double>(a[i]) - std::sqrt(total_a / total_b) * static_cast<double>(b[i]);
        statistic += off * off / both;
        ++cells;
    }
    return cells < 2 ? 0 : deviations(statistic, cells - 1);
}

}  // namespace amana::testing
