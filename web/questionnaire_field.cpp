// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/questionnaire_field.hpp"

#include <algorithm>
#include <array>

namespace amana::web {

namespace {

constexpr std::uint32_t least_max = 3;
constexpr std::uint32_t most_max = 24'000;
constexpr std::uint32_t widest_character = 4;  // bytes of UTF-8

// Names that mean something else: parts of a posted form; sentences of the form as a whole; sentences of a field.
constexpr std::array<std::string_view, 5> posted_names{"proof", "submission", "token", "envelope", "language"};
constexpr std::array<std::string_view, 3> form_sentences{"invitation", "title", "lead"};
constexpr std::array<std::string_view, 2> field_sentences{"hint", "warning"};

const std::array<TypeRules, 6> types{{
    {"text", FieldType::text, {"max"}, {"required", "least"}},
    {"line", FieldType::line, {"max"}, {"required"}},
    {"choice", FieldType::choice, {"options"}, {"required", "urgent"}},
    {"choices", FieldType::choices, {"options"}, {"required", "urgent"}},
    {"rows", FieldType::rows, {"options", "rows", "max"}, {}},
    {"files", FieldType::files, {}, {}},
}};
// Each of those keys, with an example of its value.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> type_keys{{
    {"required", "true"},
    {"least", "10"},
    {"max", "300"},
    {"rows", "6"},
    {"options", R"(["yes", "no"])"},
    {"urgent", R"(["yes"])"},
}};

bool goes_with(std::string_view key, const TypeRules& rules)
{
    return contains(rules.needs, key) || contains(rules.may, key);
}

void reserved(QuestionnaireTable& table, const Word& name)
{
    table.mistake(name.place, quoted(name.text) + " is a name with a meaning of its own", "Take another.");
}

const TypeRules* read_type(QuestionnaireTable& table)
{
    if (!table.need("type", R"("line")")) return nullptr;
    const auto written = table.text("type", R"("line")");
    if (!written) return nullptr;
    std::vector<std::string> names;
    for (const auto& rules : types) {
        if (rules.name == written->text) return &rules;
        names.push_back(rules.name);
    }
    table.mistake(written->place, "unknown type " + quoted(written->text),
                  did_you_mean(written->text, names, "The types are: " + listed(names) + "."));
    return nullptr;
}

void check_keys(QuestionnaireTable& table, const TypeRules& rules)
{
    for (const auto& [key, example] : type_keys) {
        if (contains(rules.needs, key)) table.need(key, example);
        if (!table.has(key) || goes_with(key, rules)) continue;
        std::vector<std::string> fit;
        for (const auto& other : types)
            if (goes_with(key, other)) fit.push_back(other.name);
        table.mistake(table.place(key), quoted(key) + " does not go with the type " + rules.name,
                      "Remove it, or change the type: it goes with " + listed(fit) + ".");
    }
}

std::vector<std::string> read_options(QuestionnaireTable& table)
{
    const auto options = table.names("options", R"(["yes", "no"])");
    for (const auto& option : options)
        if (contains(field_sentences, option.text)) reserved(table, option);
    if (options.size() > max_options)
        table.mistake(options[max_options].place, "more than " + std::to_string(max_options) + " options", "Remove some.");
    return texts(options);
}

std::vector<std::string> read_urgent(QuestionnaireTable& table, const std::vector<std::string>& options)
{
    const auto urgent = table.names("urgent", R"(["yes"])");
    for (const auto& option : urgent)
        if (!options.empty() && !contains(options, option.text)) not_an_option(table, option, "this field", options);
    return texts(urgent);
}

void check_required(QuestionnaireTable& table, const Field& field, bool asked_of_all)
{
    if (field.required && !asked_of_all)
        table.mistake(table.place("required"), "a required field must be seen by everybody",
                      "Remove required; or let its section be open, and neither of them have a condition (when).");
    if (field.least == 0 || field.type != FieldType::text) return;
    if (!field.required)
        table.mistake(table.place("least"), "'least' asks for nothing where the field is not required",
                      "Add required = true, or remove least.");
    const auto needed = field.least * widest_character;
    if (field.max != 0 && needed > field.max)
        table.mistake(table.place("least"), "in some scripts no text has 'least' characters and fits into 'max' bytes",
                      "A character takes up to " + std::to_string(widest_character) + " bytes: max must be " +
                          std::to_string(needed) + " or more.");
}

}  // namespace

std::vector<std::string> texts(const std::vector<Word>& words)
{
    std::vector<std::string> all;
    all.reserve(words.size());
    for (const auto& word : words) all.push_back(word.text);
    return all;
}

void not_an_option(QuestionnaireTable& table, const Word& word, const std::string& field, const std::vector<std::string>& options)
{
    table.mistake(word.place, quoted(word.text) + " is no option of " + field,
                  did_you_mean(word.text, options, "Its options are: " + listed(options) + "."));
}

std::optional<Word> read_id(QuestionnaireTable& table)
{
    constexpr std::string_view example = R"("where")";
    if (!table.need("id", example)) return std::nullopt;
    auto id = table.name("id", example);
    if (id && contains(form_sentences, id->text)) reserved(table, *id);
    return id;
}

ReadField read_field(QuestionnaireTable& table, bool asked_of_all)
{
    ReadField read;
    read.id = read_id(table);
    read.rules = read_type(table);
    if (read.id && contains(posted_names, read.id->text)) reserved(table, *read.id);
    if (read.rules != nullptr) check_keys(table, *read.rules);
    auto& field = read.field;
    if (read.id) field.id = read.id->text;
    if (read.rules != nullptr) field.type = read.rules->type;
    field.required = table.flag("required") && (read.rules == nullptr || goes_with("required", *read.rules));
    field.least = table.number("least", 1, most_max);
    field.max = table.number("max", least_max, most_max);
    field.rows = table.number("rows", 1, max_rows);
    field.options = read_options(table);
    field.urgent = read_urgent(table, field.options);
    field.hint = table.flag("hint");
    field.warning = table.flag("warning");
    check_required(table, field, asked_of_all && !table.has("when"));
    return read;
}

std::size_t answer_bytes(const Field& field)
{
    constexpr std::string_view row = R"({"kind":"","value":""},)";
    std::size_t longest = 0;
    std::size_t all = 0;
    for (const auto& option : field.options) {
        longest = std::max(longest, option.size());
        all += option.size() + 3;  // "OPTION",
    }
    const auto named = field.id.size() + 3;  // "ID":
    switch (field.type) {
    case FieldType::text:
    case FieldType::line: return named + field.max + 2;
    case FieldType::choice: return named + longest + 2;
    case FieldType::choices: return named + all + 1;  // two brackets, and no comma after the last
    case FieldType::rows: return named + field.rows * (row.size() + longest + field.max) + 1;
    case FieldType::files: return 0;
    }
    return 0;
}

}  // namespace amana::web
