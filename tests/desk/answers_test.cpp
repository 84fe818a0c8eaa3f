// SPDX-License-Identifier: AGPL-3.0-or-later
// A report in the words of its questionnaire, and what becomes of answers that the questionnaire does not know.
#include "crypto/payload.hpp"
#include "tests/desk/shown.hpp"

#include <boost/json.hpp>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace json = boost::json;
using List = crypto::AnswerTexts;
using Rows = crypto::AnswerRows;

namespace {

// Every kind of answer of recruitment-2, two sections that hang on a choice, and one field that shares its section's sentence.
Sent recruited()
{
    return {.story = "First line.\r\nSecond line.",
            .version = 2,
            .answers = {{"about", "family"},
                        {"stage", "documents"},
                        {"urgency", "within_48_hours"},
                        {"period", "in March"},
                        {"channels", List{"in_person", "telegram"}},
                        {"identifiers", Rows{{{"kind", "phone"}, {"value", "+962 7 0000 0000"}}, {{"kind", "name"}, {"value", "محمد"}}, {{"value", "no kind"}}}},
                        {"pasted", "one\ntwo"},
                        {"offer", List{"salary"}},
                        {"age", "from_18"},
                        {"person_name", "A name"},
                        {"share", List{"police", "aid"}}}};
}

Sent labour()
{
    return {.form = "labour", .answers = {{"urgency", "danger_now"}, {"work", List{"farm"}}, {"identifiers", Rows{{{"kind", "phone"}, {"value", "+961 3"}}}}}};
}

void add_labour(Desk& desk)
{
    const auto path = source_directory() / "tests" / "flow" / "labour" / "labour-1.toml";
    const auto bytes = read_file(path, web::max_questionnaire_bytes).value();
    REQUIRE(add_form(desk.forms(), desk.paths(), parse_form(path, bytes).value(), bytes).value());
}

}  // namespace

TEST_CASE("a report is shown in the order and the sentences of its questionnaire", "[answers]")
{
    Shown shown(recruited());
    CHECK(shown.answers() == R"(
What happened?
  | First line.
  | Second line.

The case
  Who is it about?
    Someone in my family
  How far has it gone?
    Papers or a passport copy were sent
  How urgent is it?
    Leaves within 48 hours
  Roughly when did it happen?
    | in March

How contact was made
  Where or how?
    Telegram
    In person

Numbers, names and links
  Phone number: +962 7 0000 0000
  Name or alias: محمد
  | no kind
  Paste anything here
    | one
    | two

The offer
  A monthly salary

The person at risk
  Age
    18 to 24
  Name of the person at risk
    | A name

What you allow us to do with it
  With whom may we share your report?
    The police of this ministry’s country
    Aid organisations that search for missing people
)");
}

TEST_CASE("what is urgent is said first", "[answers]")
{
    Shown urgent(recruited());
    CHECK_THAT(urgent.show(Format::text), Catch::StartsWith("URGENT: Leaves within 48 hours\nReport "));
    CHECK(json::parse(urgent.show(Format::json)).at("urgent").as_bool());
    CHECK(json::parse(urgent.list(Format::json)).at("reports").at(0).at("urgent").as_bool());
    CHECK_THAT(urgent.list(Format::text), Catch::Contains("  !!  calm        Papers or a passp…   32 KiB    0 files  First line."));

    Shown later({.story = "A story of a cook.", .version = 2, .answers = {{"stage", "front"}, {"urgency", "later"}}});
    CHECK_THAT(later.show(Format::text), Catch::StartsWith("Report "));
    CHECK_FALSE(json::parse(later.show(Format::json)).at("urgent").as_bool());
    CHECK_FALSE(json::parse(later.list(Format::json)).at("reports").at(0).at("urgent").as_bool());
    CHECK_THAT(later.list(Format::text), Catch::Contains("      At the front         32 KiB    0 files  A story"));
    // Only what the questionnaire says is urgent, and under no other name.
    Shown elsewhere({.version = 2, .answers = {{"period", "within_48_hours"}, {"about", "danger_now"}}});
    CHECK_THAT(elsewhere.list(Format::text), !Catch::Contains("!!"));
}

TEST_CASE("JSON has names and options as they were sealed", "[answers]")
{
    Shown shown(recruited());
    const auto text = shown.show(Format::json);
    const auto answers = json::parse(text).at("answers");
    CHECK(answers.at("stage").at(0).as_string() == "documents");
    CHECK(answers.at("channels").as_array().size() == 2);
    CHECK(answers.at("identifiers").at(0).at("kind").as_string() == "phone");
    CHECK(shown.show(Format::json, "ar") == text);
}

