// SPDX-License-Identifier: AGPL-3.0-or-later
// Whatever is wrong with a questionnaire's file is named, all at once and at its place.
#include "tests/support/catch.hpp"
#include "tests/web/questionnaire_file.hpp"
#include "tests/web/site.hpp"
#include "web/questionnaire.hpp"

#include <algorithm>
#include <tuple>

namespace amana {

namespace {

using Catch::Contains;
using Catch::Equals;
using Catch::StartsWith;
using web::Questionnaire;

const auto& good = test::good_questionnaire;

const std::string sentences = R"(
[sentences.en]
invitation = "Report"
title = "Tell us"
lead = "What is it?"
first = "The story"
story = "What happened?"
stage = "How far?"
"stage.booked" = "Booked"
"stage.later" = "Later"
second = "More"
things = "Things"
"things.hint" = "Numbers"
"things.phone" = "Phone"
"things.web" = "Web"
signs = "Signs"
"signs.debt" = "Debt"
"signs.threats" = "Threats"
note = "A note"
files = "Files"
"files.warning" = "Think first."
)";

// One change of a good file. Each @ in `to` is no part of the file, but a place where a mistake is expected; `what` says in
// their order what they are, and `remedy` what to do about the first.
struct Spoiled {
    std::string from;
    std::string to;
    std::vector<std::string> what;
    std::string remedy;
};

struct Marked {
    std::string text;
    std::vector<std::string> places;
};

Marked without_marks(const std::string& text)
{
    Marked marked;
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text) {
        if (c == '@') {
            marked.places.push_back(std::to_string(line) + ":" + std::to_string(column));
            continue;
        }
        marked.text += c;
        line += c == '\n' ? 1 : 0;
        column = c == '\n' ? 1 : column + 1;
    }
    return marked;
}

void check_mistakes(const std::string& file, const Spoiled& spoiled)
{
    const auto marked = without_marks(test::replaced(file, spoiled.from, spoiled.to));
    INFO(spoiled.to);
    const auto read = Questionnaire::parse(marked.text);
    REQUIRE(read.has_error());
    const auto& mistakes = read.error();
    INFO(web::text(mistakes, "file"));
    REQUIRE(marked.places.size() == spoiled.what.size());
    CHECK(mistakes.size() == spoiled.what.size());
    for (std::size_t i = 0; i < std::min(mistakes.size(), spoiled.what.size()); ++i) {
        CHECK(std::to_string(mistakes[i].line) + ":" + std::to_string(mistakes[i].column) == marked.places[i]);
        CHECK_THAT(mistakes[i].what, Contains(spoiled.what[i]));
        CHECK_FALSE(mistakes[i].remedy.empty());
    }
    CHECK_THAT(mistakes.front().remedy, Contains(spoiled.remedy));
}

void check_all(const std::string& file, const std::vector<Spoiled>& all)
{
    REQUIRE(Questionnaire::parse(file).has_value());
    for (const auto& spoiled : all) check_mistakes(file, spoiled);
}

}  // namespace

TEST_CASE("what is wrong with the file is named at its place", "[questionnaire]")
{
    check_all(good, {
        {"id = \"form\"\n", "@", {"'id' is missing in the file"}, "Add: id = \"recruitment\""},
        {"id = \"form\"\nversion = 1\n", "@id = \"form\"\n", {"'version' is missing in the file"}, "Add: version = 1"},
        {good, "@@@@", {"'id' is missing", "'version' is missing", "the file has no section", "there is no field 'story'"}, "Add: id"},
        {"version = 1", "version = @0", {"'version' is 0, out of range"}, "from 1 to 4294967295"},
        {"version = 1", "version = @4294967296", {"'version' is 4294967296, out of range"}, "from 1 to 4294967295"},
        {"version = 1", "version = @\"1\"", {"'version' must be a whole number, not a text"}, "whole number"},
        {"id = \"form\"", "id = @\"My form\"", {"'My form' can't be a name"}, "a to z, digits and _"},
        {"id = \"form\"", "id = @7", {"'id' must be a text in quotes, not a number"}, "id = \"recruitment\""},
        {"version = 1", "version = 1\n@verison = 2", {"unknown key 'verison' in the file"}, "Did you mean 'version'?"},
        {"hint = true", "@hnit = true", {"unknown key 'hnit' in this field"}, "Did you mean 'hint'?"},
        {"hint = true", "@colour = true", {"unknown key 'colour' in this field"}, "Known here: id, type, "},
        {"id = \"second\"", "id = \"second\"\n@colour = true", {"unknown key 'colour' in this section"}, "Known here: id, open, when, field."},
        {"hint = true", "hint = @\"yes\"", {"'hint' must be true or false, not a text"}, "hint = true"},
        {"open = true", "open = @1", {"'open' must be true or false, not a number"}, "open = true"},
    });
}

