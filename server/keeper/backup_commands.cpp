// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/backup_commands.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace amana::keeper {

namespace {

std::string account(const RestoreSummary& summary)
{
    const auto& checked = summary.checked;
    return fmt::format("{} entries of the log, {} envelopes read, {} erased, {} pending; made on {}", checked.leaves, checked.envelopes,
                       checked.erased, checked.pending, to_rfc3339(summary.manifest.day).substr(0, 10));
}

void tell_new_log(const RestoreSummary& summary)
{
    fmt::print("A new log begins with these entries, under the key\n  {}\nwhich the desk must trust, once it was compared on paper. If the desk has "
               "seen at most {} entries ('amana-desk audit DIR' says how many):\n  amana-desk trust DIR KEY --replace\nIf it has seen more:\n"
               "  amana-desk trust DIR KEY --replace --new-log\n",
               summary.log.text(), summary.manifest.size);
    fmt::print("What was acknowledged after this backup, and had not been carried to the desk, is lost.\n");
}

}  // namespace

Result<void> run_backup(const wire::KeeperSlice& slice, const BackupRequest& request)
{
    const auto manifest = back_up(slice, request);
    if (!manifest) return manifest.error();
    std::uint64_t bytes = 0;
    for (const auto& file : manifest->files) bytes += file.bytes;
    fmt::print("{}: {} entries of the log, {} bytes: {}\n", manifest->kind == BackupKind::copy ? "backed up" : "handed over", manifest->size,
               bytes, request.out.string());
    return {};
}

Result<void> run_restore(const wire::KeeperSlice& slice, const RestoreRequest& request)
{
    const auto summary = restore(slice, request);
    if (!summary) return summary.error();
    fmt::print("restored: {}\n", account(*summary));
    if (request.log == LogAfter::anew) tell_new_log(*summary);
    else fmt::print("The log goes on. Let this backup be restored nowhere else, and destroy it.\n");
    return {};
}

Result<void> run_drill(const wire::KeeperSlice& slice, const std::filesystem::path& backup, const GoOn& go_on)
{
    const auto summary = drill(slice.directory, backup, go_on);
    if (!summary) return summary.error();
    fmt::print("proved: it restores, and is whole: {}\n", account(*summary));
    return {};
}

}  // namespace amana::keeper
