// SPDX-License-Identifier: AGPL-3.0-or-later
// The tables of the SQLite store, and what a connection to them is set to.
#pragma once

#include "base/sqlite.hpp"

namespace amana::keeper {

// Sets the connection up, creates the tables in an empty file, brings those of an earlier version up to this one, whole or not at all, and
// refuses any other file.
[[nodiscard]] Result<void> prepare_schema(Database& database);

}  // namespace amana::keeper
