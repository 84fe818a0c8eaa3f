// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/seen.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace amana::server::doctor {

namespace {

namespace json = boost::json;

// What is not there, or of another type, stays as it is.
void read(const json::object& from, std::string_view name, std::string& to)
{
    if (const auto* value = from.if_contains(name); value != nullptr && value->is_string()) to = std::string(value->as_string());
}
void read(const json::object& from, std::string_view name, bool& to)
{
    if (const auto* value = from.if_contains(name); value != nullptr && value->is_bool()) to = value->as_bool();
}
void read(const json::object& from, std::string_view name, UnixTime& to)
{
    if (const auto* value = from.if_contains(name); value != nullptr && value->is_int64()) to = value->as_int64();
}
void read(const json::object& from, std::string_view name, std::vector<std::string>& to)
{
    const auto* value = from.if_contains(name);
    if (value == nullptr || !value->is_array()) return;
    for (const auto& item : value->as_array())
        if (item.is_string()) to.emplace_back(item.as_string());
}

Answer read_answer(const json::object& from)
{
    Answer answer;
    UnixTime status = 0;
    read(from, "path", answer.path);
    read(from, "status", status);
    answer.status = static_cast<unsigned>(std::clamp<UnixTime>(status, 0, 999));
    const auto* headers = from.if_contains("headers");
    if (headers == nullptr || !headers->is_array()) return answer;
    for (const auto& header : headers->as_array()) {
        std::vector<std::string> pair;
        if (header.is_array())
            for (const auto& part : header.as_array())
                if (part.is_string()) pair.emplace_back(part.as_string());
        if (pair.size() == 2) answer.headers.emplace_back(std::move(pair[0]), std::move(pair[1]));
    }
    return answer;
}

}  // namespace

std::string_view Answer::header(std::string_view name) const
{
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& each) { return each.first == name; });
    return found == headers.end() ? std::string_view() : found->second;
}

Result<void> read_seen(std::string_view text, Seen& into)
{
    boost::system::error_code broken;
    const auto value = json::parse(text, broken);
    const auto* object = broken ? nullptr : value.if_object();
    if (text.size() > max_seen_bytes || object == nullptr) return Error{"amana-outsider told nothing that can be read", ""};
    read(*object, "reached", into.reached);
    read(*object, "problem", into.problem);
    read(*object, "cut-short", into.cut_short);
    read(*object, "protocol", into.protocol);
    read(*object, "cipher", into.cipher);
    read(*object, "group", into.group);
    read(*object, "old-protocols", into.old_protocols);
    read(*object, "weak-ciphers", into.weak_ciphers);
    read(*object, "modern", into.modern);
    read(*object, "compression", into.compression);
    read(*object, "renegotiates", into.renegotiates);
    read(*object, "tickets", into.tickets);
    read(*object, "begins", into.begins);
    read(*object, "ends", into.ends);
    read(*object, "key", into.key);
    read(*object, "name-fits", into.name_fits);
    read(*object, "distrust", into.distrust);
    read(*object, "plain-answer", into.plain_answer);
    const auto* answers = object->if_contains("answers");
    if (answers == nullptr || !answers->is_array()) return {};
    for (const auto& answer : answers->as_array())
        if (answer.is_object()) into.answers.push_back(read_answer(answer.as_object()));
    return {};
}

}  // namespace amana::server::doctor
