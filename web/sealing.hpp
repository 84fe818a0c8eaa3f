// SPDX-License-Identifier: AGPL-3.0-or-later
// What the form's script is told of the site, the questionnaire and the page's language: docs/SEALING.md, section 2. All of
// it is public.
#pragma once

#include "web/catalogue.hpp"
#include "web/pages.hpp"

#include <string>
#include <vector>

namespace amana::web {

// How many cover bodies a page sends at most.
inline constexpr std::uint32_t most_cover_bodies = 20;

// The JSON of one language. Fails when its catalogue lacks one of sealing_words.
[[nodiscard]] Result<std::string> sealing_json(const SiteSettings& settings, const Questionnaire& questionnaire, const Catalogue& catalogue);

// Packed, and plain with spaces behind, each to one size for all languages, so that a length does not tell which it was.
[[nodiscard]] Result<std::vector<StaticPage>> of_one_size(const std::vector<std::string>& bodies);

}  // namespace amana::web
