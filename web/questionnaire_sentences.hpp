// SPDX-License-Identifier: AGPL-3.0-or-later
// The sentences a questionnaire's file brings itself: [sentences.LANGUAGE] and below it "key" = "sentence".
#pragma once

#include "web/questionnaire_table.hpp"

#include <set>

namespace amana::web {

// Which names are not known well enough to say that a sentence of theirs is one too many.
struct Unsure {
    std::set<std::string, std::less<>> ids;  // of sections and fields that have a mistake
    bool nameless = false;                   // there is one whose id could not be read
};

// Empty when the file has none. `needed`: the keys that every language must have.
[[nodiscard]] std::map<std::string, Questionnaire::Sentences, std::less<>> read_sentences(
    QuestionnaireTable& top, const std::vector<std::string>& needed, const Unsure& unsure);

}  // namespace amana::web
