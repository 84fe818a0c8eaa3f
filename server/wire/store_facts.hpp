// SPDX-License-Identifier: AGPL-3.0-or-later
// What the serving keeper tells the warden of its store, at its start and with each tick: what may be recorded for ever
// (docs/ADMISSION.md, section 7), in steps and whole days. Whoever watches asks the warden, and never the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amana::wire {

struct StoreFacts {
    std::uint64_t free_bytes = 0;             // a power of two, or 0
    unsigned log_step = 0;                    // log4 of the log's size in batches, rounded down
    std::optional<std::int64_t> courier_day;  // since 1970: of the courier's last visit, of the last backup
    std::optional<std::int64_t> backup_day;

    bool operator==(const StoreFacts&) const = default;
};

[[nodiscard]] std::uint64_t coarse_bytes(std::uint64_t bytes);
[[nodiscard]] unsigned log_step(std::uint64_t log_size, std::uint64_t batch);

// "store FREE STEP COURIER BACKUP", each a decimal number, "-" for a day that never was.
[[nodiscard]] std::string to_line(const StoreFacts& facts);
inline constexpr std::size_t max_store_line_bytes = 64;
// Nothing for any other line.
[[nodiscard]] std::optional<StoreFacts> parse_store_facts(std::string_view line);

}  // namespace amana::wire
