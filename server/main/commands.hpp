// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands of amana-server. Each prints for the admin and returns the program's exit code: 0 done, 1 refused or
// failed (the reason is on stderr).
#pragma once

#include "base/process.hpp"
#include "server/main/material.hpp"

namespace amana::server {

[[nodiscard]] int run_check(const Path& config, const MemoryProtection& memory);
[[nodiscard]] int run_serve(const Path& config, const MemoryProtection& memory);
struct ExportOptions {
    Path out;
    std::uint64_t from = 0;
    std::uint64_t part_bytes = 0;  // 0: one file
};
// Each runs amana-keeper in the mode of that name; its exit code.
[[nodiscard]] int run_export(const Path& config, const ExportOptions& options);
[[nodiscard]] int run_witness(const Path& config, const Path& note);
[[nodiscard]] int run_fsck(const Path& config);
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
};
// The manifest of all that the site serves, unsigned; made by amana-front.
[[nodiscard]] int run_site(const Path& config, const SiteOptions& options);
[[nodiscard]] int run_status(const Path& config, const MemoryProtection& memory, bool json);

// What serve and the admin commands tell the keeper.
[[nodiscard]] wire::KeeperSlice keeper_slice(const Config& config, const Bytes& keyset);
// The same for the front.
[[nodiscard]] SecretBuffer front_slice(const Config& config, Material material);
// Prints findings to stderr; true when there is an error among them.
bool report(const Findings& findings, const Path& config);

// Runs the front only as far as its pages are made: true when they can be, else it has said on stderr what is wrong.
[[nodiscard]] bool front_can_begin(const Config& config, Material material);
// Runs the keeper in one of its own modes; without a key set it makes no batch; its exit code. With `capture`, what it prints goes there.
[[nodiscard]] int run_keeper(const Config& config, const Bytes& keyset, std::vector<std::string> arguments, std::string* capture);

}  // namespace amana::server
