// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/sentences.hpp"

#include "base/file.hpp"
#include "server/print/groups.hpp"
#include "web/catalogue.hpp"
#include "web/form_page.hpp"

#include <fmt/format.h>

#include <array>

namespace amana::print {

namespace {

// What the questionnaire invites to.
Result<std::string> invitation(const Job& job, const web::Catalogue& catalogue)
{
    if (job.form.empty()) return catalogue.find("recruitment.invitation");
    const auto bytes = read_file(job.form, web::max_questionnaire_bytes);
    if (!bytes) return bytes.error();
    const auto questionnaire = web::Questionnaire::parse(as_text(*bytes));
    if (!questionnaire) return Error{web::text(questionnaire.error(), job.form.string()), {}};
    return web::form_sentence(*questionnaire, catalogue, "invitation");
}

}  // namespace

Result<Sentences> find_sentences(const Job& job, const std::string& language)
{
    const auto catalogue = web::Catalogue::load(job.data / "locale", language, {});
    if (!catalogue) return catalogue.error();

    Sentences sentences;
    sentences.language = language;
    const auto own = [&](const std::map<std::string, std::string>& texts) {
        const auto found = texts.find(language);
        return found == texts.end() ? std::string() : found->second;
    };
    sentences.headline = own(job.headlines);
    sentences.ministry = own(job.names);
    sentences.numbers = own(job.numbers);

    if (sentences.headline.empty()) {
        auto headline = invitation(job, *catalogue);
        if (!headline) return headline.error();
        sentences.headline = *std::move(headline);
    }

    struct Wanted {
        std::string& to;
        const char* msgid;
    };
    std::string direction;
    const std::array wanted{
        Wanted{direction, "direction"},
        Wanted{sentences.ministry, "ministry"},
        Wanted{sentences.scan, "print_scan"},
        Wanted{sentences.onion, "print_onion"},
        Wanted{sentences.check, "print_check"},
        Wanted{sentences.anonymous, "print_anonymous"},
        Wanted{sentences.emergency, "emergency"},
        Wanted{sentences.call, sentences.numbers.empty() ? "emergency_do" : "emergency_call"},
    };
    for (const auto& [to, msgid] : wanted) {
        if (!to.empty()) continue;  // the deployment's own
        auto sentence = catalogue->find(msgid);
        if (!sentence) return sentence.error();
        to = std::move(*sentence);
    }
    if (direction != "ltr" && direction != "rtl")
        return Error{fmt::format("the {} catalogue's \"direction\" is neither ltr nor rtl", language),
                     fmt::format("Correct it in web/locale/{}.po.", language)};
    sentences.right_to_left = direction == "rtl";
    sentences.numbers = hold_numbers(sentences.numbers, sentences.right_to_left);
    return sentences;
}

}  // namespace amana::print
