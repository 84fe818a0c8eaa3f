// SPDX-License-Identifier: AGPL-3.0-or-later
// Makes the pages out of templates, catalogues, the questionnaire and the site's own settings.
#pragma once

#include "web/catalogue.hpp"
#include "web/inline.hpp"
#include "web/pages.hpp"
#include "web/templates.hpp"

#include <string>
#include <vector>

namespace amana::web {

class PageBuilder {
public:
    // Both arguments must outlive the builder.
    [[nodiscard]] static Result<PageBuilder> open(const SiteSettings& settings, const Questionnaire& questionnaire);

    [[nodiscard]] const Style& style() const { return style_; }
    [[nodiscard]] const Script& script() const { return script_; }
    [[nodiscard]] const std::vector<Catalogue>& catalogues() const { return catalogues_; }
    [[nodiscard]] const Scripts& scripts() const { return scripts_; }

    [[nodiscard]] Result<StaticPage> index() const;
    [[nodiscard]] Result<Pages::Localised> localised(const Catalogue& catalogue) const;

private:
    PageBuilder(const SiteSettings& settings, const Questionnaire& questionnaire, Templates templates)
        : settings_(&settings), questionnaire_(&questionnaire), templates_(std::move(templates))
    {
    }

    [[nodiscard]] Result<void> load_sources();
    [[nodiscard]] Result<void> load_links();
    // What every page of a language may mention; a page sets those that differ.
    [[nodiscard]] Result<Values> common_values(const Catalogue& catalogue) const;
    [[nodiscard]] Result<void> add_texts(Values& values, const Catalogue& catalogue) const;
    [[nodiscard]] Result<void> add_problem(Values& values, const Catalogue& catalogue, Problem what, Room room) const;
    [[nodiscard]] Result<StaticPage> page(const char* name, const Catalogue& catalogue, const Values& values) const;
    // The same with holes where these values stand, in this order.
    [[nodiscard]] Result<HoledPage> page(const char* name, const Catalogue& catalogue, Values values, const std::vector<std::string>& holes, std::size_t in_holes) const;
    // The catalogue as it speaks of files where there is room for these.
    [[nodiscard]] Result<Catalogue> of_room(const Catalogue& catalogue, Room room) const;
    [[nodiscard]] Result<FormPage> form(const Catalogue& catalogue, Values values, FormState state) const;
    [[nodiscard]] Result<AgainPage> again(const Catalogue& catalogue, Values values, FormState state) const;
    [[nodiscard]] Result<LinePage> line(const Catalogue& catalogue, Values values) const;
    [[nodiscard]] Result<Pages::Received> received(const Catalogue& catalogue, Values values, bool urgent) const;

    const SiteSettings* settings_;
    const Questionnaire* questionnaire_;
    Templates templates_;
    Style style_;
    Script script_;
    Scripts scripts_;
    std::vector<Catalogue> catalogues_;  // in the configured order
    kainjow::mustache::list links_;      // of every language: its code, name, direction, and what it invites to
};

}  // namespace amana::web
