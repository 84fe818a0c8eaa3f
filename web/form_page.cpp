// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/form_page.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace amana::web {

namespace {

using List = kainjow::mustache::list;

// A mark is \x01 KIND ARGUMENTS \x02: control characters are in no catalogue and no template. Arguments are numbers, so
// that escaping leaves them alone.
constexpr char mark_begin = '\x01';
constexpr char mark_end = '\x02';

// A choice of more than so many options is a list, which takes less of a small screen.
constexpr std::size_t most_radios = 6;
constexpr int lines_of_text = 3;
// A browser counts UTF-16 units, and one of them takes at most three bytes.
constexpr std::uint32_t bytes_a_unit = 3;

// Where a field stands, as marks name it.
struct Position {
    std::size_t section;
    std::size_t field;
};

std::string mark(Slot::Kind kind, Position at = {}, std::size_t option = 0, std::size_t row = 0)
{
    return fmt::format("{}{} {} {} {} {}{}", mark_begin, static_cast<unsigned>(kind), at.section, at.field, option, row, mark_end);
}

class FormValues {
public:
    FormValues(const Questionnaire& questionnaire, const Catalogue& catalogue, bool again)
        : questionnaire_(questionnaire), catalogue_(catalogue), again_(again)
    {
    }

    Result<void> add_to(Values& values)
    {
        List open;
        List folded;
        const auto& sections = questionnaire_.sections();
        for (std::size_t i = 0; i < sections.size(); ++i) {
            auto built = section(i);
            (sections[i].open ? open : folded).push_back(std::move(built));
        }
        values.set("open_sections", std::move(open));
        values.set("folded_sections", std::move(folded));
        for (const auto* key : {"title", "lead"}) values.set(key, sentence(key));
        values.set("alert_mark", marked(Slot::Kind::alert));
        values.set("token", marked(Slot::Kind::token));
        values.set("proof_open", marked(Slot::Kind::proof_open));
        values.set("proof_checked", marked(Slot::Kind::proof_checked));
        values.set("no_receipt_checked", marked(Slot::Kind::no_receipt_checked));
        if (failure_) return *failure_;
        return {};
    }

private:
    // The first failure is kept, and the page then is not.
    std::string take(Result<std::string> found)
    {
        if (found) return *std::move(found);
        if (!failure_) failure_ = found.error();
        return {};
    }
    std::string sentence(std::string_view key) { return take(form_sentence(questionnaire_, catalogue_, key)); }
    [[nodiscard]] std::string marked(Slot::Kind kind, Position at = {}, std::size_t option = 0, std::size_t row = 0) const
    {
        return again_ ? mark(kind, at, option, row) : std::string();
    }

    // The answers a condition asks for, in the reader's words.
    std::string options_of(const std::optional<Condition>& condition)
    {
        std::string options;
        if (condition)
            for (const auto& value : condition->values)
                options += (options.empty() ? "" : " / ") + sentence(condition->field + "." + value);
        return options;
    }

    Values section(std::size_t index)
    {
        const auto& section = questionnaire_.sections()[index];
        Values values;
        values.set("section", section.id);
        values.set("section_label", sentence(section.id));
        values.set("opened", marked(Slot::Kind::open_section, {index, 0}) + marked(Slot::Kind::shown_section, {index, 0}));
        values.set("conditional", section.when.has_value());
        values.set("only_if", options_of(section.when));
        List fields;
        for (std::size_t i = 0; i < section.fields.size(); ++i) fields.push_back(field({index, i}));
        values.set("fields", std::move(fields));
        return values;
    }

