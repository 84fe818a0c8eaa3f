// SPDX-License-Identifier: AGPL-3.0-or-later
// What a report answers, for people: in the order and the sentences of its questionnaire.
//
// Sentences are ours. What a stranger wrote stands behind a bar or behind a sentence and a colon, and passes through
// Output::foreign. What the questionnaire does not know is shown under its own name, last and marked.
#pragma once

#include "desk/forms.hpp"
#include "desk/terminal.hpp"

#include <string_view>
#include <vector>

namespace amana::desk {

// The choice whose answer `list` shows, where a questionnaire has it.
inline constexpr std::string_view stage_field = "stage";

// `form` is the manifest's, or nullptr: then names stand in place of sentences.
void write_answers(const crypto::Manifest& manifest, const Form* form, Output& out);
// A stranger's text, or ours, behind a bar.
void write_text_block(std::string_view text, const std::string& indent, Output& out);
// "URGENT: Leaves within 48 hours", a line for each.
void write_urgent(const crypto::Manifest& manifest, const Form* form, Output& out);
// The members of an object: "NAME":[TEXT or {COLUMN:TEXT}], names and options as they are sealed.
void write_answers_json(const crypto::Manifest& manifest, Output& out);

// The labels of what was chosen and is urgent (web::Field::urgent).
[[nodiscard]] std::vector<std::string_view> urgent_labels(const crypto::Manifest& manifest, const Form* form);
// The label of how far it has gone; empty when that is not known.
[[nodiscard]] std::string_view stage_label(const crypto::Manifest& manifest, const Form* form);

}  // namespace amana::desk
