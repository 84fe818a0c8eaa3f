// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/wire/store_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

namespace amana::wire {

namespace {

constexpr std::string_view begin = "store";
// So that a line is no longer than max_store_line_bytes: the year 29349.
constexpr std::int64_t latest_day = 9'999'999;
constexpr unsigned largest_step = 31;  // of a log of 2^64 entries

// The word must be all number.
std::optional<std::uint64_t> number(std::string_view word)
{
    std::uint64_t value = 0;
    const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (wrong != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
}

std::string day(const std::optional<std::int64_t>& value)
{
    return value && *value >= 0 && *value <= latest_day ? std::to_string(*value) : "-";
}

bool take_day(std::string_view word, std::optional<std::int64_t>& value)
{
    if (word == "-") return true;
    const auto found = number(word);
    if (!found || *found > static_cast<std::uint64_t>(latest_day)) return false;
    value = static_cast<std::int64_t>(*found);
    return true;
}

}  // namespace

std::uint64_t coarse_bytes(std::uint64_t bytes)
{
    return bytes == 0 ? 0 : std::bit_floor(bytes);
}

unsigned log_step(std::uint64_t log_size, std::uint64_t batch)
{
    unsigned step = 0;
    for (auto batches = log_size / batch; batches >= 4; batches /= 4) ++step;
    return step;
}

std::string to_line(const StoreFacts& facts)
{
    return fmt::format("{} {} {} {} {}", begin, facts.free_bytes, facts.log_step, day(facts.courier_day), day(facts.backup_day));
}

std::optional<StoreFacts> parse_store_facts(std::string_view line)
{
    if (line.size() > max_store_line_bytes || line.ends_with(' ')) return std::nullopt;
    const auto word = [&] {
        const auto space = std::min(line.find(' '), line.size());
        const auto found = line.substr(0, space);
        line.remove_prefix(std::min(space + 1, line.size()));
        return found;
    };
    if (word() != begin) return std::nullopt;
    const auto free = number(word());
    const auto step = number(word());
    if (!free || *free != coarse_bytes(*free) || !step || *step > largest_step) return std::nullopt;
    StoreFacts facts{*free, static_cast<unsigned>(*step), {}, {}};
    if (!take_day(word(), facts.courier_day) || !take_day(word(), facts.backup_day) || !line.empty()) return std::nullopt;
    return facts;
}

}  // namespace amana::wire
