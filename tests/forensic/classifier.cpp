// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/forensic/classifier.hpp"

#include <boost/math/distributions/binomial.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace amana::forensic {

namespace {

constexpr int steps = 400;
constexpr double rate = 0.5;
constexpr double decay = 1e-3;
constexpr double tail = 0.025;
constexpr std::size_t features_kept = 12;

// A feature that says nothing only adds noise to the others: all but those that point the same way most steadily are
// given no weight, by a scale of 0.
void forget_all_but_the_best(const std::vector<Pair>& pairs, std::vector<double>& scale)
{
    std::vector<double> steady(scale.size());
    for (std::size_t i = 0; i < scale.size(); ++i) {
        double sum = 0;
        for (const auto& pair : pairs) sum += scale[i] * (pair.first_has_it ? pair.difference[i] : -pair.difference[i]);
        steady[i] = std::abs(sum);  // the squares of the scaled differences add up to the same for all
    }
    std::vector<std::size_t> order(scale.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return steady[a] > steady[b]; });
    for (std::size_t i = features_kept; i < order.size(); ++i) scale[order[i]] = 0;
}

}  // namespace

Classifier Classifier::learn(const std::vector<Pair>& pairs)
{
    Classifier learned;
    const auto features = pairs.front().difference.size();
    const auto count = static_cast<double>(pairs.size());
    learned.scale_.assign(features, 0);
    learned.weight_.assign(features, 0);
    for (const auto& pair : pairs)
        for (std::size_t i = 0; i < features; ++i) learned.scale_[i] += pair.difference[i] * pair.difference[i] / count;
    for (auto& scale : learned.scale_) scale = scale > 0 ? 1 / std::sqrt(scale) : 0;
    forget_all_but_the_best(pairs, learned.scale_);
    // No constant term: whatever stands first is chance.
    std::vector<double> gradient(features);
    for (int step = 0; step < steps; ++step) {
        for (std::size_t i = 0; i < features; ++i) gradient[i] = decay * learned.weight_[i];
        for (const auto& pair : pairs) {
            double sum = 0;
            for (std::size_t i = 0; i < features; ++i) sum += learned.weight_[i] * learned.scale_[i] * pair.difference[i];
            const auto error = 1 / (1 + std::exp(-sum)) - (pair.first_has_it ? 1 : 0);
            for (std::size_t i = 0; i < features; ++i) gradient[i] += error * learned.scale_[i] * pair.difference[i] / count;
        }
        for (std::size_t i = 0; i < features; ++i) learned.weight_[i] -= rate * gradient[i];
    }
    return learned;
}

bool Classifier::first_has_it(const std::vector<double>& difference) const
{
    double sum = 0;
    for (std::size_t i = 0; i < difference.size(); ++i) sum += weight_[i] * scale_[i] * difference[i];
    return sum > 0;
}

std::vector<std::size_t> Classifier::strongest(std::size_t count) const
{
    std::vector<std::size_t> order(weight_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return std::abs(weight_[a]) > std::abs(weight_[b]); });
    order.resize(std::min(count, order.size()));
    return order;
}

double Score::lower() const
{
    using boost::math::binomial_distribution;
    return binomial_distribution<>::find_lower_bound_on_p(static_cast<double>(pairs), static_cast<double>(right), tail);
}

double Score::upper() const
{
    using boost::math::binomial_distribution;
    return binomial_distribution<>::find_upper_bound_on_p(static_cast<double>(pairs), static_cast<double>(right), tail);
}

std::string Score::text() const
{
    return fmt::format("{:.3f} of {} pairs, 95 % interval {:.3f} to {:.3f}", share(), pairs, lower(), upper());
}

Score attack(const std::vector<Pair>& pairs, std::vector<std::size_t>* leans_on)
{
    const auto half = static_cast<std::ptrdiff_t>(pairs.size() / 2);
    const auto classifier = Classifier::learn({pairs.begin(), pairs.begin() + half});
    if (leans_on != nullptr) *leans_on = classifier.strongest(3);
    Score score;
    for (auto pair = pairs.begin() + half; pair != pairs.end(); ++pair) {
        ++score.pairs;
        if (classifier.first_has_it(pair->difference) == pair->first_has_it) ++score.right;
    }
    return score;
}

}  // namespace amana::forensic
