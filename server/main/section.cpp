// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/section.hpp"

#include "base/nearest.hpp"
#include "server/main/units.hpp"

#include <algorithm>
#include <sstream>

namespace amana::server {

namespace {

Place place_of(const toml::source_region& region)
{
    return {region.begin.line, region.begin.column};
}

std::string type_of(const toml::node& node)
{
    std::ostringstream text;
    text << node.type();
    return text.str();
}

}  // namespace

Section::Section(Findings& findings, const toml::table* table, std::string name)
    : findings_(&findings), table_(table), name_(std::move(name))
{
}

std::string Section::label(std::string_view key) const
{
    return "'" + std::string(key) + "'" + (name_.empty() ? "" : " in [" + name_ + "]");
}

const toml::node* Section::find(std::string_view key)
{
    known_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
}

void Section::missing(std::string_view key, std::string_view example)
{
    const auto place = table_ == nullptr ? Place{} : place_of(table_->source());
    findings_->error(place, label(key) + " is missing",
                     "Add under [" + name_ + "]: " + std::string(key) + " = " + std::string(example));
}

void Section::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted,
                         std::string_view example)
{
    findings_->error(place_of(node.source()), label(key) + " must be " + std::string(wanted) + ", not " + type_of(node),
                     "Write for example: " + std::string(key) + " = " + std::string(example));
}

void Section::out_of_range(const toml::node& node, std::string_view key, const std::string& found,
                           const std::string& least, const std::string& most)
{
    findings_->error(place_of(node.source()), label(key) + " is " + found + ", out of range",
                     "It may be from " + least + " to " + most + ".");
}

Section Section::section(std::string_view key)
{
    const auto whole = (name_.empty() ? "" : name_ + ".") + std::string(key);
    const auto* node = find(key);
    if (node != nullptr && !node->is_table()) {
        findings_->error(place_of(node->source()), label(key) + " must be a section, not " + type_of(*node),
                         "Write [" + whole + "] on a line of its own, and its keys below.");
        node = nullptr;
    }
    return {*findings_, node == nullptr ? nullptr : node->as_table(), whole};
}

std::vector<Section> Section::sections(std::string_view key)
{
    std::vector<Section> all;
    const auto whole = "[" + (name_.empty() ? "" : name_ + ".") + std::string(key) + "]";
    const auto* node = find(key);
    if (node == nullptr) return all;
    if (!node->is_array_of_tables()) {
        findings_->error(place_of(node->source()), label(key) + " must be a list of sections, not " + type_of(*node),
                         "Write [" + whole + "] on a line of its own, and its keys below; once for each.");
        return all;
    }
    for (const auto& element : *node->as_array()) all.push_back({*findings_, element.as_table(), whole});
    return all;
}

Place Section::place() const
{
    return table_ == nullptr ? Place{} : place_of(table_->source());
}

void Section::flag(std::string_view key, bool& out)
{
    const auto* node = find(key);
    if (node == nullptr) return;
    if (!node->is_boolean()) return wrong_type(*node, key, "true or false", out ? "false" : "true");
    out = node->as_boolean()->get();
}

std::optional<std::string> Section::string_of(const toml::node& node, std::string_view key, std::string_view example)
{
    if (!node.is_string()) {
        wrong_type(node, key, "a string in quotes", example);
        return std::nullopt;
    }
    auto value = node.as_string()->get();
    if (value.empty() || value.find('\0') != std::string::npos) {
        findings_->error(place_of(node.source()), label(key) + " is empty",
                         "Write for example: " + std::string(key) + " = " + std::string(example));
        return std::nullopt;
    }
    return value;
}

std::optional<Placed<std::string>> Section::text(std::string_view key, Presence presence, std::string_view example)
{
    const auto* node = find(key);
    if (node == nullptr) {
        if (presence == Presence::required) missing(key, example);
        return std::nullopt;
    }
    auto value = string_of(*node, key, example);
    if (!value) return std::nullopt;
    return Placed<std::string>{std::move(*value), place_of(node->source())};
}

std::vector<Placed<std::string>> Section::texts(std::string_view key, Presence presence, std::string_view example)
{
    std::vector<Placed<std::string>> all;
    const auto* node = find(key);
    if (node == nullptr) {
        if (presence == Presence::required) missing(key, example);
        return all;
    }
    if (!node->is_array()) {
        if (auto value = string_of(*node, key, example)) all.push_back({std::move(*value), place_of(node->source())});
        return all;
    }
    for (const auto& element : *node->as_array())
        if (auto value = string_of(element, key, example))
            all.push_back({std::move(*value), place_of(element.source())});
    if (node->as_array()->empty())
        findings_->error(place_of(node->source()), label(key) + " is an empty list",
                         "Write for example: " + std::string(key) + " = " + std::string(example));
    return all;
}

void Section::count(std::string_view key, std::uint32_t least, std::uint32_t most, std::uint32_t& out)
{
    const auto* node = find(key);
    if (node == nullptr) return;
    if (!node->is_integer()) return wrong_type(*node, key, "a whole number", std::to_string(std::max(out, least)));
    const auto value = node->as_integer()->get();
    if (value < std::int64_t{least} || value > std::int64_t{most})
        return out_of_range(*node, key, std::to_string(value), std::to_string(least), std::to_string(most));
    out = static_cast<std::uint32_t>(value);
}

void Section::size(std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t& out)
{
    const auto* node = find(key);
    if (node == nullptr) return;
    if (!node->is_string()) return wrong_type(*node, key, "a size in quotes", '"' + format_size(out) + '"');
    const auto& written = node->as_string()->get();
    const auto value = parse_size(written);
    if (!value)
        return findings_->error(place_of(node->source()), label(key) + " is not a size", value.error().hint);
    if (*value < least || *value > most) return out_of_range(*node, key, written, format_size(least), format_size(most));
    out = *value;
}

void Section::duration(std::string_view key, std::chrono::seconds least, std::chrono::seconds most,
                       std::chrono::seconds& out)
{
    const auto* node = find(key);
    if (node == nullptr) return;
    if (!node->is_string()) return wrong_type(*node, key, "a duration in quotes", '"' + format_duration(out) + '"');
    const auto& written = node->as_string()->get();
    const auto value = parse_duration(written);
    if (!value)
        return findings_->error(place_of(node->source()), label(key) + " is not a duration", value.error().hint);
    if (*value < least || *value > most)
        return out_of_range(*node, key, written, format_duration(least), format_duration(most));
    out = *value;
}

void Section::finish(const std::string& remedy)
{
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
        const std::string_view name = key.str();
        if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
        const auto guess = nearest(name, known_);
        std::string known;
        for (const auto& candidate : known_) known += (known.empty() ? "" : ", ") + candidate;
        findings_->error(place_of(key.source()), "unknown " + std::string(node.is_table() ? "section " : "key ") + label(name),
                         !remedy.empty() ? remedy : guess ? "Did you mean '" + *guess + "'?" : "Known here: " + known + ".");
    }
}

}  // namespace amana::server