TEST_CASE("what is wrong with ids and names is named at its place", "[questionnaire]")
{
    check_all(good, {
        {"[[section]]\nid = \"second\"", "@[[section]]", {"'id' is missing in this section"}, "Add: id"},
        {"[[section.field]]\nid = \"note\"", "@[[section.field]]", {"'id' is missing in this field"}, "Add: id"},
        {"\"first\"", "@\"\"", {"'' can't be a name"}, "1 to 64"},
        {"\"first\"", "@\"" + std::string(65, 'a') + "\"", {"can't be a name"}, "1 to 64"},
        {"\"first\"", "@\"F\\u001b[31m\"", {"'F?[31m' can't be a name"}, "1 to 64"},
        {"\"note\"", "@\"things\"", {"the id 'things' is taken in line 26"}, "Take another"},
        {"\"note\"", "@\"first\"", {"the id 'first' is taken in line 5"}, "a section and a field in it may share one"},
        {"\"second\"", "@\"story\"", {"the id 'story' is taken in line 9"}, "Take another"},
        {"\"second\"", "@\"first\"", {"the id 'first' is taken in line 5"}, "Take another"},
        {"\"note\"", "@\"proof\"", {"'proof' is a name with a meaning of its own"}, "Take another"},
        {"\"note\"", "@\"submission\"", {"'submission' is a name with a meaning of its own"}, "Take another"},
        {"\"note\"", "@\"token\"", {"'token' is a name with a meaning of its own"}, "Take another"},
        {"\"note\"", "@\"envelope\"", {"'envelope' is a name with a meaning of its own"}, "Take another"},
        {"\"note\"", "@\"language\"", {"'language' is a name with a meaning of its own"}, "Take another"},
        {"\"second\"", "@\"lead\"", {"'lead' is a name with a meaning of its own"}, "Take another"},
        {"\"threats\"", "@\"hint\"", {"'hint' is a name with a meaning of its own"}, "Take another"},
        {"\"threats\"", "@\"debt\"", {"'debt' stands twice in 'options'"}, "Remove one"},
        {"\"threats\"", "@\"Threats\"", {"'Threats' can't be a name"}, "small letters"},
    });
    // A section's id may be that of a field in it, and of no more than one.
    CHECK(Questionnaire::parse(test::replaced(good, "\"second\"", "\"note\"")).has_value());
}

