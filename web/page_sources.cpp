// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/page_sources.hpp"

#include "web/colour.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace amana::web {

namespace {

bool is_png(ByteView bytes)
{
    constexpr ByteArray<8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return bytes.size() > signature.size() && std::ranges::equal(bytes.first(signature.size()), signature);
}

Result<void> check_settings(const SiteSettings& settings)
{
    if (settings.languages.empty()) return Error{"no language is configured", "Name at least one, such as ar."};
    if (const std::set<std::string> once(settings.languages.begin(), settings.languages.end()); once.size() != settings.languages.size())
        return Error{"a language is configured twice", "Remove one."};
    if (!settings.logo.empty() && !is_png(settings.logo)) return Error{"the logo is not a PNG", "Pages show PNG only."};
    if (settings.logo.size() > max_logo_bytes)
        return Error{fmt::format("the logo has {} bytes; at most {} travel with every page", settings.logo.size(), max_logo_bytes),
                     "Make it smaller: 64 pixels high, few colours."};
    // A text that one language has, every language has: nobody may be told less of what protects them.
    for (const auto& [what, member] : {std::pair{"numbers", &SiteTexts::numbers}, {"law", &SiteTexts::law}, {"embassy", &SiteTexts::embassy}}) {
        std::vector<std::string> lacking;
        for (const auto& language : settings.languages) {
            const auto found = settings.texts.find(language);
            if (found == settings.texts.end() || (found->second.*member).empty()) lacking.push_back(language);
        }
        if (!lacking.empty() && lacking.size() < settings.languages.size())
            return Error{fmt::format("'{}' is configured for some languages, and not for {}", what, fmt::join(lacking, ", ")),
                         fmt::format("Write it in [texts.{}] too; what keeps people safe is said to all of them.", lacking.front())};
    }
    return {};
}

}  // namespace

std::string megabytes(std::uint64_t bytes)
{
    constexpr double tenths_of_a_mebibyte = static_cast<double>(1U << 20U) / 10;
    return fmt::format("{:g}", std::floor(static_cast<double>(bytes) / tenths_of_a_mebibyte) / 10);
}

Result<PageSources> PageSources::load(const SiteSettings& settings, const Questionnaire& questionnaire)
{
    if (const auto checked = check_settings(settings); !checked) return checked.error();
    auto found = Templates::load(settings.data / "templates");
    if (!found) return found.error();
    PageSources sources(settings, questionnaire, *std::move(found));
    if (const auto loaded = sources.load_files(); !loaded) return loaded.error();
    if (const auto loaded = sources.load_links(); !loaded) return loaded.error();
    return sources;
}

Result<void> PageSources::load_files()
{
    auto additions = condition_style(*questionnaire);
    if (!settings->colour.empty()) {
        const auto colour = colour_style(settings->colour);
        if (!colour) return colour.error();
        additions += *colour;
    }
    auto found_style = load_style(settings->data / "style.css", additions);
    if (!found_style) return found_style.error();
    style = *std::move(found_style);
    auto found_script = load_script(settings->data / "exit.js");
    if (!found_script) return found_script.error();
    script = *std::move(found_script);
    auto found_scripts = load_scripts(settings->data);
    if (!found_scripts) return found_scripts.error();
    scripts = *std::move(found_scripts);
    for (const auto& language : settings->languages) {
        auto bare = Catalogue::load(settings->data / "locale", language, {});
        if (!bare) return bare.error();
        const auto limit = bare->digits(megabytes(settings->max_files_bytes));
        if (!limit) return limit.error();
        auto catalogue = Catalogue::load(settings->data / "locale", language, {{"limit", *limit}});
        if (!catalogue) return catalogue.error();
        catalogues.push_back(*std::move(catalogue));
    }
    return {};
}

Result<void> PageSources::load_links()
{
    for (const auto& catalogue : catalogues) {
        Values link;
        link.set("code", catalogue.language());
        for (const auto* key : {"language_name", "direction", "review"}) {
            auto sentence = catalogue.find(key);
            if (!sentence) return sentence.error();
            if (std::string_view(key) == "direction" && *sentence != "rtl" && *sentence != "ltr")
                return Error{fmt::format("in the {} catalogue, \"direction\" is neither rtl nor ltr", catalogue.language()), {}};
            if (std::string_view(key) == "review" && *sentence != "done") {
                if (*sentence != "awaiting") return Error{fmt::format("in the {} catalogue, \"review\" is neither done nor awaiting", catalogue.language()), {}};
                if (std::ranges::find(settings->languages, "en") == settings->languages.end())
                    return Error{fmt::format("the {} translation awaits a second reader, and its pages point to the English ones", catalogue.language()),
                                 "Add \"en\" to the languages, or remove this one."};
            }
            link.set(key, *std::move(sentence));
        }
        auto invitation = form_sentence(*questionnaire, catalogue, "invitation");
        if (!invitation) return invitation.error();
        link.set("invitation", *std::move(invitation));
        links.push_back(std::move(link));
    }
    return {};
}

}  // namespace amana::web
