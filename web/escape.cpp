// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/escape.hpp"

namespace amana::web {

namespace {

std::string_view entity(char character)
{
    switch (character) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return "&#39;";
    }
}

}  // namespace

bool append_escaped(SecretText& out, std::string_view text)
{
    const auto start = out.size();
    while (!text.empty()) {
        const auto special = text.find_first_of("&<>\"'");
        bool fits = out.append(text.substr(0, special));
        if (special == std::string_view::npos) {
            text = {};
        } else {
            fits = fits && out.append(entity(text[special]));
            text.remove_prefix(special + 1);
        }
        if (!fits) {
            out.truncate(start);
            return false;
        }
    }
    return true;
}

}  // namespace amana::web
