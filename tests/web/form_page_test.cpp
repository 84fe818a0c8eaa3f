// SPDX-License-Identifier: AGPL-3.0-or-later
// The questionnaire on a page: every question, option and hint is there, in the names the server reads; what is typed has its
// place in the page that is sent again; what does not apply is folded away by the style.
#include "tests/support/catch.hpp"
#include "tests/web/html.hpp"
#include "tests/web/shipped.hpp"

#include <algorithm>
#include <iostream>
#include <set>

namespace amana {

namespace {

using Catch::Contains;
using test::between;
using test::count;
using test::escaped;
using test::pages;
using web::FieldType;
using Kind = web::Slot::Kind;

std::string sentence(const std::string& language, const std::string& key)
{
    return escaped(test::read_catalogue(language).at("recruitment." + key).text);
}

// From where a question begins to where the next does, or its section ends.
std::string question_on(const std::string& form, const std::string& id)
{
    const auto from = form.find("<div class=\"field\" id=\"f-" + id + "\">");
    REQUIRE(from != std::string::npos);
    const auto next = form.find("<div class=\"field\"", from + 1);
    const auto end = std::min({next, form.find("<button", from), form.find("<details id=\"s-", from)});
    return form.substr(from, end - from);
}

web::Questionnaire with(const std::string& fields)
{
    return web::Questionnaire::parse("id = \"form\"\nversion = 1\n[[section]]\nid = \"first\"\nopen = true\n[[section.field]]\nid = \"story\"\n"
                                     "type = \"text\"\nrequired = true\nleast = 10\nmax = 1000\n" + fields).value();
}

}  // namespace

TEST_CASE("the form holds every question, option and hint, in every language", "[web]")
{
    const auto& questionnaire = pages().questionnaire();
    std::size_t questions = 0;
    std::size_t options = 0;
    for (const auto& language : pages().languages()) {
        const auto& form = test::form_page(pages(), language);
        CHECK_THAT(form, Contains("<h1>" + sentence(language, "title") + "</h1>") && Contains("<p>" + sentence(language, "lead") + "</p>"));
        for (const auto& section : questionnaire.sections()) {
            if (!section.open)
                CHECK_THAT(form, Contains("<details id=\"s-" + section.id + "\" class=\"section\">\n<summary>" + sentence(language, section.id) + "</summary>"));
            for (const auto& field : section.fields) {
                INFO(language << ": " << field.id);
                ++questions;
                const auto own = question_on(form, field.id);
                CHECK_THAT(own, Contains(">" + sentence(language, field.id) + "<") && Contains("id=\"" + field.id + "\""));
                if (field.hint) CHECK_THAT(own, Contains("id=\"" + field.id + "-hint\">" + sentence(language, field.id + ".hint")) &&
                                                    Contains("aria-describedby=\"" + field.id + "-hint\""));
                if (field.warning) {
                    const auto warning = own.find(sentence(language, field.id + ".warning"));
                    CHECK(warning != std::string::npos);
                    CHECK(warning < own.find(" name=\"" + field.id + "\""));  // read before the question is seen
                    CHECK_THAT(own, Contains("aria-describedby=\"" + field.id + "-warning\""));
                }
                for (const auto& option : field.options) {
                    ++options;
                    const auto label = sentence(language, field.id + "." + option);
                    const auto times = field.type == FieldType::rows ? field.rows : 1;
                    CHECK(count(own, " value=\"" + option + "\">") == times);
                    CHECK(count(own, "> " + label + "</label>") + count(own, ">" + label + "</option>") == times);
                }
            }
        }
    }
    std::cout << questions << " questions, " << options << " options\n";
}

TEST_CASE("each control has a name that the server knows, and each question a control of its type", "[web]")
{
    const auto& questionnaire = pages().questionnaire();
    std::set<std::string> names;
    std::map<std::string, std::string> kinds;
    for (const auto& token : test::scan_html(test::form_page(pages(), "en"))) {
        if (token.tag != "input" && token.tag != "select" && token.tag != "textarea") continue;
        const auto& name = token.attributes.at("name");
        names.insert(name);
        kinds[name] = token.tag == "input" && token.attributes.contains("type") ? token.attributes.at("type") : token.tag;
        if (name == "files" || name == "proof" || name == "no_receipt") continue;
        const auto found = web::find_control(questionnaire, name);
        INFO(name);
        REQUIRE(found.has_value());
        // What is typed can't be longer than the server takes: three bytes a unit is what UTF-16 has at most.
        if (token.attributes.contains("maxlength")) CHECK(std::stoul(token.attributes.at("maxlength")) == found->field->max / 3);
        CHECK(token.attributes.contains("required") == found->field->required);
    }
    std::size_t expected = 2;  // the boxes that are no questions
    for (const auto& section : questionnaire.sections())
        for (const auto& field : section.fields) {
            INFO(field.id);
            expected += field.type == FieldType::rows ? 2 * field.rows : 1;
            switch (field.type) {
            case FieldType::text: CHECK(kinds[field.id] == "textarea"); break;
            case FieldType::line: CHECK(kinds[field.id] == "input"); break;
            case FieldType::choice: CHECK(kinds[field.id] == (field.options.size() > 6 ? "select" : "radio")); break;
            case FieldType::choices: CHECK(kinds[field.id] == "checkbox"); break;
            case FieldType::files: CHECK(kinds[field.id] == "file"); break;
            case FieldType::rows:
                CHECK(kinds[field.id + ".1.kind"] == "select");
                CHECK(kinds[field.id + ".1.value"] == "input");
                break;
            }
        }
    CHECK(names.size() == expected);
    std::cout << names.size() << " names\n";
}

TEST_CASE("names that are no control's", "[web]")
{
    const auto& questionnaire = pages().questionnaire();
    const auto find = [&](std::string_view name) { return web::find_control(questionnaire, name); };
    CHECK(find("story")->row == 0);
    const auto kind = find("identifiers.6.kind");
    REQUIRE(kind.has_value());
    CHECK((kind->row == 6 && kind->kind && kind->field == questionnaire.find("identifiers")));
    const auto value = find("identifiers.1.value");
    REQUIRE(value.has_value());
    CHECK((value->row == 1 && !value->kind));
    for (const auto* wrong : {"", ".", "nothing", "Story", "story ", "story.1.value", "story.", "files", "files.1.value", "proof", "identifiers",
                              "identifiers.", "identifiers.1", "identifiers.1.", "identifiers.0.value", "identifiers.7.value", "identifiers.-1.value",
                              "identifiers.+1.value", "identifiers. 1.value", "identifiers.1.other", "identifiers.1.value.", "identifiers.1.kind2",
                              "identifiers.1x.value", "identifiers.4294967297.value", "identifiers.99999999999999999999.value", "identifiers..value"}) {
        INFO(wrong);
        CHECK_FALSE(find(wrong).has_value());
    }
    CHECK_FALSE(find(std::string_view("story\0", 6)).has_value());
}

TEST_CASE("the form again without answers is the form, but for what was read before", "[web]")
{
    for (const auto& language : pages().languages()) {
        INFO(language);
        auto again = test::replaced(test::joined(pages().form_again(language, {}).pieces), "/report?",
                                    "/report?" + std::string(test::made_token));
        auto form = test::form_page(pages(), language);
        const auto cut = [&](const std::string& from, const std::string& to, const std::string& by) {
            const auto at = form.find(from);
            REQUIRE(at != std::string::npos);
            const auto end = form.find(to, at);
            REQUIRE(end != std::string::npos);
            form.replace(at, end - at, by);
        };
        cut("\n<details class=\"languages\">", "\n</header>", "");
        cut("<p>" + sentence(language, "lead"), "<form ", "");
        cut("</button>", "<h2>", "</button>\n");
        cut("<script src=", "</body>", "");  // what is given back is sent as it stands
        form = test::replaced(form, "<main>\n", "<main>\n<div class=\"alert\" role=\"alert\" id=\"page-problem\" tabindex=\"-1\" autofocus>\n\n</div>\n");
        for (auto* text : {&again, &form})  // empty lines
            for (auto at = text->find("\n\n"); at != std::string::npos; at = text->find("\n\n", at)) text->erase(at, 1);
        const auto differs = std::ranges::mismatch(again, form);
        INFO(std::string(differs.in1, again.end()).substr(0, 200) << "\n--- for ---\n" << std::string(differs.in2, form.end()).substr(0, 200));
        CHECK((again == form));
    }
}

TEST_CASE("each answer has its place in the form again", "[web]")
{
    const auto& questionnaire = pages().questionnaire();
    for (const auto& language : pages().languages()) {
        std::map<Kind, std::size_t> slots;
        std::set<const web::Section*> sections;
        std::set<std::tuple<const web::Field*, std::uint32_t, std::uint32_t, Kind>> answers;
        const auto& pieces = pages().form_again(language, {}).pieces;
        for (const auto& piece : pieces) {
            if (!piece.has_slot) continue;
            ++slots[piece.slot.kind];
            if (piece.slot.kind == Kind::open_section) CHECK(sections.insert(piece.slot.section).second);
            if (piece.slot.kind >= Kind::text) CHECK(answers.emplace(piece.slot.field, piece.slot.row, piece.slot.option, piece.slot.kind).second);
        }
        CHECK_FALSE(pieces.back().has_slot);
        std::map<Kind, std::size_t> expected{{Kind::alert, 1}, {Kind::token, 1}, {Kind::proof_open, 1}, {Kind::proof_checked, 1}, {Kind::no_receipt_checked, 1}};
        for (const auto& section : questionnaire.sections()) {
            if (!section.open) {
                ++expected[Kind::open_section];
                ++expected[Kind::shown_section];
            }
            for (const auto& field : section.fields) {
                ++expected[Kind::shown_field];
                if (field.warning) ++expected[Kind::open_field];
                if (field.type == FieldType::text || field.type == FieldType::line) ++expected[Kind::text];
                if (field.type == FieldType::text || field.type == FieldType::line || field.type == FieldType::files) ++expected[Kind::invalid];
                if (field.type == FieldType::choice) expected[field.options.size() > 6 ? Kind::selected : Kind::checked] += field.options.size();
                if (field.type == FieldType::choices) expected[Kind::checked] += field.options.size();
                if (field.type != FieldType::rows) continue;
                ++expected[Kind::open_rows];
                expected[Kind::row_value] += field.rows;
                expected[Kind::row_selected] += field.rows * field.options.size();
            }
        }
        CHECK((slots == expected));
    }
}

TEST_CASE("rows beyond the first are folded away", "[web]")
{
    const auto own = between(test::form_page(pages(), "en"), "<fieldset id=\"identifiers\"", "</fieldset>");
    const auto fold = own.find("<details>");
    REQUIRE(fold != std::string::npos);
    for (int row = 1; row <= 6; ++row) {
        const auto at = own.find("name=\"identifiers." + std::to_string(row) + ".value\"");
        REQUIRE(at != std::string::npos);
        CHECK((at > fold) == (row > 2));
        CHECK(count(own, "aria-label=\"Entry " + std::to_string(row) + "\"") == 1);
    }
    // In the language's own digits.
    CHECK_THAT(test::form_page(pages(), "ar"), Contains("aria-label=\"" + test::replaced(test::read_catalogue("ar").at("row").text, "{n}", "٣") + "\""));
}

TEST_CASE("conditions become rules that only browsers with :has() read", "[web]")
{
    CHECK(web::condition_style(with("")).empty());
    const auto style = web::condition_style(with("[[section.field]]\nid = \"about\"\ntype = \"choice\"\noptions = [\"me\", \"friend\", \"other\"]\n"
                                                 "[[section]]\nid = \"person\"\nwhen.about = [\"friend\", \"other\"]\n[[section.field]]\nid = \"name\"\n"
                                                 "type = \"line\"\nmax = 90\nwhen.about = [\"friend\"]\n"));
    const std::string friends = "[name=about] [value=\"friend\"]:checked,[name=about][value=\"friend\"]:checked";
    const std::string others = "[name=about] [value=\"other\"]:checked,[name=about][value=\"other\"]:checked";
    CHECK(style == "@supports selector(:has(*)){#s-person>.only-if{display:none}form:not(:has(" + friends + "," + others +
                       ")) #s-person:not([data-shown]){display:none}#f-name>.only-if{display:none}form:not(:has(" + friends +
                       ")) #f-name:not([data-shown]){display:none}}");
    // What the rules name is on the form.
    const auto& form = test::form_page(pages(), "en");
    CHECK_THAT(form, Contains("#s-journey:not([data-shown]){display:none}") && Contains("<details id=\"s-journey\"") &&
                         Contains("#s-person:not([data-shown]){display:none}"));
    CHECK(count(form, "<p class=\"only-if\">") == 2);
    // In other browsers it is said in words, with the answers that are meant.
    for (const auto& language : pages().languages())
        CHECK_THAT(test::form_page(pages(), language),
                   Contains("<p class=\"only-if\">" + escaped(test::read_catalogue(language).at("only_if").text) + " (" + sentence(language, "about.family") + " / " +
                            sentence(language, "about.friend") + " / " + sentence(language, "about.stranger") + ")</p>"));
}

TEST_CASE("a questionnaire that brings its sentences is asked in them, and not in a language it lacks", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {"ar", "en", "ne"};
    settings.questionnaire = test::read_text(test::source_directory() / "tests/flow/labour/labour-1.toml");
    const auto loaded = web::Pages::load(settings).value();
    const auto& questionnaire = loaded.questionnaire();
    std::size_t checked = 0;
    for (const auto& language : settings.languages) {
        const auto& sentences = questionnaire.sentences().at(language);
        const auto form = test::form_page(loaded, language);
        for (const auto& key : questionnaire.sentence_keys()) {
            INFO(language << ": " << key);
            const auto& text = sentences.find(key)->second;
            CHECK_THAT(key == "invitation" ? loaded.index().plain : form, Contains(escaped(text)));
            ++checked;
        }
        CHECK(form.find(escaped(test::read_catalogue(language).at("recruitment.army").text)) == std::string::npos);
    }
    std::cout << checked << " sentences\n";
    settings.languages = {"ar", "en", "fr"};
    CHECK_THAT(test::refusal(settings), Contains("the questionnaire labour-1 has no sentences in fr; it has them in ar, en, ne") && Contains("[sentences.fr]"));
}

TEST_CASE("a questionnaire's file has its name and version", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {"en"};
    settings.questionnaire_name = "/etc/amana/mine.toml";
    CHECK_THAT(test::refusal(settings), Contains("/etc/amana/mine.toml holds the questionnaire recruitment-2.toml"));
    settings.questionnaire_name = "/etc/amana/recruitment-2.toml";
    CHECK(web::Pages::load(settings).has_value());
}

TEST_CASE("a mistake in the questionnaire is told with the file and the line", "[web]")
{
    auto settings = test::shipped_settings();
    settings.questionnaire_name = "mine.toml";
    settings.questionnaire = test::replaced(settings.questionnaire, "type = \"choice\"", "type = \"chioce\"");
    const auto told = test::refusal(settings);
    const auto line = 1 + std::count(settings.questionnaire.begin(), settings.questionnaire.begin() + static_cast<std::ptrdiff_t>(settings.questionnaire.find("chioce")), '\n');
    CHECK_THAT(told, Catch::StartsWith("mine.toml:" + std::to_string(line) + ":") && Contains("choice"));
}

TEST_CASE("a page rendered with marks is cut at each of them, and a mark that is none is refused", "[web]")
{
    const auto questionnaire = with("");
    const auto text = "\x01" + std::to_string(static_cast<int>(Kind::text)) + " 0 0 0 0\x02";
    const auto beyond = "\x01" + std::to_string(static_cast<int>(Kind::row_selected) + 1) + " 0 0 0 0\x02";
    const auto pieces = web::cut_at_marks(questionnaire, "before\x01" "0 0 0 0 0\x02 and\n<textarea>\n" + text + "</textarea>").value();
    REQUIRE(pieces.size() == 3);
    CHECK((pieces[0].before == "before" && pieces[0].slot.kind == Kind::alert));
    CHECK((pieces[1].before == " and\n<textarea>\n" && pieces[1].slot.kind == Kind::text && pieces[1].slot.field->id == "story"));
    CHECK((pieces[2].before == "</textarea>" && !pieces[2].has_slot));
    for (const auto& wrong : std::vector<std::string>{"\x01", "\x01" "0 0 0 0 0", "\x01\x02", "\x01" "0 0 0 0\x02", "\x01" "0 0 0 0 0 0\x02", beyond, "\x01" "1 1 0 0 0\x02",
                              "\x01" "1 0 1 0 0\x02", "\x01" "-1 0 0 0 0\x02", "\x01" "a 0 0 0 0\x02", "\x01" "0  0 0 0\x02", ">" + text}) {
        INFO(wrong);
        CHECK(web::cut_at_marks(questionnaire, wrong).has_error());
    }
}

}  // namespace amana
