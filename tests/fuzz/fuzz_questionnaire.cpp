// SPDX-License-Identifier: AGPL-3.0-or-later
// Questionnaires: a file is one that keeps every promise of web/questionnaire.hpp, or is refused with places that are in it.
#include "base/require.hpp"
#include "base/utf8.hpp"
#include "web/questionnaire.hpp"

#include <algorithm>
#include <cstdint>

using namespace amana;       // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::web;  // NOLINT(google-build-using-namespace)

namespace {

bool is_choice(FieldType type)
{
    return type == FieldType::choice || type == FieldType::choices;
}

bool all_of(const std::vector<std::string>& words, const std::vector<std::string>& known)
{
    return std::all_of(words.begin(), words.end(), [&](const auto& word) { return std::find(known.begin(), known.end(), word) != known.end(); });
}

// Conditions look back: `before` are the fields that stand there.
void check_condition(const std::optional<Condition>& when, const std::vector<const Field*>& before)
{
    if (!when) return;
    const auto field = std::find_if(before.begin(), before.end(), [&](const Field* other) { return other->id == when->field; });
    require(field != before.end() && is_choice((*field)->type), "a condition is a choice before");
    require(!when->values.empty() && all_of(when->values, (*field)->options), "a condition's values are options");
}

void check(const Questionnaire& form)
{
    require(form.most_bytes() <= max_answers_bytes && form.version() != 0, "bounds");
    std::vector<const Field*> fields;
    for (const auto& section : form.sections()) {
        require(!section.fields.empty(), "a section asks something");
        check_condition(section.when, fields);
        for (const auto& field : section.fields) {
            check_condition(field.when, fields);
            require(form.find(field.id) == &field && &form.section_of(field) == &section, "ids are unique");
            require(!field.required || (section.open && !section.when && !field.when), "what is required is seen");
            require(field.options.size() <= max_options && field.rows <= max_rows, "bounds");
            require(all_of(field.urgent, field.options), "urgent options are options");
            fields.push_back(&field);
        }
    }
    require(fields.size() <= max_fields, "bounds");
    require(form.find("story") != nullptr && form.find("story")->type == FieldType::text, "there is a story");
    auto keys = form.sentence_keys();
    std::sort(keys.begin(), keys.end());
    require(std::adjacent_find(keys.begin(), keys.end()) == keys.end(), "each sentence once");
    for (const auto& [language, sentences] : form.sentences()) {
        require(sentences.size() == keys.size(), "all sentences or none");
        for (const auto& [key, sentence] : sentences) require(!sentence.empty() && utf8_length(sentence), "sentences are text");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    const auto read = Questionnaire::parse(file);
    if (read) {
        check(*read);
        return 0;
    }
    require(!read.error().empty(), "a refusal says why");
    const auto lines = 1 + static_cast<std::size_t>(std::count(file.begin(), file.end(), '\n'));
    for (const auto& mistake : read.error()) {
        require(mistake.line <= lines && (mistake.line != 0 || size > max_questionnaire_bytes), "a mistake is in the file");
        require(!mistake.what.empty() && !mistake.remedy.empty(), "a mistake says what is wrong and what to do");
    }
    require(utf8_length(text(read.error(), "file")).has_value(), "messages are text");
    return 0;
}