TEST_CASE("what is wrong with a field is named at its place", "[questionnaire]")
{
    check_all(good, {
        {"[[section.field]]\nid = \"note\"\ntype = \"line\"", "@[[section.field]]\nid = \"note\"", {"'type' is missing"}, "Add: type"},
        {"\"line\"", "@\"lien\"", {"unknown type 'lien'"}, "Did you mean 'line'?"},
        {"\"line\"", "@\"paragraph\"", {"unknown type 'paragraph'"}, "text, line, choice, choices, rows, files"},
        {"\"line\"", "@3", {"'type' must be a text in quotes"}, "type = \"line\""},
        {"[[section.field]]\nid = \"note\"\ntype = \"line\"\nmax = 90", "@[[section.field]]\nid = \"note\"\ntype = \"line\"", {"'max' is missing"}, "max = 300"},
        {"max = 90", "max = @2", {"'max' is 2, out of range"}, "from 3 to 24000"},
        {"max = 90", "max = @24001", {"'max' is 24001, out of range"}, "from 3 to 24000"},
        {"max = 90", "max = @-1", {"'max' is -1, out of range"}, "from 3 to 24000"},
        {"max = 90", "max = @90.5", {"'max' must be a whole number, not a number with a point"}, "from 3 to 24000"},
        {"max = 90", "max = 90\noptions = @[\"a\"]", {"'options' does not go with the type line"}, "choice, choices, rows"},
        {"options = [\"debt\", \"threats\"]", "options = [\"debt\", \"threats\"]\nmax = @3", {"'max' does not go with the type choices"}, "text, line, rows"},
        {"type = \"files\"", "type = \"files\"\nrequired = @true", {"'required' does not go"}, "text, line, choice, choices"},
        {"[[section.field]]\nid = \"signs\"\ntype = \"choices\"\noptions = [\"debt\", \"threats\"]", "@[[section.field]]\nid = \"signs\"\ntype = \"choices\"", {"'options' is missing"}, "Add: options"},
        {"[\"debt\", \"threats\"]", "@[]", {"'options' is an empty list"}, "options = ["},
        {"[\"debt\", \"threats\"]", "@\"debt\"", {"'options' must be a list in square brackets, not a text"}, "options = ["},
        {"[\"debt\", \"threats\"]", "[\"debt\", @2]", {"'options' must be a list of names in quotes, not a number"}, "options = ["},
        {"urgent = [\"booked\"]", "urgent = [@\"boked\"]", {"'boked' is no option of this field"}, "Did you mean 'booked'?"},
        {"urgent = [\"booked\"]", "urgent = [\"booked\", @\"xyz\"]", {"'xyz' is no option of this field"}, "Its options are: booked, later."},
        {"required = true\nleast = 10", "least = @10", {"'least' asks for nothing"}, "required = true"},
        {"least = 10", "least = @251", {"'least' characters"}, "max must be 1004 or more"},
        {"least = 10", "least = @0", {"'least' is 0, out of range"}, "from 1"},
        {"rows = 2", "rows = @0", {"'rows' is 0, out of range"}, "from 1 to 20"},
        {"rows = 2", "rows = @21", {"'rows' is 21, out of range"}, "from 1 to 20"},
        {"[[section.field]]\nid = \"things\"\ntype = \"rows\"\nrows = 2\n", "@[[section.field]]\nid = \"things\"\ntype = \"rows\"\n", {"'rows' is missing"}, "rows = 6"},
        {"id = \"files\"", "id = @\"papers\"", {"has the id 'files'"}, "id = \"files\""},
        {"id = \"files\"\ntype = \"files\"", "id = @\"files\"\ntype = \"line\"\nmax = 9", {"the id 'files' is kept"}, "Take another id"},
        {"warning = true\n", "\n[[section.field]]\nid = @\"more\"\ntype = \"files\"\n", {"a second field of the type files"}, "one takes several files"},
        {"max = 90", "max = 90\nrequired = @true", {"a required field must be seen by everybody"}, "Remove required"},
        {"open = true\n\n[[section.field]]\nid = \"story\"\ntype = \"text\"\nrequired = true",
         "\n[[section.field]]\nid = \"story\"\ntype = \"text\"\nrequired = @true",
         {"a required field must be seen by everybody"}, "its section be open"},
        {"urgent = [\"booked\"]", "required = true\n\n[[section.field]]\nid = \"why\"\ntype = \"line\"\nmax = 9\nrequired = @true\nwhen.stage = [\"later\"]", {"a required field must be seen by everybody"}, "a condition (when)"},
    });
    // An open section that has a condition is not seen by everybody.
    check_all(test::replaced(good, "id = \"second\"", "id = \"second\"\nopen = true"),
              {{"\"threats\"]", "\"threats\"]\nrequired = @true", {"a required field must be seen by everybody"}, "a condition (when)"}});
}

