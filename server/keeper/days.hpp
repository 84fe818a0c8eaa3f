// SPDX-License-Identifier: AGPL-3.0-or-later
// Days that an admin is told of: when the courier was here last, when a backup was made, when the log began. Nothing finer is kept,
// neither in such a file nor by its times.
#pragma once

#include "server/keeper/store.hpp"

#include <filesystem>

namespace amana::keeper {

// Each holds "DAY\n", days since 1970.
[[nodiscard]] inline std::filesystem::path courier_day_path(const std::filesystem::path& storage) { return storage / "courier-day"; }
[[nodiscard]] inline std::filesystem::path backup_day_path(const std::filesystem::path& storage) { return storage / "backed-up"; }

// Best effort: what it says only helps people.
void write_day(const std::filesystem::path& path, std::int64_t day);
[[nodiscard]] std::optional<std::int64_t> read_day(const std::filesystem::path& path);

// The day of the log's first batch, on or before `today`; nothing before there is one.
[[nodiscard]] Stored<std::optional<std::int64_t>> first_day(Store& store, std::int64_t today);

// "2026-11-29"
[[nodiscard]] std::string day_text(std::int64_t day);

}  // namespace amana::keeper
