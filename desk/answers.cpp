// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/answers.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace amana::desk {

namespace {

using Answered = crypto::Manifest::Field;

constexpr std::string_view unknown = "not in this form: ";

const Answered* find_answer(const crypto::Manifest& manifest, std::string_view name)
{
    const auto found = std::ranges::find(manifest.answers(), name, &Answered::name);
    return found == manifest.answers().end() ? nullptr : &*found;
}

// Whether an answer has the shape that its field asks for.
bool fits(const web::Field& field, const Answered& answer)
{
    switch (field.type) {
    case web::FieldType::text:
    case web::FieldType::line: return answer.values.size() == 1;
    case web::FieldType::choice:
    case web::FieldType::choices: return !answer.values.empty();
    case web::FieldType::rows: return !answer.rows.empty();
    case web::FieldType::files: return false;
    }
    return false;
}

// The label of an option; nullptr when the field has no such option.
const std::string* option_label(const WordedField& asked, std::string_view option)
{
    const auto& options = asked.field.options;
    const auto found = std::ranges::find(options, option);
    return found == options.end() ? nullptr : &asked.options[static_cast<std::size_t>(found - options.begin())];
}

// Hebrew, Arabic and their neighbours. What follows such a label on its line would be shown before it.
bool reads_right_to_left(std::string_view label)
{
    while (!label.empty()) {
        const auto point = next_code_point(label).value_or(0);
        if ((point >= 0x590 && point <= 0x8ff) || (point >= 0xfb1d && point <= 0xfefc) || (point >= 0x10800 && point <= 0x10fff) ||
            (point >= 0x1e800 && point <= 0x1efff))
            return true;
    }
    return false;
}

}  // namespace

void write_text_block(std::string_view text, const std::string& indent, Output& out)
{
    for (bool more = true; more;) {
        const auto end = text.find('\n');
        more = end != std::string_view::npos;
        auto line = text.substr(0, end);
        if (more) text.remove_prefix(end + 1);
        // A browser ends lines with CR LF.
        if (more && line.ends_with('\r')) line.remove_suffix(1);
        out.text(indent).text("| ").foreign(line).text("\n");
    }
}

namespace {

void write_raw(const Answered& answer, const std::string& indent, Output& out)
{
    out.text(indent).foreign(answer.name).text("\n");
    for (const auto& value : answer.values) write_text_block(value, indent + "  ", out);
    for (const auto& row : answer.rows) {
        out.text(indent).text("  -\n");
        for (const auto& [column, value] : row) {
            out.text(indent).text("    ").foreign(column).text("\n");
            write_text_block(value, indent + "      ", out);
        }
    }
}

void write_options(const WordedField& asked, const Answered& answer, const std::string& indent, Output& out)
{
    const auto& options = asked.field.options;
    for (std::size_t i = 0; i < options.size(); ++i)
        if (std::ranges::find(answer.values, options[i]) != answer.values.end()) out.text(indent).text(asked.options[i]).text("\n");
    for (const auto& value : answer.values)
        if (option_label(asked, value) == nullptr) out.text(indent).text(unknown).foreign(value).text("\n");
}

// "Phone number: +962…"
void write_row(const WordedField& asked, const crypto::Manifest::Row& row, const std::string& indent, Output& out)
{
    const auto cell = [&](std::string_view column) -> const std::string_view* {
        const auto found = std::ranges::find(row, column, &std::pair<std::string_view, std::string_view>::first);
        return found == row.end() ? nullptr : &found->second;
    };
    const auto* kind = cell("kind");
    const auto* value = cell("value");
    const auto* label = kind == nullptr ? nullptr : option_label(asked, *kind);
    const bool one_line = label != nullptr && !reads_right_to_left(*label);
    if (label != nullptr) out.text(indent).text(*label).text(one_line && value != nullptr ? ": " : "\n");
    else if (kind != nullptr) out.text(indent).text(unknown).foreign(*kind).text("\n");
    if (value != nullptr) {
        if (one_line) out.foreign(*value).text("\n");
        else write_text_block(*value, kind == nullptr ? indent : indent + "  ", out);
    }
    for (const auto& [column, text] : row) {
        if (column == "kind" || column == "value") continue;
        out.text(indent).text("  ").text(unknown).foreign(column).text("\n");
        write_text_block(text, indent + "    ", out);
    }
}

void write_field(const WordedField& asked, const Answered& answer, const std::string& indent, Output& out)
{
    switch (asked.field.type) {
    case web::FieldType::text:
    case web::FieldType::line:
        for (const auto& value : answer.values) write_text_block(value, indent, out);
        return;
    case web::FieldType::choice:
    case web::FieldType::choices: write_options(asked, answer, indent, out); return;
    case web::FieldType::rows:
        for (const auto& row : answer.rows) write_row(asked, row, indent, out);
        return;
    case web::FieldType::files: return;
    }
}

void write_section(const WordedSection& section, const crypto::Manifest& manifest, Output& out)
{
    bool begun = false;
    for (const auto& asked : section.fields) {
        const auto* answer = find_answer(manifest, asked.field.id);
        if (answer == nullptr || !fits(asked.field, *answer)) continue;
        if (!begun) out.text("\n").text(section.label).text("\n");
        // A field of its section's name has its sentence, too.
        const bool said = !begun && asked.field.id == section.id;
        begun = true;
        if (!said) out.text("  ").text(asked.label).text("\n");
        write_field(asked, *answer, said ? "  " : "    ", out);
    }
}

}  // namespace