TEST_CASE("the first version, which asked for the story alone", "[answers]")
{
    Shown shown({.story = "A story of a cook.", .answers = {{"stage", "front"}, {"urgency", "danger_now"}}});
    CHECK(shown.answers() == "\nWhat happened?\n  | A story of a cook.\n"
                             "\nNot in this form\n  stage\n    | front\n  urgency\n    | danger_now\n");
    // The version decides, whatever the newest one calls urgent.
    CHECK_THAT(shown.show(Format::text), Catch::StartsWith("Report "));
    CHECK_THAT(shown.list(Format::text), !Catch::Contains("!!") && !Catch::Contains("front"));
}

TEST_CASE("what the questionnaire does not know comes last and is marked", "[answers]")
{
    Shown shown({.version = 2,
                 .answers = {{"about", List{"neighbour", "me"}},
                             {"identifiers", Rows{{{"colour", "red\nblue"}, {"kind", "phone"}, {"value", "1"}}, {{"kind", "pigeon\x1b[2J"}, {"value", "2"}}}},
                             {"aaa", List{"x", "y"}},
                             {"zzz", Rows{{{"column", "cell"}}}},
                             // A field's name under another shape than it asks for.
                             {"stage", Rows{{{"kind", "front"}}}},
                             {"period", List{"two", "texts"}},
                             {"files", "none"}}});
    CHECK(shown.answers() == R"(
What happened?
  | They promised my brother a job as a cook.

The case
  Who is it about?
    Me
    not in this form: neighbour

Numbers, names and links
  Phone number: 1
    not in this form: colour
      | red
      | blue
  not in this form: pigeon⟨U+001B⟩[2J
    | 2

Not in this form
  aaa
    | x
    | y
  files
    | none
  period
    | two
    | texts
  stage
    -
      kind
        | front
  zzz
    -
      column
        | cell
)");
    CHECK_THAT(shown.list(Format::text), !Catch::Contains("front"));
}

TEST_CASE("a report of an unknown questionnaire is shown by names, with how to add it", "[answers]")
{
    Shown shown(labour());
    CHECK_THAT(shown.answers(), Catch::StartsWith("\nThis desk lacks the questionnaire labour-1.toml, so names stand in place of "
                                                  "questions. Add it: amana-desk form DIR labour-1.toml\n\nidentifiers\n  -\n    kind\n"));
    CHECK_FALSE(json::parse(shown.list(Format::json)).at("reports").at(0).at("urgent").as_bool());
    Shown later({.version = 77, .answers = {{"stage", "front"}}});
    CHECK_THAT(later.answers(), Catch::Contains("recruitment-77.toml") && Catch::Contains("\nstage\n  | front\n"));
}

TEST_CASE("a form's id that is a path does not open at all", "[answers]")
{
    Log log;
    Desk desk(log);
    SecretText manifest(crypto::max_manifest_bytes);
    const crypto::Answer story{"story", "A story."};
    REQUIRE(crypto::write_manifest(manifest, {.form_id = "hostile"}, {&story, 1}, {}));
    for (const std::string id : {"hostile", "../../x"}) {
        std::string text(manifest.text());
        text.replace(text.find("hostile"), 7, id);
        Bytes payload;
        append(payload, crypto::record_head(crypto::record_manifest, text.size()));
        append(payload, as_bytes(text));
        log.entries.push_back(seal_payload(payload, desk.recipients()));
    }
    const auto summary = desk.import(log.bundle()).value();
    CHECK(summary.reports == 1);
    CHECK(summary.unopened.size() == 1);
}

TEST_CASE("sentences in another language", "[answers]")
{
    Shown shown(recruited());
    const auto text = shown.show(Format::text, "ar");
    CHECK_THAT(text, Catch::StartsWith("URGENT: السفر خلال ٤٨ ساعة\nReport "));
    CHECK_THAT(text, Catch::Contains("\nماذا حدث؟\n  | First line.\n"));
    // A value stays behind its label on a screen that turns right-to-left text around.
    CHECK_THAT(text, Catch::Contains("\n  رقم هاتف\n    | +962 7 0000 0000\n"));
    CHECK_THAT(text, !Catch::Contains("not there"));
    CHECK_THAT(shown.list(Format::text, "ar"), Catch::Contains("  !!  ") && Catch::Contains("   32 KiB    0 files  First line."));
}

TEST_CASE("a questionnaire with its own sentences", "[answers]")
{
    Shown shown(labour());
    add_labour(shown.desk);
    CHECK(shown.answers() == R"(
What happened?
  | They promised my brother a job as a cook.

The case
  How urgent is it?
    In danger now

The work
  What kind of work?
    On a farm

Who is behind it
  Numbers, names and links
    Phone number: +961 3
)");
    CHECK_THAT(shown.show(Format::text), Catch::StartsWith("URGENT: In danger now\n") && Catch::Contains("labour, version 1\n"));
    CHECK_THAT(shown.show(Format::text, "ar"), Catch::Contains("\nماذا حدث؟\n"));
    // It has no Swahili.
    CHECK_THAT(shown.show(Format::text, "sw"), Catch::Contains("labour, version 1 (not there in sw, shown in en)\n") && Catch::Contains("\nWhat happened?\n"));
}
