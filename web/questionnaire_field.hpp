// SPDX-License-Identifier: AGPL-3.0-or-later
// One [[section.field]]: what it says of itself. Its condition, and its place among the others, is the reader's matter.
#pragma once

#include "web/questionnaire_table.hpp"

#include <algorithm>

namespace amana::web {

// A type as the file names it, and which keys go with it beside those of every field.
struct TypeRules {
    std::string name;
    FieldType type;
    std::vector<std::string_view> needs;
    std::vector<std::string_view> may;
};

struct ReadField {
    std::optional<Word> id;
    const TypeRules* rules = nullptr;  // of its type, when that is known
    Field field;
};

// The id of a section or a field.
[[nodiscard]] std::optional<Word> read_id(QuestionnaireTable& table);
// `asked_of_all`: its section is open and has no condition.
[[nodiscard]] ReadField read_field(QuestionnaireTable& table, bool asked_of_all);

// What an answer may come to as a member of a JSON object: docs/FORMS.md, "The sum".
[[nodiscard]] std::size_t answer_bytes(const Field& field);

void not_an_option(QuestionnaireTable& table, const Word& word, const std::string& field, const std::vector<std::string>& options);
[[nodiscard]] std::vector<std::string> texts(const std::vector<Word>& words);

template <typename Words, typename Word>
[[nodiscard]] bool contains(const Words& words, const Word& word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace amana::web
