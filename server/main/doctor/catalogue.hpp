// SPDX-License-Identifier: AGPL-3.0-or-later
// All that `amana-server doctor` can find, each under a name that stays: scripts, docs/RUNBOOK.md and tests go by it.
#pragma once

#include "server/main/findings.hpp"

#include <span>
#include <string_view>

namespace amana::server::doctor {

struct Ailment {
    std::string_view name;
    Severity severity;
    std::string_view harm;    // what it does to whom
    std::string_view remedy;  // what to do about it
};

[[nodiscard]] std::span<const Ailment> catalogue();
// It is a bug to ask for one that is not there.
[[nodiscard]] const Ailment& ailment(std::string_view name);

// The table in docs/RUNBOOK.md, a row for each.
[[nodiscard]] std::string catalogue_as_markdown();

}  // namespace amana::server::doctor