void write_answers(const crypto::Manifest& manifest, const Form* form, Output& out)
{
    if (form == nullptr) {
        const auto name = form_file_name(manifest.form_id(), manifest.form_version());
        out.text("\nThis desk lacks the questionnaire ").foreign(name).text(", so names stand in place of questions. Add it: amana-desk form DIR ");
        out.foreign(name).text("\n");
        for (const auto& answer : manifest.answers()) {
            out.text("\n");
            write_raw(answer, "", out);
        }
        return;
    }
    for (const auto& section : form->sections) write_section(section, manifest, out);
    bool begun = false;
    for (const auto& answer : manifest.answers()) {
        const auto* asked = form->find(answer.name);
        if (asked != nullptr && fits(asked->field, answer)) continue;
        if (!std::exchange(begun, true)) out.text("\nNot in this form\n");
        write_raw(answer, "  ", out);
    }
}

void write_urgent(const crypto::Manifest& manifest, const Form* form, Output& out)
{
    for (const auto& label : urgent_labels(manifest, form)) out.text("URGENT: ").text(label).text("\n");
}

void write_answers_json(const crypto::Manifest& manifest, Output& out)
{
    const char* comma = "";
    for (const auto& answer : manifest.answers()) {
        out.text(std::exchange(comma, ",")).json_string(answer.name).text(":[");
        const char* inner = "";
        for (const auto& value : answer.values) out.text(std::exchange(inner, ",")).json_string(value);
        for (const auto& row : answer.rows) {
            out.text(std::exchange(inner, ",")).text("{");
            const char* cell = "";
            for (const auto& [column, value] : row)
                out.text(std::exchange(cell, ",")).json_string(column).text(":").json_string(value);
            out.text("}");
        }
        out.text("]");
    }
}

std::vector<std::string_view> urgent_labels(const crypto::Manifest& manifest, const Form* form)
{
    std::vector<std::string_view> labels;
    if (form == nullptr) return labels;
    for (const auto& section : form->sections)
        for (const auto& asked : section.fields)
            if (const auto* answer = find_answer(manifest, asked.field.id))
                for (const auto& option : asked.field.urgent)
                    if (std::ranges::find(answer->values, option) != answer->values.end())
                        labels.emplace_back(*option_label(asked, option));
    return labels;
}

std::string_view stage_label(const crypto::Manifest& manifest, const Form* form)
{
    const auto* asked = form == nullptr ? nullptr : form->find(stage_field);
    const auto* answer = find_answer(manifest, stage_field);
    if (asked == nullptr || asked->field.type != web::FieldType::choice || answer == nullptr || answer->values.empty()) return {};
    const auto* label = option_label(*asked, answer->values.front());
    return label == nullptr ? std::string_view() : *label;
}

}  // namespace amana::desk
