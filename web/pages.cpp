// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/pages.hpp"

#include "base/require.hpp"
#include "web/page_builder.hpp"
#include "web/sealing.hpp"

#include <utility>

namespace amana::web {

Result<Pages> Pages::load(const SiteSettings& settings)
{
    auto questionnaire = Questionnaire::parse(settings.questionnaire);
    if (!questionnaire) return Error{text(questionnaire.error(), settings.questionnaire_name), {}};
    if (const std::filesystem::path file = settings.questionnaire_name; file.extension() == ".toml") {
        const auto name = questionnaire->id() + "-" + std::to_string(questionnaire->version()) + ".toml";
        if (file.filename() != name)
            return Error{file.string() + " holds the questionnaire " + name, "Give the file this name, so that nobody takes one version for another."};
    }
    Pages pages;
    pages.questionnaire_ = *std::move(questionnaire);
    auto sources = PageSources::load(settings, *pages.questionnaire_);
    if (!sources) return sources.error();
    const PageBuilder builder(*std::move(sources));
    auto log = LogPages::load(settings.data, builder.sources().style);
    if (!log) return log.error();
    pages.log_ = *std::move(log);
    pages.languages_ = settings.languages;
    pages.style_hash_ = builder.sources().style.hash;
    pages.script_hash_ = builder.sources().script.hash;
    pages.scripts_ = builder.sources().scripts;
    auto index = builder.index();
    if (!index) return index.error();
    pages.index_ = *std::move(index);
    for (const auto& catalogue : builder.sources().catalogues) {
        auto built = builder.localised(catalogue);
        if (!built) return built.error();
        pages.by_language_.emplace(catalogue.language(), *std::move(built));
    }
    if (const auto added = pages.add_sealing(settings, builder.sources().catalogues); !added) return added.error();
    return pages;
}

Result<void> Pages::add_sealing(const SiteSettings& settings, const std::vector<Catalogue>& catalogues)
{
    std::vector<std::string> bodies;
    for (const auto& catalogue : catalogues) {
        auto body = sealing_json(settings, *questionnaire_, catalogue);
        if (!body) return body.error();
        bodies.push_back(*std::move(body));
    }
    auto files = of_one_size(bodies);
    if (!files) return files.error();
    for (std::size_t i = 0; i < catalogues.size(); ++i) by_language_.at(catalogues[i].language()).sealing = std::move(files->at(i));
    return {};
}

const Pages::Localised& Pages::in(std::string_view language) const
{
    auto found = by_language_.find(language);
    if (found == by_language_.end()) found = by_language_.find(languages_.front());
    require(found != by_language_.end(), "the first language has pages");
    return found->second;
}

StaticPage HoledPage::filled(std::span<const std::string_view> holes, bool pack) const
{
    StaticPage page;
    const auto hole = [&](std::size_t i) { return i < holes.size() ? holes[i] : std::string_view(); };
    if (!pack) {
        for (std::size_t i = 0; i < parts.size(); ++i) page.plain.append(parts[i]).append(hole(i));
        return page;
    }
    std::vector<ByteView> bytes;
    for (const auto one : holes) bytes.push_back(as_bytes(one));
    const auto around = packed.around(bytes);
    require(around.has_value(), "more in a page's holes than it has room for");
    for (std::size_t i = 0; i < around->size(); ++i) page.packed.append(as_text(around->at(i))).append(hole(i));
    return page;
}

std::string LinePage::number(std::uint64_t value) const
{
    auto decimal = std::to_string(value);
    if (decimal.size() > most_digits) decimal.assign(most_digits, '9');
    const auto width = digits.size() / 10;
    std::string written(width * (most_digits - decimal.size()), ' ');
    for (const char digit : decimal) written.append(digits, width * static_cast<std::size_t>(digit - '0'), width);
    return written;
}

const FormPage& Pages::form(std::string_view language, FormState state) const { return in(language).forms.at(index_of(state)); }

const LinePage& Pages::line(std::string_view language) const { return in(language).line; }

const StaticPage& Pages::sealing(std::string_view language) const { return in(language).sealing; }

const StaticPage& Pages::help(std::string_view language) const { return in(language).help; }

const StaticPage& Pages::received(std::string_view language, bool urgent) const { return in(language).received.at(urgent ? 1 : 0).plain; }

const KeepsakePage& Pages::received(std::string_view language, bool urgent, bool receipt, Proof proof) const
{
    return in(language).received.at(urgent ? 1 : 0).kept.at(receipt ? 1 : 0).at(static_cast<std::size_t>(proof));
}

const InboxPages& Pages::inbox(std::string_view language) const { return in(language).inbox; }

const StaticPage& Pages::problem(std::string_view language, Problem what) const
{
    return in(language).problems.at(static_cast<std::size_t>(what));
}

const AgainPage& Pages::form_again(std::string_view language, FormState state) const { return in(language).again.at(index_of(state)); }

}  // namespace amana::web
