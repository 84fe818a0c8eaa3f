// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/answers.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace amana::front {

namespace {

bool blank(std::string_view text)
{
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool is_option(const web::Field& field, std::string_view value)
{
    return std::ranges::find(field.options, value) != field.options.end();
}

}  // namespace

Answers::Begun Answers::begin(std::string_view control)
{
    const auto found = web::find_control(questionnaire_, control);
    if (!found) return Begun::unknown;
    const bool many = found->field->type == web::FieldType::choices;
    if (many ? given_.size() >= web::max_fields * web::max_options
             : std::ranges::any_of(given_, [&](const Given& other) {
                   return other.control.field == found->field && other.control.row == found->row && other.control.kind == found->kind;
               }))
        return Begun::twice;
    given_.push_back({*found, text_.size(), 0});
    return Begun::taken;
}

bool Answers::append(ByteView bytes)
{
    if (text_.append(bytes)) {
        given_.back().size += bytes.size();
        return true;
    }
    given_.back().size = 0;
    return false;
}

std::size_t to_line_feeds(MutableBytes text)
{
    std::size_t kept = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        text[kept++] = text[i];
    }
    return kept;
}

std::optional<Answers::Wrong> Answers::check()
{
    for (auto& given : given_) given.size = to_line_feeds(text_.span().subspan(given.at, given.size));
    for (const auto& section : questionnaire_.sections())
        for (const auto& field : section.fields)
            if (applies(section, field))
                if (const auto problem = wrong_in(field)) return Wrong{*problem, &field};
    return std::nullopt;
}

std::optional<web::Problem> Answers::wrong_in(const web::Field& field) const
{
    bool empty = true;
    for (const auto& given : given_) {
        if (given.control.field != &field) continue;
        const auto value = raw(given);
        const bool text = field.type == web::FieldType::text || field.type == web::FieldType::line ||
                          (field.type == web::FieldType::rows && !given.control.kind);
        if (text) {
            if (const auto problem = wrong_text(field, value)) return problem;
            empty = empty && blank(value);
        } else if (!value.empty()) {
            // No browser sends this of our form.
            if (!is_option(field, value)) return web::Problem::bad_request;
            empty = false;
        }
    }
    if (field.required && empty) return web::Problem::empty_story;
    return std::nullopt;
}

std::optional<web::Problem> Answers::wrong_text(const web::Field& field, std::string_view value) const
{
    const auto characters = utf8_length(value);
    if (!characters) return web::Problem::wrong_encoding;
    if (field.required && !blank(value) && *characters < field.least) return web::Problem::short_story;
    if (web::sealed_bytes(value) > field.max)
        return field.id == web::story_id ? web::Problem::long_story : web::Problem::long_answer;
    return std::nullopt;
}

std::string_view Answers::value(const web::Field& field, std::uint32_t row, bool kind) const
{
    for (const auto& given : given_)
        if (given.control.field == &field && given.control.row == row && given.control.kind == kind)
            return utf8_length(raw(given)) ? raw(given) : std::string_view();
    return {};
}

bool Answers::chosen(const web::Field& field, std::string_view option, std::uint32_t row) const
{
    return std::ranges::any_of(given_, [&](const Given& given) {
        return given.control.field == &field && given.control.row == row && given.control.kind == (row != 0) && raw(given) == option;
    });
}

bool Answers::answered(const web::Field& field) const
{
    return std::ranges::any_of(given_, [&](const Given& given) { return given.control.field == &field && !blank(raw(given)); });
}

bool Answers::answered(const web::Section& section) const
{
    return std::ranges::any_of(section.fields, [&](const web::Field& field) { return answered(field); });
}

bool Answers::answered_behind(const web::Field& field, std::uint32_t row) const
{
    return std::ranges::any_of(given_, [&](const Given& given) {
        return given.control.field == &field && given.control.row > row && !blank(raw(given));
    });
}

bool Answers::holds(const std::optional<web::Condition>& condition) const
{
    if (!condition) return true;
    const auto* field = questionnaire_.find(condition->field);
    if (field == nullptr) return true;
    // Conditions look back only, so this ends.
    if (!applies(questionnaire_.section_of(*field), *field)) return false;
    if (!answered(*field)) return true;
    return std::ranges::any_of(condition->values, [&](const std::string& value) { return chosen(*field, value); });
}

WipedVector<crypto::Answer> Answers::sealed() const
{
    WipedVector<crypto::Answer> answers;
    for (const auto& section : questionnaire_.sections()) {
        for (const auto& field : section.fields)
            if (applies(section, field))
                if (auto one = answer(field)) answers.push_back(std::move(*one));
    }
    std::ranges::sort(answers, {}, &crypto::Answer::field);
    return answers;
}

std::optional<crypto::Answer> Answers::answer(const web::Field& field) const
{
    switch (field.type) {
    case web::FieldType::text:
    case web::FieldType::line: {
        const auto text = value(field, 0, false);
        if (blank(text)) return std::nullopt;
        return crypto::Answer{field.id, text};
    }
    case web::FieldType::choice: {
        for (const auto& option : field.options)
            if (chosen(field, option)) return crypto::Answer{field.id, std::string_view(option)};
        return std::nullopt;
    }
    case web::FieldType::choices: {
        crypto::AnswerTexts options;
        for (const auto& option : field.options)
            if (chosen(field, option)) options.emplace_back(option);
        if (options.empty()) return std::nullopt;
        return crypto::Answer{field.id, std::move(options)};
    }
    case web::FieldType::rows: {
        crypto::AnswerRows rows;
        for (std::uint32_t row = 1; row <= field.rows; ++row) {
            const auto text = value(field, row, false);
            if (blank(text)) continue;  // a kind alone says nothing
            crypto::AnswerRow one;
            if (const auto kind = value(field, row, true); !kind.empty()) one.emplace_back("kind", kind);
            one.emplace_back("value", text);
            rows.push_back(std::move(one));
        }
        if (rows.empty()) return std::nullopt;
        return crypto::Answer{field.id, std::move(rows)};
    }
    case web::FieldType::files: return std::nullopt;
    }
    return std::nullopt;
}

bool Answers::urgent() const
{
    for (const auto& section : questionnaire_.sections())
        for (const auto& field : section.fields)
            for (const auto& option : field.urgent)
                if (chosen(field, option) && applies(section, field)) return true;
    return false;
}

}  // namespace amana::front
