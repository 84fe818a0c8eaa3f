// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Catch2's main program, compiled once for all tests.
#define CATCH_CONFIG_MAIN
#include "tests/support/catch.hpp"
