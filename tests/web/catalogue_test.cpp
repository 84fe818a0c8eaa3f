// SPDX-License-Identifier: AGPL-3.0-or-later
// Catalogues are complete, agree with the English, and a gap or a mistake in one is refused by name.
#include "tests/support/catch.hpp"
#include "tests/web/site.hpp"

#include "web/catalogue.hpp"

#include <iostream>
#include <regex>
#include <set>
#include <tuple>

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

web::SiteSettings in_two_languages(const test::DataCopy& copy)
{
    auto settings = copy.settings();
    settings.languages = {"ar", "en"};
    return settings;
}

// A catalogue with one entry changed.
web::Catalogue changed(const test::DataCopy& copy, const std::string& language, const std::string& from, const std::string& to)
{
    copy.compile(language, test::replaced(test::po(language), from, to));
    return web::Catalogue::load(copy.path() / "locale", language, {}).value();
}

web::Catalogue shipped(const std::string& language)
{
    return web::Catalogue::load(test::shipped_data() / "locale", language, {{"limit", "64"}}).value();
}

}  // namespace

TEST_CASE("every msgid of templates, problems and the questionnaire is in every catalogue", "[web]")
{
    auto needed = template_msgids();
    CHECK(needed.size() > 80);
    for (const auto problem : web::all_problems) {
        const auto name = std::string(web::problem_name(problem));
        needed.insert("problem_" + name);
        needed.insert("problem_" + name + "_advice");
    }
    const auto questionnaire = web::Questionnaire::parse(test::shipped_form()).value();
    for (const auto& key : questionnaire.sentence_keys()) needed.insert(questionnaire.id() + "." + key);
    std::size_t looked = 0;
    for (const auto& language : test::shipped_languages()) {
        const auto entries = test::read_catalogue(language);
        for (const auto& msgid : needed) {
            INFO(language << " lacks " << msgid);
            ++looked;
            CHECK((entries.contains(msgid) && !entries.at(msgid).text.empty()));
        }
    }
    std::cout << looked << " sentences\n";
}

TEST_CASE("every catalogue holds the English one's entries, was made from its words and keeps its braces", "[web]")
{
    const std::regex braces(R"(\{(\w+)\})");
    const auto named = [&](const test::CatalogueEntry& entry) {
        std::set<std::string> all;
        for (const auto& form : entry.forms) all.merge(all_matches(form, braces));
        return all;
    };
    const auto english = test::read_catalogue("en");
    for (const auto& language : test::shipped_languages()) {
        const auto entries = test::read_catalogue(language);
        CHECK(entries.size() == english.size());
        const auto forms = std::stoul(test::between(test::po(language), "nplurals=", ";"));
        for (const auto& [msgid, entry] : entries) {
            INFO(language << ": " << msgid);
            REQUIRE(english.contains(msgid));
            const auto& original = english.at(msgid);
            CHECK(entry.forms.size() == (original.forms.size() == 1 ? 1 : forms));
            for (const auto& form : entry.forms) CHECK_FALSE(form.empty());
            CHECK(named(entry) == named(original));
            if (language != "en") CHECK(entry.english == original.forms);  // else: read the translation again
        }
    }
}

