// SPDX-License-Identifier: AGPL-3.0-or-later
// The pages as they are shipped, in every language, and what its catalogue says.
#pragma once

#include "tests/web/html.hpp"
#include "tests/web/site.hpp"

namespace amana::test {

inline const web::Pages& pages()
{
    static const auto loaded = web::Pages::load(shipped_settings()).value();
    return loaded;
}

inline const std::vector<NamedPage>& all_pages()
{
    static const auto all = all_pages(pages());
    return all;
}

inline std::string sentence(const std::string& language, const std::string& msgid)
{
    auto text = escaped(read_catalogue(language).at(msgid).text);
    return text.find("{limit}") == std::string::npos ? text : text.substr(0, text.find("{limit}"));
}

}  // namespace amana::test