TEST_CASE("what is wrong with a condition is named at its place", "[questionnaire]")
{
    const std::string on_note = "when.signs = [\"debt\"]";
    const std::string on_section = "when.stage = [\"booked\"]";
    check_all(good, {
        {on_note, "when.@sings = [\"debt\"]", {"'when' names 'sings', and no field has this id"}, "Did you mean 'signs'?"},
        {on_note, "when.@weather = [\"debt\"]", {"'when' names 'weather'"}, "type choice or choices that stands before"},
        {on_note, "when.@story = [\"debt\"]", {"'story', which is of the type text"}, "type choice or choices"},
        {on_note, "when.@note = [\"debt\"]", {"'note' is its own condition"}, "Name another field"},
        {on_note, "when.signs = [@\"dept\"]", {"'dept' is no option of 'signs'"}, "Did you mean 'debt'?"},
        {on_note, "when.signs = [\"debt\", @\"war\"]", {"'war' is no option of 'signs'"}, "Its options are: debt, threats."},
        {on_note, "when.signs = @\"debt\"", {"'signs' must be a list in square brackets"}, "signs = [\"yes\"]"},
        {on_note, "when.signs = @[]", {"'signs' is an empty list"}, "signs = [\"yes\"]"},
        {on_note, "when = @\"signs\"", {"'when' must be a table, not a text"}, "when.country = ["},
        {on_note, "when = @{}", {"'when' names no field"}, "when.country = ["},
        {on_note, "@when.signs = [\"debt\"]\nwhen.stage = [\"later\"]", {"'when' names more than one field"}, "when.country = ["},
        {on_section, "when.@signs = [\"debt\"]", {"'when' names 'signs', which stands later, in line 34"}, "move it up"},
        {on_section + "\n\n[[section.field]]\nid = \"things\"\ntype = \"rows\"\nrows = 2\noptions = [\"phone\", \"web\"]\nmax = 100",
         "when.@things = [\"web\"]\n\n[[section.field]]\nid = \"things\"\ntype = \"choice\"\noptions = [\"phone\", \"web\"]",
         {"'when' names 'things', which stands later, in line 26"}, "move it up"},
        {on_section, "when.stage = [@\"bookd\"]", {"'bookd' is no option of 'stage'"}, "Did you mean 'booked'?"},
        {"options = [\"phone\", \"web\"]", "options = [\"phone\", \"web\"]\nwhen.@signs = [@\"dept\"]",
         {"'when' names 'signs', which stands later, in line 35", "'dept' is no option"}, "move it up"},
    });
}

TEST_CASE("what is wrong with the whole is named at its place", "[questionnaire]")
{
    const std::string head = "id = \"form\"\nversion = 1\n";
    const std::string no_story = "there is no field 'story'";
    check_all(good, {
        {good, "@@" + head, {"the file has no section", no_story}, "Write [[section]]"},
        {good, "@" + head + "section = @[]", {no_story, "the file has no section"}, "id = \"story\" and type = \"text\""},
        {good, "@" + head + "@[section]\nid = \"x\"", {no_story, "'section' must be in double brackets, not a table"}, "id = \"story\""},
        {good, "@" + head + "section = [@1]", {no_story, "'section' must be in double brackets, not a number"}, "id = \"story\""},
        {good, "@" + head + "@[[section]]\nid = \"x\"", {no_story, "this section has no field"}, "id = \"story\""},
        {"id = \"story\"\ntype = \"text\"\nrequired = true\nleast = 10\n", "id = @\"story\"\ntype = \"line\"\n",
         {"'story' is of the type line"}, "type = \"text\""},
        {"max = 90", "max = 90\n[[section.field]]\nid = @\"big\"\ntype = \"line\"\nmax = 24000\n[[section.field]]\nid = \"less\"\ntype = \"line\"\nmax = 9000",
         {"all answers together may come to 34442 bytes, 4886 more than the 29556 that fit"},
         "The largest: 'big' with 24008, 'less' with 9009, 'story' with 1010."},
    });
    const auto large = Questionnaire::parse(good + std::string(web::max_questionnaire_bytes, '\n'));
    REQUIRE(large.has_error());
    CHECK_THAT(web::text(large.error(), "forms/large.toml"),
               Equals("forms/large.toml: error: this file is larger than 1048576 bytes\n  A questionnaire is not; is it the right file?\n"));
}

TEST_CASE("a file that is not TOML is refused where it ceases to be", "[questionnaire]")
{
    for (const auto& [from, to, line] : std::vector<std::tuple<std::string, std::string, std::uint32_t>>{
             {"version = 1", "version = 1\nversion = 2", 3},
             {"version = 1", "version 1", 2},
             {"\"second\"", "\"second", 22},
             {"\"second\"", "\"sec\xff\"", 22},
             {"[[section]]\nid = \"second\"", "[[section]\nid = \"second\"", 21}}) {
        INFO(to);
        const auto read = Questionnaire::parse(test::replaced(good, from, to));
        REQUIRE(read.has_error());
        REQUIRE(read.error().size() == 1);
        CHECK(read.error()[0].line == line);
        CHECK_THAT(read.error()[0].what, StartsWith("not TOML: "));
        CHECK_THAT(read.error()[0].remedy, Contains("Nothing after this place was read"));
    }
}

