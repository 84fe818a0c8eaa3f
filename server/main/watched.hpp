// SPDX-License-Identifier: AGPL-3.0-or-later
// What somebody who watches the service may record for ever: steps and whole days, looked at with the tick, so that a record of it
// is no diary of reports (docs/ADMISSION.md, section 7).
#pragma once

#include "server/main/commands.hpp"

#include <optional>

namespace amana::server {

struct Watched {
    bool up = false;        // a warden holds the storage directory
    unsigned pressure = 0;  // of 4
    unsigned storage = 0;   // storage_steps
    std::uint64_t restarts = 0;
    std::uint64_t reserve_bytes = 0;
    // What can't be told is left out.
    std::optional<std::uint64_t> free_bytes;  // a power of two, with every long batch
    std::optional<unsigned> log_step;         // log4 of the log's size in batches, rounded down
    std::optional<std::int64_t> keys_days;    // until the last epoch key that is valid now ends; below 0: since
    std::optional<std::int64_t> certificate_days;
    std::optional<std::int64_t> backup_days;   // since the last backup
    std::optional<std::int64_t> courier_days;  // since the courier was here
};

// Prometheus' text format, 0.0.4.
[[nodiscard]] std::string metrics_text(const Watched& watched);
// What keeps a report from being taken; empty when nothing does.
[[nodiscard]] std::string what_ails(const Watched& watched);

// Looks at the service, with each tick anew.
class Watch {
public:
    using Time = std::chrono::steady_clock::time_point;
    explicit Watch(const Config& config) : config_(config) {}

    void look(Time now);
    // As of the last look, but for `up`, which is of this moment.
    [[nodiscard]] Watched now() const;

private:
    void look_at_files(UnixTime now);

    const Config& config_;
    Watched seen_;
    Time next_{};
    std::uint32_t ticks_to_space_ = 0;
};

}  // namespace amana::server
