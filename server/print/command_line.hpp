// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-print's options.
#pragma once

#include "server/print/job.hpp"

namespace CLI {
class App;
}

namespace amana::print {

inline constexpr int usage_error = 2;

void declare(CLI::App& app, Arguments& to);

}  // namespace amana::print
