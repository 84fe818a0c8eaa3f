// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/canonical_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace amana::crypto {

namespace json = boost::json;

namespace {

// How a character below U+0020, a quote or a backslash is written; empty for every other. Returned by value: six bytes.
struct Escape {
    std::array<char, 6> text{};
    std::size_t size = 0;
};

Escape escape_of(char c)
{
    switch (c) {
    case '"': return {{'\\', '"'}, 2};
    case '\\': return {{'\\', '\\'}, 2};
    case '\b': return {{'\\', 'b'}, 2};
    case '\f': return {{'\\', 'f'}, 2};
    case '\n': return {{'\\', 'n'}, 2};
    case '\r': return {{'\\', 'r'}, 2};
    case '\t': return {{'\\', 't'}, 2};
    default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) return {};
    constexpr std::string_view digits = "0123456789abcdef";
    return {{'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6};
}

bool append_object(SecretText& out, const json::object& object)
{
    if (!out.append("{")) return false;
    std::string_view before;
    bool first = true;
    for (const auto& [key, value] : object) {
        // Our keys are ASCII, for which order by bytes is the order by UTF-16 units that RFC 8785 asks for.
        const std::string_view name(key.data(), key.size());
        if (!first && (name <= before || !out.append(","))) return false;
        if (!append_json_string(out, name) || !out.append(":") || !append_canonical(out, value)) return false;
        before = name;
        first = false;
    }
    return out.append("}");
}

bool append_array(SecretText& out, const json::array& array)
{
    if (!out.append("[")) return false;
    bool first = true;
    for (const auto& value : array) {
        if (!first && !out.append(",")) return false;
        if (!append_canonical(out, value)) return false;
        first = false;
    }
    return out.append("]");
}

}  // namespace

bool append_json_string(SecretText& out, std::string_view text)
{
    if (!out.append("\"")) return false;
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(
            std::find_if(text.begin(), text.end(), [](char c) { return escape_of(c).size != 0; }) - text.begin());
        if (!out.append(text.substr(0, plain))) return false;
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto escape = escape_of(text.front());
        if (!out.append({escape.text.data(), escape.size})) return false;
        text.remove_prefix(1);
    }
    return out.append("\"");
}

std::size_t json_string_bytes(std::string_view text)
{
    std::size_t bytes = 2;
    for (const char c : text) bytes += std::max<std::size_t>(1, escape_of(c).size);
    return bytes;
}

bool append_canonical(SecretText& out, const json::value& value)
{
    switch (value.kind()) {
    case json::kind::object: return append_object(out, value.get_object());
    case json::kind::array: return append_array(out, value.get_array());
    case json::kind::string: return append_json_string(out, {value.get_string().data(), value.get_string().size()});
    case json::kind::int64: {
        const auto number = value.get_int64();
        return number >= 0 && static_cast<std::uint64_t>(number) <= max_json_integer && out.append(std::to_string(number));
    }
    case json::kind::uint64:
    case json::kind::double_:
    case json::kind::bool_:
    case json::kind::null: return false;
    }
    return false;
}

}  // namespace amana::crypto
