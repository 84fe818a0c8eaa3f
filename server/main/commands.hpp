// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands of amana-server. Each prints for the admin and returns the program's exit code: 0 done, 1 refused or
// failed (the reason is on stderr).
#pragma once

#include "base/process.hpp"
#include "server/main/material.hpp"

namespace amana::server {

[[nodiscard]] int run_check(const Path& config, const MemoryProtection& memory);
struct ServeOptions {
    Path rendezvous;  // the directory where front and keeper come to (rendezvous.hpp); empty: they are children
    std::string front_user;
    std::string keeper_user;
};
[[nodiscard]] int run_serve(const Path& config, const MemoryProtection& memory, const ServeOptions& options);
// What the units of front and keeper run; `place`: "front" or "keeper".
[[nodiscard]] int run_attend(const std::string& place, const Path& rendezvous);
struct ExportOptions {
    Path out;
    std::uint64_t from = 0;
    std::uint64_t part_bytes = 0;  // 0: one file
};
// Each runs amana-keeper in the mode of that name; its exit code.
[[nodiscard]] int run_export(const Path& config, const ExportOptions& options);
[[nodiscard]] int run_witness(const Path& config, const Path& note);
[[nodiscard]] int run_import(const Path& config, const Path& outbox);
[[nodiscard]] int run_fsck(const Path& config);
struct BackupOptions {
    Path out;
    bool handover = false;
};
[[nodiscard]] int run_backup(const Path& config, const BackupOptions& options);
struct RestoreOptions {
    Path backup;
    bool after_loss = false;
};
[[nodiscard]] int run_restore(const Path& config, const RestoreOptions& options);
// `scratch`: where there is room; empty: beside the backup.
[[nodiscard]] int run_drill(const Path& backup, const Path& scratch);
// Serves metrics and health until SIGTERM.
[[nodiscard]] int run_metrics(const Path& config);
// Sends the notice, once or every day. Once, it is not to be called from a process that gave up new privileges: a mail program may
// need its group.
[[nodiscard]] int run_notice(const Path& config, bool daily);
struct PrintOptions {
    Path out;
    std::string only;  // poster, card or sheet; empty: all
    bool force = false;
};
// Posters and cards with the site's addresses, by amana-print.
[[nodiscard]] int run_print(const Path& config, const PrintOptions& options);
struct SiteOptions {
    std::uint64_t serial = 0;
    Path out;  // empty: standard output
    std::string address;  // one of [[site_address]]; empty: the first
};
// The manifest of all that the site serves by one address, unsigned; made by amana-front.
[[nodiscard]] int run_site(const Path& config, const SiteOptions& options);
struct DoctorOptions {
    bool json = false;
    bool local = false;                // leave the public address out
    bool list = false;                 // only what can be found
    Path root;                         // of the machine's files; empty: /
    Path ca;                           // issuers to be trusted beside the machine's own; empty: none
    std::vector<std::string> ignored;  // findings, by name
};
// 0 nothing found, 3 warnings, 4 errors; 1 it could not look.
[[nodiscard]] int run_doctor(const Path& config, const MemoryProtection& memory, const DoctorOptions& options);
// What stands below its --help.
[[nodiscard]] std::string doctor_manual();
[[nodiscard]] int run_status(const Path& config, const MemoryProtection& memory, bool json);
// What each running process can still do; 1 when something is not in force.
[[nodiscard]] int run_sandbox_status(const Path& config, bool json);

// What serve and the admin commands tell the keeper.
[[nodiscard]] wire::KeeperSlice keeper_slice(const Config& config, const Bytes& keyset);
// The same for the front.
[[nodiscard]] SecretBuffer front_slice(const Config& config, Material material);
// Prints findings to stderr; true when there is an error among them.
bool report(const Findings& findings, const Path& config);

// Runs the front only as far as its pages are made: true when they can be, else it has said on stderr what is wrong.
[[nodiscard]] bool front_can_begin(const Config& config, const Material& material);
// Runs the keeper in one of its own modes; without a key set it makes no batch; its exit code. With `capture`, what it prints goes there.
[[nodiscard]] int run_keeper(const Config& config, const Bytes& keyset, std::vector<std::string> arguments, std::string* capture);

}  // namespace amana::server
