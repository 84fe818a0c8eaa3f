// SPDX-License-Identifier: AGPL-3.0-or-later
// The questionnaire on a page: the values its template is rendered with, the style that folds what does not apply, and the
// page that repeats what was typed, as pieces between which the front puts it.
#pragma once

#include "web/catalogue.hpp"
#include "web/questionnaire.hpp"
#include "web/templates.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amana::web {

// Of rows, those that stand before the fold.
inline constexpr std::uint32_t rows_in_view = 2;

// What stands at a place of the page that is sent again.
struct Slot {
    enum class Kind : std::uint8_t {
        alert,          // the problem that is told
        token,          // a token: in the address the form is sent to, and under pressure in that of the frame too
        open_section,   // " open" when anything of the section was answered
        shown_section,  // " data-shown" when it holds the problem: then it is shown whether it applies or not
        shown_field,    // the same of a question
        open_field,     // the same for a folded question
        open_rows,      // " open" when a row beyond the first ones was filled
        proof_open,     // " open" when the proof was asked for
        proof_checked,  // " checked"
        no_receipt_checked,
        invalid,        // " aria-invalid=\"true\"" for the question with the problem
        text,           // what was typed
        row_value,      // the same of a row
        checked,        // " checked" where the option was chosen
        selected,       // " selected"
        row_selected,   // the same of a row's kind
    };
    Kind kind = Kind::alert;
    const Section* section = nullptr;  // of open_section and shown_section
    const Field* field = nullptr;
    std::uint32_t option = 0;  // its place among the field's options
    std::uint32_t row = 0;     // from 1
};

// `before`, then what the slot stands for. The last piece of a page has no slot.
struct Piece {
    std::string before;
    bool has_slot = false;
    Slot slot;
};
using Pieces = std::vector<Piece>;

// The name a form gives a value: of a question its id, of a row's two parts "id.N.kind" and "id.N.value".
struct ControlName {
    const Field* field = nullptr;
    std::uint32_t row = 0;  // 0: no row
    bool kind = false;
};
[[nodiscard]] std::optional<ControlName> find_control(const Questionnaire& questionnaire, std::string_view name);

// A sentence of the questionnaire in the catalogue's language: its own, or the catalogue's.
[[nodiscard]] Result<std::string> form_sentence(const Questionnaire& questionnaire, const Catalogue& catalogue, std::string_view key);

// Adds open_sections and folded_sections to the page's values; `again`: with a mark for each slot, else with nothing there.
[[nodiscard]] Result<void> add_questions(Values& values, const Questionnaire& questionnaire, const Catalogue& catalogue, bool again);

// Cuts a page that was rendered with marks.
[[nodiscard]] Result<Pieces> cut_at_marks(const Questionnaire& questionnaire, std::string_view page);

// The rules that show a section or question only when its condition holds, for browsers that know :has(); others show all.
[[nodiscard]] std::string condition_style(const Questionnaire& questionnaire);

}  // namespace amana::web
