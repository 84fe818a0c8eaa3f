// SPDX-License-Identifier: AGPL-3.0-or-later
// answers_rules FORM.toml
// The front's rules for answers, for answers_test.mjs to compare the script's with. First prints the questionnaire as
// sealing.json has it; then for each line of its input, a JSON array of [name, value], a line: what is wrong, or the
// answers that are sealed and whether they are urgent.
#include "base/file.hpp"
#include "server/front/answers.hpp"

#include <boost/json.hpp>

#include <iostream>
#include <string>

namespace amana {

namespace {

namespace json = boost::json;

json::string text(std::string_view value)
{
    return json::string(value.data(), value.size());
}

template <typename List>
json::array texts(const List& list)
{
    json::array out;
    for (const auto& one : list) out.emplace_back(text(one));
    return out;
}

const char* type_name(web::FieldType type)
{
    switch (type) {
    case web::FieldType::text: return "text";
    case web::FieldType::line: return "line";
    case web::FieldType::choice: return "choice";
    case web::FieldType::choices: return "choices";
    case web::FieldType::rows: return "rows";
    case web::FieldType::files: return "files";
    }
    return "";
}

json::value condition(const std::optional<web::Condition>& when)
{
    if (!when) return nullptr;
    return json::object{{"field", text(when->field)}, {"values", texts(when->values)}};
}

json::object described(const web::Questionnaire& form)
{
    json::array sections;
    for (const auto& section : form.sections()) {
        json::array fields;
        for (const auto& field : section.fields)
            fields.push_back(json::object{{"id", text(field.id)}, {"type", type_name(field.type)}, {"required", field.required},
                                          {"least", field.least}, {"max", field.max}, {"rows", field.rows}, {"options", texts(field.options)},
                                          {"urgent", texts(field.urgent)}, {"when", condition(field.when)}});
        sections.push_back(json::object{{"when", condition(section.when)}, {"fields", std::move(fields)}});
    }
    return {{"id", text(form.id())}, {"version", form.version()}, {"sections", std::move(sections)}};
}

struct Told {
    json::value operator()(std::string_view value) const { return text(value); }
    json::value operator()(const crypto::AnswerTexts& value) const { return texts(value); }
    json::value operator()(const crypto::AnswerRows& value) const
    {
        json::array rows;
        for (const auto& row : value) {
            json::object one;
            for (const auto& [name, content] : row) one[text(name)] = text(content);
            rows.push_back(std::move(one));
        }
        return rows;
    }
};

json::object judged(const web::Questionnaire& form, const json::array& entries)
{
    SecretText buffer(1U << 20U);
    front::Answers answers(form, buffer);
    for (const auto& entry : entries) {
        const auto& pair = entry.as_array();
        const auto& name = pair.at(0).as_string();
        const auto& value = pair.at(1).as_string();
        const auto begun = answers.begin({name.data(), name.size()});
        if (begun == front::Answers::Begun::twice) return {{"problem", "bad_request"}};
        if (begun == front::Answers::Begun::taken && !answers.append(as_bytes({value.data(), value.size()}))) return {{"problem", "too long"}};
    }
    if (const auto wrong = answers.check()) return {{"problem", text(problem_name(wrong->problem))}, {"field", text(wrong->field->id)}};
    json::object sealed;
    for (const auto& answer : answers.sealed()) sealed[text(answer.field)] = std::visit(Told(), answer.value);
    return {{"answers", std::move(sealed)}, {"urgent", answers.urgent()}};
}

int run(const char* file)
{
    const auto toml = read_file(file, web::max_questionnaire_bytes).value();
    const auto form = web::Questionnaire::parse(as_text(toml)).value();
    std::cout << described(form) << "\n";
    for (std::string line; std::getline(std::cin, line);) std::cout << judged(form, json::parse(line).as_array()) << "\n";
    return 0;
}

}  // namespace

}  // namespace amana

int main(int count, char** words)
{
    return count == 2 ? amana::run(words[1]) : 2;
}
