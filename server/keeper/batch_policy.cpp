// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/batch_policy.hpp"

#include "crypto/envelope.hpp"

#include <cmath>

namespace amana::keeper {

namespace {

constexpr double seconds_a_year = 365.25 * 24 * 3600;

// P(g) = 2^-(g+1). Random bits run out after 32 in a row: once in four thousand million draws.
std::uint64_t draw_coins()
{
    std::uint64_t heads = 0;
    while (heads < 32 && crypto::random_below(2) == 1) ++heads;
    return heads;
}

// P(g) = (1 - q) q^g, whose mean is q / (1 - q).
std::uint64_t draw_geometric(double mean)
{
    constexpr std::uint32_t fine = 1u << 31;
    const double q = mean / (1 + mean);
    const auto bound = static_cast<std::uint32_t>(std::lround(q * fine));
    std::uint64_t drawn = 0;
    while (crypto::random_below(fine) < bound) ++drawn;
    return drawn;
}

}  // namespace

std::uint64_t ladder_step(std::uint64_t first, std::uint64_t count)
{
    auto step = first;
    while (step < count) step *= ladder_factor;
    return step;
}

double BatchPolicy::batches_a_year(std::uint64_t size_class) const
{
    const double ticks = seconds_a_year / static_cast<double>(tick.count());
    return size_class == crypto::text_class ? ticks : ticks / file_ticks;
}

double BatchPolicy::mean_large(std::uint64_t size_class) const
{
    return static_cast<double>(large_cover) / (static_cast<double>(size_class) * batches_a_year(size_class));
}

std::uint64_t BatchPolicy::decoys(std::uint64_t size_class, std::uint64_t waiting) const
{
    if (size_class > largest_ladder_class) return draw_geometric(mean_large(size_class));
    return ladder_step(batch, waiting + draw_coins()) - waiting;
}

BatchPolicy::Cost BatchPolicy::yearly_cost(std::size_t slots) const
{
    // What a batch has without reports: the first step, and what overruns of it and of the next ones add.
    double ladder = static_cast<double>(batch);
    for (double step = static_cast<double>(batch); step < 64; step *= ladder_factor)
        ladder += (ladder_factor - 1) * step * std::exp2(-(step + 1));
    Cost cost;
    for (const auto size : crypto::size_classes) {
        const double each = size > largest_ladder_class ? mean_large(size) : ladder;
        const double entries = each * batches_a_year(size);
        cost.entries += entries;
        cost.bytes += entries * static_cast<double>(crypto::envelope_bytes(slots, size));
    }
    return cost;
}

std::uint64_t BatchPolicy::batch_bytes(std::size_t slots) const
{
    std::uint64_t bytes = 0;
    for (const auto size : crypto::size_classes)
        if (size <= largest_ladder_class) bytes += batch * crypto::envelope_bytes(slots, size);
    return bytes;
}

}  // namespace amana::keeper
