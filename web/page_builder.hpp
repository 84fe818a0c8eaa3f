// SPDX-License-Identifier: AGPL-3.0-or-later
// Makes the pages out of their sources and the questionnaire.
#pragma once

#include "web/page_sources.hpp"

#include <string>
#include <vector>

namespace amana::web {

class PageBuilder {
public:
    explicit PageBuilder(PageSources sources) : sources_(std::move(sources)) {}

    [[nodiscard]] const PageSources& sources() const { return sources_; }

    [[nodiscard]] Result<StaticPage> index() const;
    [[nodiscard]] Result<Pages::Localised> localised(const Catalogue& catalogue) const;

private:
    // What every page of a language may mention; a page sets those that differ.
    [[nodiscard]] Result<Values> common_values(const Catalogue& catalogue) const;
    [[nodiscard]] Result<void> add_texts(Values& values, const Catalogue& catalogue) const;
    static void add_state(Values& values, FormState state);
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
    // inbox_builder.cpp
    [[nodiscard]] Result<InboxPages> inbox(const Catalogue& catalogue, Values values) const;
    [[nodiscard]] Result<void> add_inbox_problems(InboxPages& made, const Catalogue& catalogue, Values values) const;
    [[nodiscard]] Result<void> add_letter(InboxPages& made, const Catalogue& catalogue, Values values) const;

    PageSources sources_;
};

}  // namespace amana::web
