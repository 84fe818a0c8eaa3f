// SPDX-License-Identifier: AGPL-3.0-or-later
// The four commands of amana-server. Each prints for the admin and returns the program's exit code: 0 done, 1 refused or
// failed (the reason is on stderr).
#pragma once

#include "base/process.hpp"
#include "server/main/material.hpp"

namespace amana::server {

[[nodiscard]] int run_check(const Path& config, const MemoryProtection& memory);
[[nodiscard]] int run_serve(const Path& config, const MemoryProtection& memory);
// Runs amana-keeper --export OUT [--from N]; its exit code.
[[nodiscard]] int run_export(const Path& config, const Path& out, std::uint64_t from);
[[nodiscard]] int run_status(const Path& config, const MemoryProtection& memory, bool json);

// What serve and the admin commands tell the keeper.
[[nodiscard]] wire::KeeperSlice keeper_slice(const Config& config);
// Prints findings to stderr; true when there is an error among them.
bool report(const Findings& findings, const Path& config);

// Runs the keeper in one of its own modes, with this slice; its exit code. With `capture`, what it prints goes there.
[[nodiscard]] int run_keeper(const Config& config, std::vector<std::string> arguments, std::string* capture);

}  // namespace amana::server