    Values field(Position at)
    {
        const auto& section = questionnaire_.sections()[at.section];
        const auto& field = section.fields[at.field];
        Values values;
        values.set("field", field.id);
        values.set("label", sentence(field.id));
        // Where a folded section's heading asks already, or a warning's, the label is there for those who hear it.
        values.set("quiet", (!section.open && section.id == field.id) || field.warning);
        values.set("field_conditional", field.when.has_value());
        values.set("field_only_if", options_of(field.when));
        values.set("hint", field.hint);
        values.set("hint_text", field.hint ? sentence(field.id + ".hint") : "");
        values.set("warning", field.warning);
        values.set("warning_text", field.warning ? sentence(field.id + ".warning") : "");
        values.set("answered", marked(Slot::Kind::open_field, at));
        values.set("shown", marked(Slot::Kind::shown_field, at));
        values.set("invalid", marked(Slot::Kind::invalid, at));
        values.set("required", field.required);
        values.set("least", std::to_string(field.least));
        values.set("most", std::to_string(field.max / bytes_a_unit));
        values.set("lines", std::to_string(lines_of_text));
        values.set("value", marked(Slot::Kind::text, at));
        const bool list = field.type == FieldType::choice && field.options.size() > most_radios;
        values.set("is_text", field.type == FieldType::text);
        values.set("is_line", field.type == FieldType::line);
        values.set("is_list", list);
        values.set("is_boxes", field.type == FieldType::choices || (field.type == FieldType::choice && !list));
        values.set("is_rows", field.type == FieldType::rows);
        values.set("is_files", field.type == FieldType::files);
        values.set("many", field.type == FieldType::choices);
        values.set("box", field.type == FieldType::choices ? "checkbox" : "radio");
        if (field.type == FieldType::rows) add_rows(values, at);
        else values.set("options", options(at, list ? Slot::Kind::selected : Slot::Kind::checked, 0));
        return values;
    }

    List options(Position at, Slot::Kind kind, std::size_t row)
    {
        const auto& field = questionnaire_.sections()[at.section].fields[at.field];
        List list;
        for (std::size_t i = 0; i < field.options.size(); ++i) {
            Values option;
            option.set("option", field.options[i]);
            option.set("option_label", sentence(field.id + "." + field.options[i]));
            option.set("picked", marked(kind, at, i, row));
            list.push_back(std::move(option));
        }
        return list;
    }

    void add_rows(Values& values, Position at)
    {
        const auto& field = questionnaire_.sections()[at.section].fields[at.field];
        List first;
        List more;
        for (std::uint32_t row = 1; row <= field.rows; ++row) {
            Values one;
            one.set("row", std::to_string(row));
            one.set("row_name", take(catalogue_.find("row", row)));
            one.set("row_value", marked(Slot::Kind::row_value, at, 0, row));
            one.set("row_options", options(at, Slot::Kind::row_selected, row));
            (row <= rows_in_view ? first : more).push_back(std::move(one));
        }
        values.set("more", !more.empty());
        values.set("more_answered", marked(Slot::Kind::open_rows, at));
        values.set("first_rows", std::move(first));
        values.set("more_rows", std::move(more));
    }

