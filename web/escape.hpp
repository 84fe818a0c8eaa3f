// SPDX-License-Identifier: AGPL-3.0-or-later
// HTML escaping of what a citizen typed, from locked memory into locked memory.
#pragma once

#include "base/secret.hpp"

#include <string_view>

namespace amana::web {

// Escapes & < > " ' so that the text may stand in an element or a quoted attribute. False, and nothing appended, when
// it would exceed the maximum of `out`. At worst six bytes for one.
[[nodiscard]] bool append_escaped(SecretText& out, std::string_view text);

}  // namespace amana::web
