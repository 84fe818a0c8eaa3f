// SPDX-License-Identifier: AGPL-3.0-or-later
// A questionnaire's file, for tests to read and to spoil.
#pragma once

#include <string>

namespace amana::test {

// A file without a mistake that has a field of each type.
inline const std::string good_questionnaire = R"(id = "form"
version = 1

[[section]]
id = "first"
open = true

[[section.field]]
id = "story"
type = "text"
required = true
least = 10
max = 1000

[[section.field]]
id = "stage"
type = "choice"
options = ["booked", "later"]
urgent = ["booked"]

[[section]]
id = "second"
when.stage = ["booked"]

[[section.field]]
id = "things"
type = "rows"
rows = 2
options = ["phone", "web"]
max = 100
hint = true

[[section.field]]
id = "signs"
type = "choices"
options = ["debt", "threats"]

[[section.field]]
id = "note"
type = "line"
max = 90
when.signs = ["debt"]

[[section.field]]
id = "files"
type = "files"
warning = true
)";

}  // namespace amana::test
