// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/questionnaire.hpp"

#include "base/require.hpp"

#include <algorithm>

namespace amana::web {

std::size_t sealed_bytes(std::string_view text)
{
    std::size_t bytes = 0;
    for (const char c : text) {
        if (c == '"' || c == '\\' || c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t') bytes += 2;
        else bytes += static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
    }
    return bytes;
}

std::string text(const Mistakes& mistakes, std::string_view file)
{
    std::string text;
    for (const auto& mistake : mistakes) {
        text += file;
        if (mistake.line != 0) text += ":" + std::to_string(mistake.line) + ":" + std::to_string(mistake.column);
        text += ": error: " + mistake.what + "\n  " + mistake.remedy + "\n";
    }
    return text;
}

void throw_exception_from_error(const Mistakes& mistakes, const boost::source_location&)
{
    throw std::runtime_error(text(mistakes, "questionnaire"));
}

const Field* Questionnaire::find(std::string_view field_id) const
{
    for (const auto& section : sections_)
        for (const auto& field : section.fields)
            if (field.id == field_id) return &field;
    return nullptr;
}

const Section& Questionnaire::section_of(const Field& field) const
{
    const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const Section& section) {
        return std::any_of(section.fields.begin(), section.fields.end(), [&](const Field& other) { return other.id == field.id; });
    });
    require(found != sections_.end(), "a field of another questionnaire");
    return *found;
}

std::vector<std::string> Questionnaire::sentence_keys() const
{
    std::vector<std::string> keys{"invitation", "title", "lead"};
    for (const auto& section : sections_) {
        keys.push_back(section.id);
        for (const auto& field : section.fields) {
            if (field.id != section.id) keys.push_back(field.id);
            if (field.hint) keys.push_back(field.id + ".hint");
            if (field.warning) keys.push_back(field.id + ".warning");
            for (const auto& option : field.options) keys.push_back(field.id + "." + option);
        }
    }
    return keys;
}

}  // namespace amana::web