    const Questionnaire& questionnaire_;
    const Catalogue& catalogue_;
    bool again_;
    std::optional<Error> failure_;
};

std::optional<std::uint32_t> number(std::string_view text)
{
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "2 0 3 1 0" between the mark's two characters.
std::optional<Slot> read_mark(const Questionnaire& questionnaire, std::string_view text)
{
    std::array<std::uint32_t, 5> numbers{};
    for (auto& value : numbers) {
        const auto space = std::min(text.find(' '), text.size());
        const auto read = number(text.substr(0, space));
        if (!read) return std::nullopt;
        value = *read;
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    const auto [kind, section, field, option, row] = numbers;
    if (!text.empty() || kind > static_cast<unsigned>(Slot::Kind::row_selected) || section >= questionnaire.sections().size())
        return std::nullopt;
    const auto& in = questionnaire.sections()[section];
    if (field >= in.fields.size()) return std::nullopt;
    return Slot{static_cast<Slot::Kind>(kind), &in, &in.fields[field], option, row};
}

std::string chosen(const Condition& condition)
{
    std::string selectors;
    for (const auto& value : condition.values)
        // An option of a list lies in the element of that name, a button or box has it itself.
        selectors += fmt::format("{0}[name={1}] [value=\"{2}\"]:checked,[name={1}][value=\"{2}\"]:checked", selectors.empty() ? "" : ",",
                                 condition.field, value);
    return selectors;
}

}  // namespace

std::optional<ControlName> find_control(const Questionnaire& questionnaire, std::string_view name)
{
    const auto dot = name.find('.');
    const auto* field = questionnaire.find(name.substr(0, dot));
    if (field == nullptr || field->type == FieldType::files) return std::nullopt;
    if ((field->type == FieldType::rows) == (dot == std::string_view::npos)) return std::nullopt;
    if (dot == std::string_view::npos) return ControlName{field, 0, false};
    name.remove_prefix(dot + 1);
    const auto second = std::min(name.find('.'), name.size());
    const auto row = number(name.substr(0, second));
    const auto part = name.substr(second);
    if (!row || *row == 0 || *row > field->rows || (part != ".kind" && part != ".value")) return std::nullopt;
    return ControlName{field, *row, part == ".kind"};
}

Result<std::string> form_sentence(const Questionnaire& questionnaire, const Catalogue& catalogue, std::string_view key)
{
    const auto& own = questionnaire.sentences();
    if (own.empty()) return catalogue.find(questionnaire.id() + "." + std::string(key));
    const auto language = own.find(catalogue.language());
    if (language == own.end())
    {
        std::string has;
        for (const auto& [other, sentences] : own) has += (has.empty() ? "" : ", ") + other;
        return Error{fmt::format("the questionnaire {}-{} has no sentences in {}; it has them in {}", questionnaire.id(), questionnaire.version(), catalogue.language(), has),
                     fmt::format("Add [sentences.{}] to its file, or remove the language from 'languages' in [site].", catalogue.language())};
    }
    const auto found = language->second.find(key);
    if (found == language->second.end()) return Error{fmt::format("the questionnaire lacks \"{}\" in {}", key, catalogue.language()), {}};
    return Result<std::string>(boost::system::in_place_value, found->second);
}

Result<void> add_questions(Values& values, const Questionnaire& questionnaire, const Catalogue& catalogue, bool again)
{
    return FormValues(questionnaire, catalogue, again).add_to(values);
}

Result<Pieces> cut_at_marks(const Questionnaire& questionnaire, std::string_view page)
{
    Pieces pieces;
    for (;;) {
        const auto begin = page.find(mark_begin);
        if (begin == std::string_view::npos) break;
        const auto end = page.find(mark_end, begin);
        const auto slot = end == std::string_view::npos ? std::nullopt : read_mark(questionnaire, page.substr(begin + 1, end - begin - 1));
        if (!slot) return Error{"a template or sentence holds a control character", {}};
        // A browser drops one line end behind <textarea>, and the first of what was typed may be one.
        if (slot->kind == Slot::Kind::text && slot->field->type == FieldType::text && !page.substr(0, begin).ends_with(">\n"))
            return Error{"field.mustache must hold {{value}} on the line after <textarea>", {}};
        pieces.push_back({std::string(page.substr(0, begin)), true, *slot});
        page.remove_prefix(end + 1);
    }
    pieces.push_back({std::string(page), false, {}});
    return pieces;
}

std::string condition_style(const Questionnaire& questionnaire)
{
    std::string rules;
    // One that holds the mistake that is told (Slot::Kind::shown) is shown all the same.
    const auto rule = [&](const Condition& condition, const std::string& element) {
        rules += fmt::format("#{1}>.only-if{{display:none}}form:not(:has({0})) #{1}:not([data-shown]){{display:none}}", chosen(condition), element);
    };
    for (const auto& section : questionnaire.sections()) {
        if (section.when) rule(*section.when, "s-" + section.id);
        for (const auto& field : section.fields)
            if (field.when) rule(*field.when, "f-" + field.id);
    }
    return rules.empty() ? "" : "@supports selector(:has(*)){" + rules + "}";
}

}  // namespace amana::web
