// SPDX-License-Identifier: AGPL-3.0-or-later
// The shipped questionnaires and pages, as the front's tests load them.
#pragma once

#include "base/file.hpp"
#include "tests/support/made_scripts.hpp"
#include "web/pages.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <stdlib.h>

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

// In English, with files that stand for the scripts.
inline web::Pages scripted_pages()
{
    auto folder = (std::filesystem::temp_directory_path() / "amana-front-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    std::filesystem::copy(shipped_data(), folder, std::filesystem::copy_options::recursive);
    amana::test::write_made_scripts(folder);
    web::SiteSettings settings;
    settings.data = folder;
    settings.languages = {"en"};
    settings.questionnaire = shipped_form();
    settings.root_fingerprint = "9f2ac41be07733d15a86c0fe4482bb19d70e35f6a1c8802d6b94e3570fca126e";
    auto pages = web::Pages::load(settings).value();
    std::filesystem::remove_all(folder);
    return pages;
}

}  // namespace amana::front::test
