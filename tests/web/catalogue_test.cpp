// SPDX-License-Identifier: AGPL-3.0-or-later
// Catalogues are complete, agree with the English, and a gap or a mistake in one is refused by name.
#include "tests/support/catch.hpp"
#include "tests/web/site.hpp"

#include <regex>
#include <set>

namespace amana {

namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::set<std::string> all_matches(const std::string& text, const std::regex& pattern)
{
    std::set<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
        found.insert((*match)[1]);
    }
    return found;
}

std::set<std::string> template_msgids()
{
    std::set<std::string> msgids;
    for (const auto& entry : fs::directory_iterator(test::source_directory() / "web" / "templates")) {
        msgids.merge(all_matches(test::read_text(entry.path()), std::regex(R"(\{\{t\.(\w+)\}\})")));
    }
    return msgids;
}

std::string po(const std::string& language)
{
    return test::read_text(test::source_directory() / "web" / "locale" / (language + ".po"));
}

std::string refusal(const web::SiteSettings& settings)
{
    const auto pages = web::Pages::load(settings);
    REQUIRE(pages.has_error());
    return pages.error().text();
}

}  // namespace

TEST_CASE("every msgid of templates and problems is in every catalogue", "[web]")
{
    auto needed = template_msgids();
    CHECK(needed.size() > 30);
    for (const auto problem : web::all_problems) {
        const auto name = std::string(web::problem_name(problem));
        needed.insert("problem_" + name);
        needed.insert("problem_" + name + "_advice");
    }
    for (const auto& language : test::shipped_languages()) {
        const auto entries = test::read_catalogue(language);
        for (const auto& msgid : needed) {
            INFO(language << " lacks " << msgid);
            CHECK((entries.contains(msgid) && !entries.at(msgid).text.empty()));
        }
    }
}

TEST_CASE("every catalogue holds the English one's entries, was made from its words and keeps its braces", "[web]")
{
    const std::regex braces(R"(\{(\w+)\})");
    const auto english = test::read_catalogue("en");
    for (const auto& language : test::shipped_languages()) {
        const auto entries = test::read_catalogue(language);
        CHECK(entries.size() == english.size());
        for (const auto& [msgid, entry] : entries) {
            INFO(language << ": " << msgid);
            REQUIRE(english.contains(msgid));
            const auto& original = english.at(msgid).text;
            CHECK(all_matches(entry.text, braces) == all_matches(original, braces));
            if (language != "en") CHECK(entry.english == original);  // else: read the translation again
        }
    }
}

TEST_CASE("a sentence missing in one configured language is refused at load, by language and msgid", "[web]")
{
    const test::DataCopy copy;
    REQUIRE(web::Pages::load(copy.settings()).has_value());
    for (const std::string msgid : {"title", "language_name", "problem_busy_advice", "received_history", "direction"}) {
        const auto entry = "msgid \"" + msgid + "\"\n";
        copy.compile("ar", test::replaced(po("ar"), entry, "msgid \"other\"\n"));
        CHECK_THAT(refusal(copy.settings()), Contains("ar catalogue lacks \"" + msgid + "\""));
        // An entry that gettext tools marked as needing work counts as missing.
        copy.compile("ar", test::replaced(po("ar"), entry, "#, fuzzy\n" + entry));
        CHECK_THAT(refusal(copy.settings()), Contains("ar catalogue lacks \"" + msgid + "\""));
    }
    auto settings = copy.settings();
    settings.languages = {"en"};
    CHECK(web::Pages::load(settings).has_value());
}

TEST_CASE("a mistake in a catalogue is refused with what is wrong", "[web]")
{
    const test::DataCopy copy;
    copy.compile("en", test::replaced(po("en"), "{limit} MB", "{limti} MB"));
    CHECK_THAT(refusal(copy.settings()), Contains("en catalogue, \"files_limit\"") && Contains("braces"));

    copy.compile("en", test::replaced(po("en"), "msgstr \"ltr\"", "msgstr \"sideways\""));
    CHECK_THAT(refusal(copy.settings()), Contains("neither rtl nor ltr"));

    test::write_text(copy.path() / "locale/en/LC_MESSAGES/amana.mo", "not a catalogue");
    CHECK_THAT(refusal(copy.settings()), Contains("not a gettext catalogue"));
}

TEST_CASE("languages that can't be served are refused", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {};
    CHECK_THAT(refusal(settings), Contains("no language"));
    settings.languages = {"ar", "xx"};
    CHECK_THAT(refusal(settings), Contains("language xx has no readable catalogue"));
    settings.languages = {"ar", "../ar"};
    CHECK_THAT(refusal(settings), Contains("not a language code"));
    settings.languages = {"ar", "ar"};
    CHECK_THAT(refusal(settings), Contains("configured twice"));
}

TEST_CASE("a mistake in a template or the style is refused", "[web]")
{
    const test::DataCopy copy;
    const auto form = copy.path() / "templates/form.mustache";
    const auto good = test::read_text(form);
    test::write_text(form, test::replaced(good, "{{t.title}}", "{{t.no_such_thing}}"));
    CHECK_THAT(refusal(copy.settings()), Contains("lacks \"no_such_thing\""));
    test::write_text(form, test::replaced(good, "{{name}}", "{{nmae}}"));
    CHECK_THAT(refusal(copy.settings()), Contains("{{nmae}}"));
    test::write_text(form, test::replaced(good, "{{>foot}}", "{{>feet}}"));
    CHECK_THAT(refusal(copy.settings()), Contains("{{>feet}}"));
    test::write_text(form, test::replaced(good, "{{/kept}}", ""));
    CHECK_THAT(refusal(copy.settings()), Contains("form.mustache"));
    test::write_text(form, test::replaced(good, "\n{{story}}", "{{story}}"));
    CHECK_THAT(refusal(copy.settings()), Contains("line after <textarea>"));
    test::write_text(form, good);
    const auto style = copy.path() / "style.css";
    const auto plain = test::read_text(style);
    for (const std::string_view addition : {"</style>", "a{background:url(x)}", "@import 'x';"}) {
        test::write_text(style, plain + std::string(addition));
        CHECK_THAT(refusal(copy.settings()), Contains("style.css holds"));
    }
}

}  // namespace amana
