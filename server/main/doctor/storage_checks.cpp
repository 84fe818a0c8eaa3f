// SPDX-License-Identifier: AGPL-3.0-or-later
// Room, backup and courier, by what the keeper tells (`amana-server status --json`, under "storage").
#include "server/main/courier.hpp"
#include "server/main/doctor/checks.hpp"
#include "server/main/units.hpp"
#include "server/wire/room.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <sys/statvfs.h>

namespace amana::server::doctor {

namespace {

constexpr std::uint64_t days_in_a_year = 365;
constexpr std::uint64_t few_days = 30;
constexpr std::uint64_t few_inodes = 1000;
constexpr UnixTime backup_age = 2 * one_day;  // once a day, and a day for it to be noticed
constexpr UnixTime outbox_warning = 2 * one_week;

std::optional<std::uint64_t> number(const Subject& subject, std::string_view name)
{
    const auto* value = subject.status ? subject.status->if_contains(name) : nullptr;
    if (value == nullptr || value->is_null()) return std::nullopt;
    boost::system::error_code wrong;
    const auto read = value->to_number<std::uint64_t>(wrong);
    return wrong ? std::nullopt : std::optional(read);
}

std::string text(const Subject& subject, std::string_view name)
{
    const auto* value = subject.status ? subject.status->if_contains(name) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

// A day, "2026-11-29", or a moment as RFC 3339 writes it in UTC.
std::optional<UnixTime> time_of(const Subject& subject, std::string_view name)
{
    const auto written = text(subject, name);
    std::tm parts{};
    const auto* end = ::strptime(written.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == nullptr || *end != '\0') {
        parts = {};
        end = ::strptime(written.c_str(), "%Y-%m-%d", &parts);
    }
    if (written.empty() || end == nullptr || *end != '\0') return std::nullopt;
    return static_cast<UnixTime>(::timegm(&parts));
}

}  // namespace

void look_at_room(const Subject& subject, Diagnosis& diagnosis)
{
    const auto directory = subject.config.storage.value.string();
    const auto room = number(subject, "room-bytes");
    if (!room) return diagnosis.found("store-unreadable", "amana-keeper can't tell what " + directory + " holds");
    diagnosis.fact("room", format_size(*room) + " for reports");
    if (*room < wire::room_for_text) diagnosis.found("room-none", directory + " has no room for reports");
    else if (*room < wire::room_for_all_files)
        diagnosis.found("room-low", directory + " has room for " + format_size(*room) + ", and large files need " + format_size(wire::room_for_all_files));
    if (const auto yearly = number(subject, "decoy-bytes-a-year"); yearly && *yearly != 0) {
        // What is old goes as decoys come, once a retention has passed; what comes beside is reports.
        const auto days = *room / std::max<std::uint64_t>(*yearly / days_in_a_year, 1);
        const auto kept = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::hours>(subject.config.retention).count()) / 24;
        diagnosis.fact("full in", days > kept && number(subject, "log-erased").value_or(0) > 0 ? "not by decoys: they are erased before" : std::to_string(days) + " days by decoys alone, sooner by reports");
        if (days < few_days && *room >= wire::room_for_text) diagnosis.found("full-soon", directory + " is full in " + std::to_string(days) + " days, by decoys alone");
    }
    struct statvfs space {};
    if (::statvfs(directory.c_str(), &space) == 0 && space.f_files != 0 && space.f_favail < few_inodes)
        diagnosis.found("inodes", directory + " may get " + std::to_string(space.f_favail) + " more files");
}

void look_at_backup(const Subject& subject, Diagnosis& diagnosis)
{
    if (!subject.status) return diagnosis.unknown("when the last backup was made");
    const auto last = time_of(subject, "backup-day");
    if (!last) return diagnosis.found("backup-none", "no backup of this store is known");
    diagnosis.fact("backup", days_ago(*last, subject.now));
    if (subject.now - *last > backup_age) diagnosis.found("backup-late", "the last backup was made " + days_ago(*last, subject.now));
}

void look_at_courier(const Subject& subject, Diagnosis& diagnosis)
{
    if (!subject.status) return diagnosis.unknown("when the courier last came");
    // Whoever exported, imported, or brought a co-signature.
    const auto last = time_of(subject, "courier-day");
    if (const auto late = courier_lateness({last, time_of(subject, "log-day")}, subject.now, subject.config.read_every); !late.empty()) diagnosis.found(courier_late, late);
    diagnosis.fact("courier", last ? days_ago(*last, subject.now) : "never here");

    const auto state = text(subject, "outbox");
    const auto until = time_of(subject, "outbox-until");
    if (state == "expired") diagnosis.found("outbox-ends", Severity::error, "the outbox has expired: no answer can be read");
    else if (!state.empty() && state != "none" && state != "open") diagnosis.found("outbox-ends", Severity::error, "the outbox can't be used: " + state);
    else if (state == "open" && until && *until - subject.now < outbox_warning) diagnosis.found("outbox-ends", "the outbox is served until " + to_rfc3339(*until));
}

}  // namespace amana::server::doctor
