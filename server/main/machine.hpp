// SPDX-License-Identifier: AGPL-3.0-or-later
// What this machine gives the server: memory that stays out of swap, a directory that is the server's alone, descriptors
// enough, templates in every language that is offered. Looks, and changes nothing.
#pragma once

#include "base/process.hpp"
#include "server/main/config.hpp"
#include "server/main/users.hpp"

namespace amana::server {

// What the warden itself may need to lock: a key set at its largest, certificate and key, twice over.
inline constexpr std::size_t lockable_needed = 4 * 1024 * 1024;

void check_machine(const Config& config, const MemoryProtection& memory, Findings& findings);

// As whom the keeper is started for the store in `storage`: as whose it is, by root; as ourselves, which is nothing, by that user. An
// error that says what to do for anybody else.
[[nodiscard]] Result<std::optional<User>> keeper_user(const Path& storage);

// Children inherit it: a connection is a descriptor of the front's.
void raise_descriptor_limit();

// "everything of the server" or what is locked instead.
[[nodiscard]] std::string describe(const MemoryProtection& memory);

// amana-front or amana-keeper: beside this program, or in the directory given at compile time.
[[nodiscard]] Result<Path> find_program(std::string_view name);

}  // namespace amana::server
