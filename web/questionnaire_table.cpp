// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/questionnaire_table.hpp"

#include "base/nearest.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <set>

namespace amana::web {

namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t max_shown_bytes = 80;

std::string_view kind_of(const toml::node& node)
{
    switch (node.type()) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a number with a point";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    }
    return "";
}

std::string example_of(std::string_view key, std::string_view example)
{
    return "Write for example: " + printable(key) + " = " + std::string(example);
}

}  // namespace

bool is_control(char32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

std::string printable(std::string_view text)
{
    std::string shown;
    while (!text.empty()) {
        const auto before = text;
        const auto point = next_code_point(text);
        if (!point || is_control(*point)) shown += '?';
        else shown += before.substr(0, before.size() - text.size());
    }
    return shown;
}

std::string quoted(std::string_view text)
{
    if (text.size() <= max_shown_bytes) return "'" + printable(text) + "'";
    // Not in the middle of a character.
    auto end = max_shown_bytes;
    while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return "'" + printable(text.substr(0, end)) + "…'";
}

std::string listed(const std::vector<std::string>& words)
{
    std::string list;
    for (const auto& word : words) list += (list.empty() ? "" : ", ") + word;
    return list;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates, std::string otherwise)
{
    const auto guess = nearest(word, candidates);
    return guess ? "Did you mean '" + *guess + "'?" : std::move(otherwise);
}

QuestionnaireTable::QuestionnaireTable(Mistakes& mistakes, const toml::table& table, std::string name)
    : mistakes_(&mistakes), table_(&table), name_(std::move(name))
{
}

void QuestionnaireTable::mistake(Place place, std::string what, std::string remedy)
{
    mistakes_->push_back({place.line, place.column, std::move(what), std::move(remedy)});
}

const toml::node* QuestionnaireTable::find(std::string_view key)
{
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    return table_->get(key);
}

Place QuestionnaireTable::place(std::string_view key) const
{
    const auto* node = table_->get(key);
    return node == nullptr ? place() : node->source().begin;
}

bool QuestionnaireTable::need(std::string_view key, std::string_view example)
{
    if (find(key) != nullptr) return true;
    mistake(place(), quoted(key) + " is missing in " + name_, "Add: " + std::string(key) + " = " + std::string(example));
    return false;
}

void QuestionnaireTable::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted,
                                    const std::string& remedy)
{
    mistake(node.source().begin, quoted(key) + " must be " + std::string(wanted) + ", not " + std::string(kind_of(node)), remedy);
}

std::optional<Word> QuestionnaireTable::text(std::string_view key, std::string_view example)
{
    const auto* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* string = node->as_string()) return Word{string->get(), node->source().begin};
    wrong_type(*node, key, "a text in quotes", example_of(key, example));
    return std::nullopt;
}

bool QuestionnaireTable::is_name(const Word& word, std::string_view key)
{
    if (!word.text.empty() && word.text.size() <= max_name_bytes &&
        word.text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos)
        return true;
    mistake(word.place, quoted(word.text) + " can't be a name, in " + quoted(key),
            "A name is 1 to 64 of the small letters a to z, digits and _. What people read is a sentence, elsewhere.");
    return false;
}

std::optional<Word> QuestionnaireTable::name(std::string_view key, std::string_view example)
{
    auto word = text(key, example);
    if (!word || !is_name(*word, key)) return std::nullopt;
    return word;
}

std::vector<Word> QuestionnaireTable::names(std::string_view key, std::string_view example)
{
    std::vector<Word> all;
    const auto* node = find(key);
    if (node == nullptr) return all;
    const auto* list = node->as_array();
    if (list == nullptr || list->empty()) {
        if (list == nullptr) wrong_type(*node, key, "a list in square brackets", example_of(key, example));
        else mistake(node->source().begin, quoted(key) + " is an empty list", example_of(key, example));
        return all;
    }
    std::set<std::string_view> seen;
    for (const auto& item : *list) {
        if (!item.is_string()) {
            wrong_type(item, key, "a list of names in quotes", example_of(key, example));
            continue;
        }
        const std::string_view written = item.as_string()->get();
        Word word{std::string(written), item.source().begin};
        if (!is_name(word, key)) continue;
        if (seen.insert(written).second) all.push_back(std::move(word));
        else mistake(word.place, quoted(written) + " stands twice in " + quoted(key), "Remove one.");
    }
    return all;
}

std::uint32_t QuestionnaireTable::number(std::string_view key, std::uint32_t least, std::uint32_t most)
{
    const auto* node = find(key);
    if (node == nullptr) return 0;
    const auto range = "Write a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ".";
    const auto* integer = node->as_integer();
    if (integer == nullptr) {
        wrong_type(*node, key, "a whole number", range);
        return 0;
    }
    const auto value = integer->get();
    if (value >= std::int64_t{least} && value <= std::int64_t{most}) return static_cast<std::uint32_t>(value);
    mistake(node->source().begin, quoted(key) + " is " + std::to_string(value) + ", out of range", range);
    return 0;
}

bool QuestionnaireTable::flag(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr) return false;
    if (const auto* boolean = node->as_boolean()) return boolean->get();
    wrong_type(*node, key, "true or false", "Write " + std::string(key) + " = true, without quotes, or leave it out.");
    return true;
}

std::optional<QuestionnaireTable> QuestionnaireTable::table(std::string_view key, std::string name, std::string_view remedy)
{
    const auto* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* inner = node->as_table()) return QuestionnaireTable(*mistakes_, *inner, std::move(name));
    wrong_type(*node, key, "a table", std::string(remedy));
    return std::nullopt;
}

std::vector<QuestionnaireTable> QuestionnaireTable::tables(std::string_view key, std::string_view heading)
{
    std::vector<QuestionnaireTable> all;
    const auto* node = find(key);
    const auto remedy = "Write " + std::string(heading) + " on a line of its own, and its keys below.";
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (node == nullptr || (list != nullptr && list->empty())) {
        mistake(place(key), name_ + " has no " + std::string(key), remedy);
    } else if (list == nullptr) {
        wrong_type(*node, key, "in double brackets", remedy);
    } else {
        for (const auto& item : *list) {
            if (const auto* inner = item.as_table()) all.emplace_back(*mistakes_, *inner, "this " + std::string(key));
            else wrong_type(item, key, "in double brackets", remedy);
        }
    }
    return all;
}

std::vector<Word> QuestionnaireTable::keys() const
{
    std::vector<Word> all;
    for (const auto& [key, node] : *table_) all.push_back({std::string(key.str()), key.source().begin});
    return all;
}

void QuestionnaireTable::finish()
{
    for (const auto& key : keys())
        if (std::find(known_.begin(), known_.end(), key.text) == known_.end())
            mistake(key.place, "unknown key " + quoted(key.text) + " in " + name_,
                    did_you_mean(key.text, known_, "Known here: " + listed(known_) + "."));
}

}  // namespace amana::web
