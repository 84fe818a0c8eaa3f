// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/pages.hpp"

#include "base/require.hpp"
#include "web/catalogue.hpp"
#include "web/style.hpp"
#include "web/templates.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace amana::web {

namespace {

// Stands where the story will go, and is cut out again. A control character is in no catalogue and no template.
constexpr std::string_view story_mark = "\x01";
// Where a proof will stand: in a link, and as text.
constexpr std::string_view link_mark = "\x02";
constexpr std::string_view note_mark = "\x03";

using List = kainjow::mustache::list;

struct Site {
    Templates templates;
    Style style;
    std::vector<Catalogue> catalogues;  // in the configured order
    List links;                         // code, name and direction of every language
    const SiteSettings& settings;
};

std::string megabytes(std::uint64_t bytes)
{
    constexpr double tenths_of_a_mebibyte = static_cast<double>(1U << 20U) / 10;
    return fmt::format("{:g}", std::floor(static_cast<double>(bytes) / tenths_of_a_mebibyte) / 10);
}

std::string in_groups_of_four(std::string_view fingerprint)
{
    std::string out;
    std::size_t count = 0;
    for (const char character : fingerprint) {
        if (character == ' ') continue;
        if (count != 0 && count % 4 == 0) out += ' ';
        out += character;
        ++count;
    }
    return out;
}

Result<List> language_links(const std::vector<Catalogue>& catalogues)
{
    List links;
    for (const auto& catalogue : catalogues) {
        Values link;
        link.set("code", catalogue.language());
        for (const auto* key : {"language_name", "direction", "invitation"}) {
            auto sentence = catalogue.find(key);
            if (!sentence) return sentence.error();
            if (std::string_view(key) == "direction" && *sentence != "rtl" && *sentence != "ltr") {
                return Error{fmt::format("in the {} catalogue, \"direction\" is neither rtl nor ltr", catalogue.language()), {}};
            }
            link.set(key, *std::move(sentence));
        }
        links.push_back(std::move(link));
    }
    return links;
}

Result<Site> open_site(const SiteSettings& settings)
{
    if (settings.languages.empty()) return Error{"no language is configured", "Name at least one, such as ar."};
    auto templates = Templates::load(settings.data / "templates");
    if (!templates) return templates.error();
    auto style = load_style(settings.data / "style.css");
    if (!style) return style.error();
    const MessageValues values{{"limit", megabytes(settings.max_files_bytes)},
                               {"min", std::to_string(min_story_characters)},
                               {"max", std::to_string(max_story_characters)}};
    std::vector<Catalogue> catalogues;
    for (const auto& language : settings.languages) {
        auto catalogue = Catalogue::load(settings.data / "locale", language, values);
        if (!catalogue) return catalogue.error();
        catalogues.push_back(*std::move(catalogue));
    }
    auto links = language_links(catalogues);
    if (!links) return links.error();
    return Site{*std::move(templates), *std::move(style), std::move(catalogues), *std::move(links), settings};
}

// What every page of a language may mention; a page sets those that differ.
Result<Values> common_values(const Site& site, const Catalogue& catalogue)
{
    Values values;
    values.set("lang", catalogue.language());
    values.set("style", site.style.text);
    values.set("languages", site.links);
    values.set("fingerprint", in_groups_of_four(site.settings.root_fingerprint));
    values.set("min", std::to_string(min_story_characters));
    values.set("max", std::to_string(max_story_characters));
    const auto configured = site.settings.names.find(catalogue.language());
    if (configured != site.settings.names.end()) {
        values.set("name", configured->second);
    } else {
        auto name = catalogue.find("ministry");
        if (!name) return name.error();
        values.set("name", *std::move(name));
    }

    List others;
    for (std::size_t i = 0; i < site.catalogues.size(); ++i) {
        if (site.catalogues[i].language() != catalogue.language()) others.push_back(site.links[i]);
    }
    values.set("other_languages", others);
    for (const auto* flag : {"problem", "has_story_error", "has_files_error", "kept", "proof", "proof_none", "proof_wanted"}) values.set(flag, false);
    for (const auto* text : {"story", "proof_link", "proof_note"}) values.set(text, "");
    return values;
}

Result<void> add_problem(Values& values, const Catalogue& catalogue, Problem what)
{
    const auto key = fmt::format("problem_{}", problem_name(what));
    auto title = catalogue.find(key);
    if (!title) return title.error();
    auto advice = catalogue.find(key + "_advice");
    if (!advice) return advice.error();
    values.set("problem", true);
    values.set("problem_title", *std::move(title));
    values.set("problem_advice", *std::move(advice));
    return {};
}

Result<SplitPage> build_form_again(const Site& site, const Catalogue& catalogue, Values values, Problem what)
{
    if (auto added = add_problem(values, catalogue, what); !added) return added.error();
    values.set("has_story_error", problem_field(what) == "story");
    values.set("has_files_error", problem_field(what) == "files");
    values.set("kept", what != Problem::empty_story && what != Problem::wrong_encoding);
    values.set("story", std::string(story_mark));
    const auto page = site.templates.render("form", catalogue, values);
    if (!page) return page.error();
    const auto at = page->find(story_mark);
    if (at == std::string::npos || at == 0 || (*page)[at - 1] != '\n' || page->find(story_mark, at + 1) != std::string::npos) {
        return Error{"form.mustache must hold {{story}} once, on the line after <textarea>", {}};
    }
    values.set("proof_wanted", true);
    const auto asking = site.templates.render("form", catalogue, values);
    if (!asking) return asking.error();
    if (asking->substr(0, at) != page->substr(0, at)) return Error{"form.mustache must ask about the proof behind the story", {}};
    const auto behind = at + story_mark.size();
    return SplitPage{page->substr(0, at), page->substr(behind), asking->substr(behind)};
}

Result<ProofPage> build_proof_page(const Site& site, const Catalogue& catalogue, Values values)
{
    values.set("proof", true);
    values.set("proof_link", std::string(link_mark));
    values.set("proof_note", std::string(note_mark));
    const auto page = site.templates.render("received", catalogue, values);
    if (!page) return page.error();
    const auto link = page->find(link_mark);
    const auto note = page->find(note_mark);
    if (link == std::string::npos || note == std::string::npos || note < link)
        return Error{"received.mustache must hold {{proof_link}} and then {{proof_note}}", {}};
    return ProofPage{page->substr(0, link), page->substr(link + 1, note - link - 1), page->substr(note + 1)};
}

// The pages of a report that was stored.
template <typename Localised>
Result<void> build_received(Localised& built, const Site& site, const Catalogue& catalogue, const Values& values)
{
    auto received = site.templates.render("received", catalogue, values);
    if (!received) return received.error();
    built.received = *std::move(received);
    auto with_proof = build_proof_page(site, catalogue, values);
    if (!with_proof) return with_proof.error();
    built.received_with_proof = *std::move(with_proof);
    auto without = values;
    without.set("proof_none", true);
    auto without_proof = site.templates.render("received", catalogue, without);
    if (!without_proof) return without_proof.error();
    built.received_without_proof = *std::move(without_proof);
    return {};
}

}  // namespace

