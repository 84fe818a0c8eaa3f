// SPDX-License-Identifier: AGPL-3.0-or-later
// The shipped questionnaires and pages, as the front's tests load them.
#pragma once

#include "base/file.hpp"
#include "web/pages.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace amana::front::test {

inline std::filesystem::path shipped_data()
{
    const char* build = std::getenv("AMANA_BUILD");
    if (build == nullptr) throw std::runtime_error("set AMANA_BUILD, as ctest does");
    return std::filesystem::path(build) / "share" / "amana";
}

inline std::string shipped_form()
{
    return std::string(as_text(read_file(shipped_data() / "forms" / "recruitment-2.toml", web::max_questionnaire_bytes).value()));
}

inline const web::Questionnaire& questionnaire()
{
    static const auto parsed = web::Questionnaire::parse(shipped_form()).value();
    return parsed;
}

// In Arabic and English.
inline web::Pages shipped_pages()
{
    web::SiteSettings settings;
    settings.data = shipped_data();
    settings.questionnaire = shipped_form();
    settings.root_fingerprint = "9f2ac41be07733d15a86c0fe4482bb19d70e35f6a1c8802d6b94e3570fca126e";
    return web::Pages::load(settings).value();
}

}  // namespace amana::front::test
