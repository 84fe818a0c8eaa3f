// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/log_routes.hpp"

#include "crypto/range.hpp"
#include "server/wire/messages.hpp"

#include <algorithm>
#include <charconv>

namespace amana::front {

namespace {

bool is_digits(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Decimal without leading zeros, below `end`.
std::optional<std::uint64_t> number(std::string_view text, std::uint64_t end)
{
    if (!is_digits(text) || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    std::uint64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value >= end) return std::nullopt;
    return value;
}

// Groups of three digits, all but the last with x before them, and the first of several is not zero.
std::optional<std::uint64_t> tile_index(std::string_view path)
{
    std::uint64_t index = 0;
    for (bool first = true;; first = false) {
        const bool more = path.starts_with('x');
        if (more) path.remove_prefix(1);
        const auto group = path.substr(0, path.find('/'));
        if (group.size() != 3 || !is_digits(group) || (first && more && group == "000")) return std::nullopt;
        for (const char c : group) index = 10 * index + static_cast<std::uint64_t>(c - '0');
        if (index >= wire::max_tile_index) return std::nullopt;
        path.remove_prefix(group.size());
        if (!more) return path.empty() ? std::optional(index) : std::nullopt;
        if (path.empty()) return std::nullopt;
        path.remove_prefix(1);  // the slash, where the group ended
    }
}

std::optional<LogRoute> find_tile(std::string_view path)
{
    const auto slash = path.find('/');
    const auto level = number(path.substr(0, slash), wire::tile_levels);
    if (!level || slash == std::string_view::npos) return std::nullopt;
    path.remove_prefix(slash + 1);
    LogRoute route{LogPage::tile, static_cast<unsigned>(*level), 0, crypto::tile_hashes};
    if (const auto partial = path.find(".p/"); partial != std::string_view::npos) {
        const auto width = number(path.substr(partial + 3), crypto::tile_hashes);
        if (!width || *width == 0) return std::nullopt;
        route.width = static_cast<unsigned>(*width);
        path = path.substr(0, partial);
    }
    const auto index = tile_index(path);
    if (!index) return std::nullopt;
    route.index = *index;
    return route;
}

}  // namespace

std::optional<LogRoute> find_log_route(std::string_view target)
{
    target = target.substr(0, target.find('?'));
    target.remove_prefix(log_prefix.size());
    if (target.empty()) return LogRoute{LogPage::index};
    if (target == "check.html") return LogRoute{LogPage::checker};
    if (target == "key") return LogRoute{LogPage::key};
    if (target == "checkpoint") return LogRoute{LogPage::checkpoint};
    if (target == "witnessed") return LogRoute{LogPage::witnessed};
    constexpr std::string_view tile = "tile/";
    if (target.starts_with(tile)) return find_tile(target.substr(tile.size()));
    constexpr std::string_view range = "range/";
    if (!target.starts_with(range)) return std::nullopt;
    const auto index = number(target.substr(range.size()), crypto::max_tree_size / crypto::range_leaves);
    if (!index) return std::nullopt;
    return LogRoute{LogPage::range, 0, *index};
}

}  // namespace amana::front
