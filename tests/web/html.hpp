// SPDX-License-Identifier: AGPL-3.0-or-later
// Pages read back, as far as our own pages go: tags with their attributes, and text. Not a browser: what a page of ours never
// holds (comments, unquoted values, entities beyond the five) throws.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace amana::test {

struct HtmlToken {
    std::string tag;  // "p", "/p"; empty for text
    std::map<std::string, std::string> attributes;
    std::string text;   // unescaped
    std::string inside;  // of text: the element it stands in
};
[[nodiscard]] std::vector<HtmlToken> scan_html(std::string_view html);

// What a browser would send of a form that nobody has touched: each control's name and value; empty values left out.
using Controls = std::multimap<std::string, std::string>;
[[nodiscard]] Controls controls_of(const std::vector<HtmlToken>& tokens);

}  // namespace amana::test
