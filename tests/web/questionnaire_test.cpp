// SPDX-License-Identifier: AGPL-3.0-or-later
// The questionnaire's file: whatever is written rightly is read. questionnaire_mistakes_test.cpp has the rest.
#include "tests/support/catch.hpp"
#include "tests/web/questionnaire_file.hpp"
#include "tests/web/site.hpp"
#include "web/questionnaire.hpp"

#include <filesystem>

namespace amana {

namespace {

using Catch::Contains;
using web::Questionnaire;

}  // namespace

TEST_CASE("a questionnaire is read as it is written", "[questionnaire]")
{
    const auto form = Questionnaire::parse(test::good_questionnaire).value();
    CHECK(form.id() == "form");
    CHECK(form.version() == 1);
    REQUIRE(form.sections().size() == 2);
    CHECK(form.sections()[0].open);
    CHECK_FALSE(form.sections()[1].open);
    CHECK(form.sections()[1].when->field == "stage");
    CHECK(form.sections()[1].when->values == std::vector<std::string>{"booked"});
    const auto* field = form.find("story");
    REQUIRE(field != nullptr);
    CHECK((field->type == web::FieldType::text && field->required && field->least == 10 && field->max == 1000));
    CHECK_FALSE((field->hint || field->warning || field->when));
    field = form.find("stage");
    REQUIRE(field != nullptr);
    CHECK((field->type == web::FieldType::choice && field->options.size() == 2));
    CHECK(field->urgent == std::vector<std::string>{"booked"});
    field = form.find("things");
    REQUIRE(field != nullptr);
    CHECK((field->type == web::FieldType::rows && field->rows == 2 && field->max == 100 && field->hint));
    CHECK(&form.section_of(*field) == &form.sections()[1]);
    CHECK(form.find("note")->when->field == "signs");
    CHECK((form.find("files")->type == web::FieldType::files && form.find("files")->warning));
    CHECK(form.find("first") == nullptr);
    CHECK(form.sentences().empty());
    CHECK(form.sentence_keys() ==
          std::vector<std::string>{"invitation", "title", "lead", "first", "story", "stage", "stage.booked", "stage.later", "second",
                                   "things", "things.hint", "things.phone", "things.web", "signs", "signs.debt", "signs.threats",
                                   "note", "files", "files.warning"});
}

TEST_CASE("the shipped questionnaires are read, and the catalogue has their sentences", "[questionnaire]")
{
    const auto english = test::read_catalogue("en");
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_directory() / "web" / "forms")) {
        INFO(entry.path());
        const auto form = Questionnaire::parse(test::read_text(entry.path())).value();
        CHECK(entry.path().stem() == form.id() + "-" + std::to_string(form.version()));
        for (const auto& key : form.sentence_keys()) {
            INFO(key);
            CHECK(english.contains(form.id() + "." + key));
        }
        ++count;
    }
    CHECK(count == 2);
}

TEST_CASE("a questionnaire of another subject is read, with sentences of its own", "[questionnaire]")
{
    const auto form = Questionnaire::parse(test::read_text(test::source_directory() / "tests/flow/labour/labour-1.toml")).value();
    CHECK(form.id() == "labour");
    for (const std::string_view language : {"en", "ar", "ne"}) {
        INFO(language);
        REQUIRE(form.sentences().contains(language));
        CHECK(form.sentences().find(language)->second.size() == form.sentence_keys().size());
    }
}

TEST_CASE("the document's example, its mistakes and its sum are as it says", "[questionnaire]")
{
    const auto document = test::read_text(test::source_directory() / "docs" / "FORMS.md");
    const auto begin = document.find("```toml\n") + 8;
    const auto example = document.substr(begin, document.find("```", begin) - begin);
    CHECK(Questionnaire::parse(example).value().sentences().size() == 1);
    const auto spoiled = test::replaced(test::replaced(example, "urgent = [\"under_way\"]", "urgent = [\"under_wai\"]"),
                                        "stopped_by = \"Who stopped them?\"\n", "");
    const auto read = Questionnaire::parse(spoiled);
    REQUIRE(read.has_error());
    CHECK_THAT(document, Contains("```\n" + web::text(read.error(), "/etc/amana/border-1.toml") + "```"));
    const auto shipped = Questionnaire::parse(test::read_text(test::source_directory() / "web/forms/recruitment-2.toml")).value();
    CHECK(shipped.most_bytes() == 23'682);
    CHECK_THAT(document, Contains("comes to 23,682 bytes"));
}

}  // namespace amana
