// SPDX-License-Identifier: AGPL-3.0-or-later
// What pages are made of: templates, catalogues, style and scripts, checked against the site's settings.
#pragma once

#include "web/catalogue.hpp"
#include "web/inline.hpp"
#include "web/pages.hpp"
#include "web/scripts.hpp"
#include "web/templates.hpp"

#include <string>
#include <vector>

namespace amana::web {

// As the catalogues' sentences tell a size: with one digit behind the point at most, rounded down.
[[nodiscard]] std::string megabytes(std::uint64_t bytes);

class PageSources {
public:
    // Both arguments must outlive it.
    [[nodiscard]] static Result<PageSources> load(const SiteSettings& settings, const Questionnaire& questionnaire);

    const SiteSettings* settings;
    const Questionnaire* questionnaire;
    Templates templates;
    Style style;
    Script script;
    Scripts scripts;
    std::vector<Catalogue> catalogues;   // in the configured order
    kainjow::mustache::list links;       // of every language: its code, name, direction, and what it invites to

private:
    PageSources(const SiteSettings& its_settings, const Questionnaire& its_questionnaire, Templates its_templates)
        : settings(&its_settings), questionnaire(&its_questionnaire), templates(std::move(its_templates))
    {
    }

    [[nodiscard]] Result<void> load_files();
    [[nodiscard]] Result<void> load_links();
};

}  // namespace amana::web
