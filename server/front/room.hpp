// SPDX-License-Identifier: AGPL-3.0-or-later
// What is taken as storage fills up, by what the keeper says of its room: docs/ADMISSION.md, section 6. A step down is taken at
// once, and taken back when there is a quarter more room than its bound, so that a form does not change with every report.
#pragma once

#include "web/form_state.hpp"

#include <atomic>
#include <cstdint>
#include <string_view>

namespace amana::front {

struct FilesTaken {
    std::uint64_t bytes;  // what a report's files may have in all
    bool any = true;      // false: not even an empty one
};

class RoomGauge {
public:
    // What the keeper has said; by one thread. True when another step is taken by it.
    bool tell(std::uint64_t bytes);

    // As said last; until anything was, as if there were no end of it.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    // Nothing is taken.
    [[nodiscard]] bool full() const { return step_ == Step::nothing; }
    [[nodiscard]] web::Room room() const;
    // Where a report may have so many bytes of files while there is room.
    [[nodiscard]] FilesTaken files(std::uint64_t configured) const;
    // The largest size class that is taken; 0 when nothing is.
    [[nodiscard]] std::uint64_t largest_class() const;
    // "all", "small_files", "text" or "nothing".
    [[nodiscard]] std::string_view name() const;

private:
    enum class Step : std::uint8_t { nothing, text, small_files, all };

    std::atomic<std::uint64_t> bytes_ = UINT64_MAX;
    std::atomic<Step> step_ = Step::all;
    bool told_ = false;
};

}  // namespace amana::front
