// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/groups.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace amana::print {

namespace {

constexpr std::string_view left_to_right = "\u202D";
constexpr std::string_view as_before = "\u202C";
constexpr std::string_view unbroken_space = "\u00A0";

bool is_digit(char32_t c)
{
    return (c >= U'0' && c <= U'9') || (c >= U'\u0660' && c <= U'\u0669') || (c >= U'\u06F0' && c <= U'\u06F9');
}

bool joins_digits(char32_t c) { return std::u32string_view(U" +-()/.\u00A0\u2011").find(c) != std::u32string_view::npos; }

// How many bytes of `text` are one number, from its front to its last digit; 0 when it begins with none.
std::size_t number_at_front(std::string_view text)
{
    auto rest = text;
    std::size_t number = 0;
    for (bool first = true; !rest.empty(); first = false) {
        const auto c = next_code_point(rest);
        if (!c || !(is_digit(*c) || (first ? *c == U'+' || *c == U'(' : joins_digits(*c)))) break;
        if (is_digit(*c)) number = text.size() - rest.size();
    }
    return number;
}

}  // namespace

std::vector<std::string> groups_of(std::string_view text)
{
    std::vector<std::string> groups;
    for (std::size_t at = 0; at < text.size(); at += group_characters)
        groups.emplace_back(text.substr(at, group_characters));
    return groups;
}

std::vector<std::string> onion_groups(std::string_view host)
{
    const auto dot = std::min(host.find('.'), host.size());
    auto groups = groups_of(host.substr(0, dot));
    if (dot < host.size()) groups.emplace_back(host.substr(dot));
    return groups;
}

std::vector<std::string> address_pieces(std::string_view address)
{
    const auto scheme = address.find("://");
    std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
    std::vector<std::string> pieces;
    if (begin != 0) pieces.emplace_back(address.substr(0, begin));
    for (auto at = begin + 1; at <= address.size(); ++at) {
        if (at < address.size() && address[at] != '.' && address[at] != '/') continue;
        if (at == address.size() || begin < at) pieces.emplace_back(address.substr(begin, at - begin));
        begin = at;
    }
    return pieces;
}

std::string hold_numbers(std::string_view text, bool right_to_left)
{
    std::string held;
    while (!text.empty()) {
        const auto number = number_at_front(text);
        if (number > 0) {
            if (right_to_left) held += left_to_right;
            for (const char c : text.substr(0, number)) held += c == ' ' ? std::string(unbroken_space) : std::string(1, c);
            if (right_to_left) held += as_before;
            text.remove_prefix(number);
            continue;
        }
        auto rest = text;
        (void)next_code_point(rest);
        held.append(text.substr(0, text.size() - rest.size()));
        text = rest;
    }
    return held;
}

}  // namespace amana::print