TEST_CASE("too many are refused", "[questionnaire]")
{
    auto fields = good;
    for (int i = 0; i < 115; ++i) fields += "\n[[section.field]]\nid = \"x" + std::to_string(i) + "\"\ntype = \"line\"\nmax = 3\n";
    // 121 of them with the six of the file.
    check_all(good, {{good, test::replaced(fields, "\n[[section.field]]\nid = \"x114\"", "\n@[[section.field]]\nid = \"x114\""),
                      {"more than 120 fields"}, "Remove some"}});
    CHECK(Questionnaire::parse(test::replaced(fields, "\n[[section.field]]\nid = \"x114\"\ntype = \"line\"\nmax = 3\n", "")).has_value());
    std::string options;
    for (int i = 0; i < 62; ++i) options += "\"o" + std::to_string(i) + "\", ";
    const auto most = test::replaced(good, "[\"debt\"", "[" + options + "\"debt\"");
    check_all(most, {{"\"threats\"", "\"threats\", @\"one_more\"", {"more than 64 options"}, "Remove some"}});
}

TEST_CASE("too many languages are refused", "[questionnaire]")
{
    auto file = good;
    for (int i = 10; i < 74; ++i) file += test::replaced(sentences, "sentences.en", "sentences.x" + std::to_string(i));
    check_all(file, {{file, file + test::replaced(sentences, "sentences.en", "sentences.@x74"), {"more than 64 languages"}, "Remove some"}});
}

TEST_CASE("what is wrong with the file's own sentences is named at its place", "[questionnaire]")
{
    const auto file = good + sentences;
    const auto form = Questionnaire::parse(file).value();
    CHECK(form.sentences().at("en").at("stage.booked") == "Booked");
    const auto arabic = test::replaced(sentences, "sentences.en", "sentences.ar");
    CHECK(Questionnaire::parse(file + arabic).value().sentences().size() == 2);
    check_all(file, {
        {"[sentences.en]\ninvitation = \"Report\"\n", "@[sentences.en]\n", {"'invitation' is missing in [sentences.en]"}, "\"invitation\" = "},
        {sentences, test::replaced(test::replaced(sentences, "[sentences.en]", "@[sentences.en]"), "\"stage.later\"", "@\"stage.latter\""),
         {"'stage.later' is missing in [sentences.en]", "nothing to say under 'stage.latter'"}, "Add: \"stage.later\" = "},
        {sentences, sentences + test::replaced(test::replaced(arabic, "[sentences", "@[sentences"), "note = \"A note\"\n", ""),
         {"'note' is missing in [sentences.ar]"}, "Add: \"note\" = "},
        {"note = ", "note = \"A note\"\n@nota = ", {"nothing to say under 'nota' in [sentences.en]"}, "Did you mean 'note'?"},
        {"note = ", "note = \"A note\"\n@colour = ", {"nothing to say under 'colour'"}, "Keys are an id"},
        {"\"A note\"", "@\"\"", {"'note' is empty"}, "in one line"},
        {"\"A note\"", "@\"  \"", {"'note' is empty"}, "in one line"},
        {"\"A note\"", "@\"A\\tnote\"", {"holds a control character"}, "in one line"},
        {"\"A note\"", "@\"A\\u0085note\"", {"holds a control character"}, "in one line"},
        {"\"A note\"", "@\"\"\"A\nnote\"\"\"", {"holds a control character"}, "in one line"},
        {"\"A note\"", "@1", {"'note' must be a text in quotes, not a number"}, "stands in quotes"},
        {sentences, "@[sentences]\n", {"[sentences] holds no language"}, "[sentences.en]"},
        {sentences, "[sentences]\nen = @1\n", {"'en' must be a table, not a number"}, "[sentences.en]"},
        // A sentence is not called one too many while the field it may belong to has a mistake.
        {"[[section.field]]\nid = \"signs\"\ntype = \"choices\"\noptions", "@[[section.field]]\nid = \"signs\"\ntype = \"choices\"\n@optoins",
         {"'options' is missing in this field", "unknown key 'optoins'"}, "Add: options"},
        {"id = \"note\"", "id = @\"Note\"", {"'Note' can't be a name"}, "1 to 64"},
        {"[sentences.en]", "[sentences.@\"e n\"]", {"'e n' is not a language code"}, "[sentences.en]"},
    });
}

}  // namespace amana
