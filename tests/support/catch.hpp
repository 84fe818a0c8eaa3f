// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The one place that knows which Catch2 this is: tests include this header, so moving to version 3 is a change here and in
// catch_main.cpp.
#pragma once

#include <catch2/catch.hpp>
