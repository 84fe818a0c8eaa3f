// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/days.hpp"

#include "base/clock.hpp"
#include "base/file.hpp"

#include <array>
#include <charconv>

#include <fcntl.h>
#include <sys/stat.h>

namespace amana::keeper {

namespace {

constexpr mode_t private_file = 0600;
constexpr std::size_t max_day_bytes = 32;

// Reading sets a time, too.
void stamp(const std::filesystem::path& path, std::int64_t day)
{
    const timespec time{static_cast<time_t>(day * one_day), 0};
    const std::array<timespec, 2> times{time, time};
    ::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
}

}  // namespace

void write_day(const std::filesystem::path& path, std::int64_t day)
{
    if (!write_durable(path, as_bytes(std::to_string(day) + "\n"), private_file, DurableFile::Existing::replace)) return;
    stamp(path, day);
}

std::optional<std::int64_t> read_day(const std::filesystem::path& path)
{
    const auto bytes = read_file(path, max_day_bytes);
    if (!bytes) return std::nullopt;
    const auto text = as_text(*bytes);
    std::int64_t day = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), day);
    if (wrong != std::errc() || day < 0 || std::string_view(end, text.data() + text.size()) != "\n") return std::nullopt;
    stamp(path, day);
    return day;
}

Stored<std::optional<std::int64_t>> first_day(Store& store, std::int64_t today)
{
    const auto now = store.size_on(today);
    if (!now) return now.error();
    if (*now == 0) return std::optional<std::int64_t>();
    // A day with a size is at `high`; every day up to `low` has none.
    std::int64_t low = -1;
    std::int64_t high = today;
    while (high - low > 1) {
        const auto middle = low + (high - low) / 2;
        const auto size = store.size_on(middle);
        if (!size) return size.error();
        (*size == 0 ? low : high) = middle;
    }
    return std::optional(high);
}

std::string day_text(std::int64_t day)
{
    constexpr std::size_t date = 10;
    return to_rfc3339(day * one_day).substr(0, date);
}

}  // namespace amana::keeper
