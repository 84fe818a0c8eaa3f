// SPDX-License-Identifier: AGPL-3.0-or-later
// What each address below /log/ means (docs/LOG.md, section 3; C2SP tlog-tiles). Each thing has one address: whatever else
// could be read as the same number is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace amana::front {

enum class LogPage { index, checker, key, checkpoint, witnessed, tile, range };

struct LogRoute {
    LogPage page;
    unsigned level = 0;       // of a tile
    std::uint64_t index = 0;  // of a tile or a range
    unsigned width = 0;       // of a tile; 256 for a whole one
    bool operator==(const LogRoute&) const = default;
};

inline constexpr std::string_view log_prefix = "/log/";

// `target` begins with /log/. A query is ignored, as everywhere.
[[nodiscard]] std::optional<LogRoute> find_log_route(std::string_view target);

}  // namespace amana::front
