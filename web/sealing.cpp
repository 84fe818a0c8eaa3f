// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/sealing.hpp"

#include "web/sealing_words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace amana::web {

namespace {

namespace json = boost::json;

// So that a sentence of another length does not move every file's size.
constexpr std::size_t packed_step = 512;

std::string_view name_of(FieldType type)
{
    switch (type) {
    case FieldType::text: return "text";
    case FieldType::line: return "line";
    case FieldType::choice: return "choice";
    case FieldType::choices: return "choices";
    case FieldType::rows: return "rows";
    case FieldType::files: return "files";
    }
    return {};
}

json::string text_of(std::string_view text)
{
    return json::string(text.data(), text.size());
}

json::array texts_of(const std::vector<std::string>& texts)
{
    json::array out;
    for (const auto& text : texts) out.emplace_back(text_of(text));
    return out;
}

json::value condition_of(const std::optional<Condition>& when)
{
    if (!when) return nullptr;
    json::object out;
    out["field"] = text_of(when->field);
    out["values"] = texts_of(when->values);
    return out;
}

json::object field_of(const Field& field)
{
    json::object out;
    out["id"] = text_of(field.id);
    out["type"] = text_of(name_of(field.type));
    out["required"] = field.required;
    out["least"] = field.least;
    out["max"] = field.max;
    out["rows"] = field.rows;
    out["options"] = texts_of(field.options);
    out["urgent"] = texts_of(field.urgent);
    out["when"] = condition_of(field.when);
    return out;
}

json::object form_of(const Questionnaire& questionnaire)
{
    json::array sections;
    for (const auto& section : questionnaire.sections()) {
        json::array fields;
        for (const auto& field : section.fields) fields.emplace_back(field_of(field));
        json::object out;
        out["when"] = condition_of(section.when);
        out["fields"] = std::move(fields);
        sections.emplace_back(std::move(out));
    }
    json::object form;
    form["id"] = text_of(questionnaire.id());
    form["version"] = questionnaire.version();
    form["sections"] = std::move(sections);
    return form;
}

Result<json::object> words_of(const Catalogue& catalogue)
{
    MessageValues places;
    for (const auto place : sealing_places) places.emplace(place, "{" + std::string(place) + "}");
    const auto with_places = catalogue.with(places);
    json::object words;
    for (const auto key : sealing_words) {
        const auto sentence = with_places.find(std::string(key));
        if (!sentence) return sentence.error();
        words[{key.data(), key.size()}] = text_of(*sentence);
    }
    return words;
}

}  // namespace

Result<std::string> sealing_json(const SiteSettings& settings, const Questionnaire& questionnaire, const Catalogue& catalogue)
{
    const auto digits = catalogue.digits("0123456789");
    if (!digits) return digits.error();
    auto words = words_of(catalogue);
    if (!words) return words.error();
    json::object out;
    out["v"] = 1;
    out["root"] = text_of(settings.root_fingerprint);
    out["report"] = text_of("/" + catalogue.language() + "/report");
    out["inbox"] = text_of("/" + catalogue.language() + "/inbox");
    out["digits"] = text_of(*digits);
    out["max_files_bytes"] = settings.max_files_bytes;
    out["cover"] = nullptr;
    if (settings.cover.count() > 0) {
        json::object cover;
        cover["mean"] = settings.cover.count();
        cover["most"] = most_cover_bodies;
        out["cover"] = std::move(cover);
    }
    out["form"] = form_of(questionnaire);
    out["words"] = *std::move(words);
    return Result<std::string>(boost::system::in_place_value, json::serialize(out));
}

Result<std::vector<StaticPage>> of_one_size(const std::vector<std::string>& bodies)
{
    std::vector<PackedPage> packed;
    std::size_t packed_bytes = 0;
    std::size_t plain_bytes = 0;
    for (const auto& body : bodies) {
        const std::string_view whole = body;
        packed.push_back(PackedPage::pack({&whole, 1}));
        packed_bytes = std::max(packed_bytes, packed.back().least_bytes(0));
        plain_bytes = std::max(plain_bytes, body.size());
    }
    packed_bytes = (packed_bytes + packed_step - 1) / packed_step * packed_step;
    std::vector<StaticPage> pages;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        auto file = packed[i].whole(packed_bytes);
        if (!file) return file.error();
        pages.push_back({*std::move(file), bodies[i] + std::string(plain_bytes - bodies[i].size(), ' ')});
    }
    return pages;
}

}  // namespace amana::web