Result<Pages> Pages::load(const SiteSettings& settings)
{
    const auto site = open_site(settings);
    if (!site) return site.error();
    Pages pages;
    pages.languages_ = settings.languages;
    pages.style_hash_ = site->style.hash;
    auto log = LogPages::load(settings.data, site->style);
    if (!log) return log.error();
    pages.log_ = *std::move(log);
    for (const auto& catalogue : site->catalogues) {
        const auto values = common_values(*site, catalogue);
        if (!values) return values.error();
        const auto render = [&](const char* name, const Values& with) {
            return site->templates.render(name, catalogue, with);
        };
        Localised built;
        auto form = render("form", *values);
        if (!form) return form.error();
        built.form = *std::move(form);
        if (auto received = build_received(built, *site, catalogue, *values); !received) return received.error();
        for (const auto what : all_problems) {
            const auto slot = static_cast<std::size_t>(what);
            auto with_problem = *values;
            if (auto added = add_problem(with_problem, catalogue, what); !added) return added.error();
            auto problem = render("problem", with_problem);
            if (!problem) return problem.error();
            built.problems.at(slot) = *std::move(problem);
            auto again = build_form_again(*site, catalogue, *values, what);
            if (!again) return again.error();
            built.again.at(slot) = *std::move(again);
        }
        if (&catalogue == &site->catalogues.front()) {
            auto index = render("index", *values);
            if (!index) return index.error();
            pages.index_ = *std::move(index);
        }
        if (!pages.by_language_.emplace(catalogue.language(), std::move(built)).second) {
            return Error{fmt::format("the language {} is configured twice", catalogue.language()), {}};
        }
    }
    return pages;
}

const Pages::Localised& Pages::in(std::string_view language) const
{
    auto found = by_language_.find(language);
    if (found == by_language_.end()) found = by_language_.find(languages_.front());
    require(found != by_language_.end(), "the first language has pages");
    return found->second;
}

std::string_view Pages::form(std::string_view language) const { return in(language).form; }

std::string_view Pages::received(std::string_view language) const { return in(language).received; }

const ProofPage& Pages::received_with_proof(std::string_view language) const { return in(language).received_with_proof; }

std::string_view Pages::received_without_proof(std::string_view language) const { return in(language).received_without_proof; }

std::string_view Pages::problem(std::string_view language, Problem what) const
{
    return in(language).problems.at(static_cast<std::size_t>(what));
}

const SplitPage& Pages::form_again(std::string_view language, Problem what) const
{
    return in(language).again.at(static_cast<std::size_t>(what));
}

}  // namespace amana::web
