// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/utf8.hpp"

#include <boost/locale/utf.hpp>

namespace amana {

namespace utf = boost::locale::utf;

std::optional<char32_t> next_code_point(std::string_view& text)
{
    const char* at = text.data();
    const auto point = utf::utf_traits<char>::decode(at, text.data() + text.size());
    if (point == utf::illegal || point == utf::incomplete) {
        text.remove_prefix(1);
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    return point;
}

std::optional<std::size_t> utf8_length(std::string_view text)
{
    std::size_t count = 0;
    while (!text.empty()) {
        if (!next_code_point(text)) return std::nullopt;
        ++count;
    }
    return count;
}

}  // namespace amana