TEST_CASE("numbers are said in the form and the digits of the language", "[web]")
{
    const auto arabic = shipped("ar");
    const auto forms = test::read_catalogue("ar").at("problem_short_story_advice").forms;
    REQUIRE(forms.size() == 6);
    const std::tuple<std::uint32_t, std::size_t, std::string> numbers[] = {
        {0, 0, "٠"}, {1, 1, "١"}, {2, 2, "٢"}, {3, 3, "٣"}, {10, 3, "١٠"}, {11, 4, "١١"}, {99, 4, "٩٩"}, {100, 5, "١٠٠"}, {102, 5, "١٠٢"}, {103, 3, "١٠٣"}};
    for (const auto& [number, form, digits] : numbers) {
        INFO(number);
        const auto& expected = forms[form];
        const bool says_it = expected.find("{n}") != std::string::npos;
        CHECK(arabic.find("problem_short_story_advice", number).value() == (says_it ? test::replaced(expected, "{n}", digits) : expected));
    }
    CHECK(shipped("en").find("exit_press", 1).value() == "Press Shift once more to leave.");
    CHECK(shipped("en").find("exit_press", 2).value() == "Press Shift 2 more times to leave.");
    CHECK(shipped("en").find("read_every_hours", 4'000'000'000).value() == "We read reports at least every 4000000000 hours.");
    // A sentence with a number in it that has but one form.
    CHECK(shipped("en").find("row", 3).value() == "Entry 3");
    CHECK_THAT(arabic.find("row", 12).value(), Contains("١٢"));
    CHECK(shipped("en").find("nothing", 3).has_error());
    CHECK(arabic.digits("64.5").value() == "٦٤.٥");
    CHECK(arabic.digits("").value().empty());
    for (const auto& language : test::shipped_languages()) {
        INFO(language);
        CHECK(shipped(language).digits("0123456789").value() == test::read_catalogue(language).at("digits").text);
    }
}

TEST_CASE("digits that are not ten are refused", "[web]")
{
    const test::DataCopy copy;
    for (const std::string wrong : {"012345678", "01234567890", "0 1 2 3 4 5 6 7 8 9", "٠123456789"}) {
        INFO(wrong);
        const auto catalogue = changed(copy, "en", "msgstr \"0123456789\"", "msgstr \"" + wrong + "\"");
        const auto digits = catalogue.digits("1");
        REQUIRE(digits.has_error());
        CHECK_THAT(digits.error().message, Contains("\"digits\" is not ten characters"));
        CHECK_THAT(test::refusal(in_two_languages(copy)), Contains("en catalogue, \"digits\""));
    }
    CHECK(changed(copy, "en", "0123456789", "٠١٢٣٤٥٦٧٨٩").digits("15").value() == "١٥");
}

TEST_CASE("a sentence missing in one configured language is refused at load, by language and msgid", "[web]")
{
    const test::DataCopy copy;
    auto settings = in_two_languages(copy);
    REQUIRE(web::Pages::load(settings).has_value());
    for (const std::string msgid : {"recruitment.title", "recruitment.stage.refused", "language_name", "problem_busy_advice", "received_history", "direction",
                                    "row", "review", "recruitment.invitation"}) {
        const auto entry = "msgid \"" + msgid + "\"\n";
        copy.compile("ar", test::replaced(test::po("ar"), entry, "msgid \"other\"\n"));
        CHECK_THAT(test::refusal(settings), Contains("ar catalogue lacks \"" + msgid + "\""));
        // An entry that gettext tools marked as needing work counts as missing.
        copy.compile("ar", test::replaced(test::po("ar"), entry, "#, fuzzy\n" + entry));
        CHECK_THAT(test::refusal(settings), Contains("ar catalogue lacks \"" + msgid + "\""));
    }
    settings.languages = {"en"};
    CHECK(web::Pages::load(settings).has_value());
}

TEST_CASE("a mistake in a catalogue is refused with what is wrong", "[web]")
{
    const test::DataCopy copy;
    const auto settings = in_two_languages(copy);
    copy.compile("en", test::replaced(test::po("en"), "{limit} MB", "{limti} MB"));
    CHECK_THAT(test::refusal(settings), Contains("en catalogue, \"files_limit\"") && Contains("braces"));

    copy.compile("en", test::replaced(test::po("en"), "msgstr \"ltr\"", "msgstr \"sideways\""));
    CHECK_THAT(test::refusal(settings), Contains("neither rtl nor ltr"));

    test::write_text(copy.path() / "locale/en/LC_MESSAGES/amana.mo", "not a catalogue");
    CHECK_THAT(test::refusal(settings), Contains("not a gettext catalogue"));
}

TEST_CASE("languages that can't be served are refused", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {};
    CHECK_THAT(test::refusal(settings), Contains("no language"));
    settings.languages = {"ar", "xx"};
    CHECK_THAT(test::refusal(settings), Contains("language xx has no readable catalogue"));
    settings.languages = {"ar", "../ar"};
    CHECK_THAT(test::refusal(settings), Contains("not a language code"));
    settings.languages = {"ar", "ar"};
    CHECK_THAT(test::refusal(settings), Contains("configured twice"));
}

TEST_CASE("a mistake in a template is refused", "[web]")
{
    const test::DataCopy copy;
    const auto settings = in_two_languages(copy);
    const auto spoil = [&](const std::string& name, const std::string& from, const std::string& to) {
        const auto path = copy.path() / "templates" / name;
        const auto good = test::read_text(path);
        test::write_text(path, test::replaced(good, from, to));
        auto told = test::refusal(settings);
        test::write_text(path, good);
        return told;
    };
    CHECK_THAT(spoil("form.mustache", "{{t.send}}", "{{t.no_such_thing}}"), Contains("lacks \"no_such_thing\""));
    CHECK_THAT(spoil("top.mustache", "{{name}}", "{{nmae}}"), Contains("{{nmae}}"));
    CHECK_THAT(spoil("form.mustache", "{{>foot}}", "{{>feet}}"), Contains("{{>feet}}"));
    CHECK_THAT(spoil("emergency.mustache", "<p class", "{{>emergency}}<p class"), Contains("emergency.mustache includes itself"));
    CHECK_THAT(spoil("foot.mustache", "<footer>", "{{>form}}<footer>"), Contains("includes itself"));
    CHECK_THAT(spoil("alert.mustache", "{{/kept}}", ""), Contains("alert.mustache"));
    CHECK_THAT(spoil("field.mustache", "\n{{value}}", "{{value}}"), Contains("line after <textarea>"));
    CHECK_THAT(spoil("form.mustache", "<h1>", "<h1>\x01"), Contains("control character"));
    CHECK_THAT(spoil("received.mustache", "{{proof_note}}", ""), Contains("received.mustache must hold {{proof_link}}, {{proof_note}}, in this order"));
    CHECK_THAT(spoil("form.mustache", "/report?{{token}}", ""), Contains("form.mustache must hold {{token}}"));
    CHECK_THAT(spoil("line.mustache", "{{place}}", "{{minutes}}"), Contains("line.mustache must hold {{token}}, {{place}}, {{minutes}}"));
    CHECK(web::Pages::load(settings).has_value());
}

}  // namespace amana
