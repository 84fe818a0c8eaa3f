// SPDX-License-Identifier: AGPL-3.0-or-later
// What was typed and chosen, held to the questionnaire: what is sealed of it, and what is refused.
#include "server/front/answers.hpp"
#include "tests/server/front/pages.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <iostream>
#include <map>

namespace amana::front::test {

namespace {

using web::Problem;

// A question of each type, and conditions.
const web::Questionnaire& form()
{
    static const auto parsed = web::Questionnaire::parse(R"(id = "form"
version = 1
[[section]]
id = "first"
open = true
[[section.field]]
id = "story"
type = "text"
required = true
least = 10
max = 1000
[[section.field]]
id = "about"
type = "choice"
options = ["me", "friend", "other"]
urgent = ["me"]
[[section.field]]
id = "signs"
type = "choices"
options = ["debt", "threats", "secrecy"]
urgent = ["threats"]
[[section]]
id = "second"
when.about = ["friend", "other"]
[[section.field]]
id = "name"
type = "line"
max = 90
[[section.field]]
id = "things"
type = "rows"
rows = 4
options = ["phone", "web"]
max = 60
[[section]]
id = "third"
[[section.field]]
id = "owed"
type = "line"
max = 90
when.signs = ["debt"]
[[section.field]]
id = "lender"
type = "choice"
options = ["agent", "bank"]
urgent = ["agent"]
when.signs = ["debt"]
[[section.field]]
id = "lent"
type = "line"
max = 90
when.lender = ["agent"]
[[section.field]]
id = "adds"
type = "text"
max = 120
[[section.field]]
id = "files"
type = "files"
)").value();
    return parsed;
}

using Given = std::vector<std::pair<std::string, std::string>>;

struct Read {
    explicit Read(const Given& given)
    {
        for (const auto& [control, value] : given) {
            REQUIRE(answers.begin(control) == Answers::Begun::taken);
            // In two pieces, as it may come.
            const auto half = value.size() / 2;
            REQUIRE(answers.append(as_bytes(std::string_view(value).substr(0, half))));
            REQUIRE(answers.append(as_bytes(std::string_view(value).substr(half))));
        }
        wrong = answers.check();
    }
    SecretText text{64 * 1024};
    Answers answers{form(), text};
    std::optional<Answers::Wrong> wrong;
};

const std::pair<std::string, std::string> story{"story", "0123456789"};

Given with(Given more)
{
    more.insert(more.begin(), story);
    return more;
}

// "id=text", "id=[one,two]", "id=[{kind:phone,value:1}]", by a space.
std::string sealed(const Given& given)
{
    const Read read(given);
    REQUIRE(!read.wrong);
    std::string all;
    for (const auto& answer : read.answers.sealed()) {
        all += (all.empty() ? "" : " ") + std::string(answer.field) + "=";
        if (const auto* text = std::get_if<std::string_view>(&answer.value)) {
            all += *text;
        } else if (const auto* texts = std::get_if<crypto::AnswerTexts>(&answer.value)) {
            for (const auto one : *texts) all += "+" + std::string(one);
        } else {
            for (const auto& row : std::get<crypto::AnswerRows>(answer.value)) {
                all += "{";
                for (const auto& [name, value] : row) all += "(" + std::string(name) + ":" + std::string(value) + ")";
                all += "}";
            }
        }
    }
    return all;
}

// "problem field", or "" when there is none.
std::string problem(const Given& given)
{
    const Read read(given);
    return read.wrong ? std::string(web::problem_name(read.wrong->problem)) + " " + read.wrong->field->id : "";
}

std::string repeated(std::string_view text, std::size_t count)
{
    std::string all;
    while (count-- > 0) all += text;
    return all;
}

}  // namespace

TEST_CASE("An answer of each type is sealed as it was given, in the order of names")
{
    CHECK(sealed({story}) == "story=0123456789");
    CHECK(sealed(with({{"signs", "secrecy"}, {"name", "نص"}, {"about", "friend"}, {"adds", "b\nc"}, {"signs", "debt"}, {"owed", "7"},
                       {"things.2.value", "two"}, {"things.1.kind", "web"}, {"things.1.value", "one"}})) ==
          "about=friend adds=b\nc name=نص owed=7 signs=+debt+secrecy story=0123456789 things={(kind:web)(value:one)}{(value:two)}");
    // What wasn't answered is left out.
    CHECK(sealed(with({{"about", ""}, {"name", " \t"}, {"adds", "\r\n"}, {"things.1.kind", ""}, {"things.1.value", ""}})) == "story=0123456789");
    // Of rows a kind alone says nothing; a gap is closed.
    CHECK(sealed(with({{"things.1.kind", "phone"}, {"things.4.value", "x"}})) == "story=0123456789 things={(value:x)}");
    CHECK(sealed(with({{"things.3.kind", "phone"}})) == "story=0123456789");
    // Blanks are part of what was typed.
    CHECK(sealed({{"story", " 01234567 "}}) == "story= 01234567 ");
    // An option given twice is one.
    CHECK(sealed(with({{"signs", "debt"}, {"signs", "debt"}})) == "signs=+debt story=0123456789");
}

TEST_CASE("Which names begin an answer")
{
    SecretText text(1000);
    Answers answers(form(), text);
    CHECK(answers.current() == nullptr);
    for (const auto* unknown : {"", "nothing", "files", "proof", "things", "things.0.value", "things.5.value", "things.1.nothing", "story.1.value", "about.kind"}) {
        INFO(unknown);
        CHECK(answers.begin(unknown) == Answers::Begun::unknown);
    }
    CHECK(answers.current() == nullptr);
    for (const auto* once : {"story", "about", "name", "things.1.kind", "things.1.value", "things.4.value"}) {
        INFO(once);
        CHECK(answers.begin(once) == Answers::Begun::taken);
        CHECK(answers.begin(once) == Answers::Begun::twice);
    }
    CHECK(answers.current()->id == "things");
    for (int i = 0; i < 5; ++i) CHECK(answers.begin("signs") == Answers::Begun::taken);
    // No more of them than any questionnaire could send.
    for (std::size_t i = 0; i < web::max_fields * web::max_options; ++i) (void)answers.begin("signs");
    CHECK(answers.begin("signs") == Answers::Begun::twice);
}

TEST_CASE("A value for which there is no room is dropped whole, and the others stay")
{
    SecretText text(15);
    Answers answers(form(), text);
    CHECK(answers.begin("story") == Answers::Begun::taken);
    CHECK(answers.append(as_bytes("0123456789")));
    CHECK(answers.begin("name") == Answers::Begun::taken);
    CHECK(answers.append(as_bytes("abc")));
    CHECK_FALSE(answers.append(as_bytes("defg")));
    CHECK(answers.text(*form().find("name")).empty());
    CHECK(answers.text(*form().find("story")) == "0123456789");
}

TEST_CASE("What is wrong is told first come in the questionnaire, with its question")
{
    CHECK(problem({story}).empty());
    CHECK(problem({}) == "empty_story story");
    CHECK(problem({{"name", "x"}}) == "empty_story story");
    CHECK(problem({{"story", " \r\n\t "}}) == "empty_story story");
    CHECK(problem({{"story", "123456789"}}) == "short_story story");
    CHECK(problem({{"story", "أخي سافر ه"}}).empty());  // ten characters, whatever their bytes
    CHECK(problem({{"story", "12345678\r\n"}}) == "short_story story");
    CHECK(problem({{"story", std::string(1000, 'x')}}).empty());
    CHECK(problem({{"story", std::string(1001, 'x')}}) == "long_story story");
    CHECK(problem(with({{"name", std::string(90, 'x')}})).empty());
    CHECK(problem(with({{"name", std::string(91, 'x')}})) == "long_answer name");
    CHECK(problem(with({{"things.2.value", std::string(61, 'x')}})) == "long_answer things");
    CHECK(problem({{"name", std::string(91, 'x')}}) == "empty_story story");
    CHECK(problem({{"adds", std::string(121, 'x')}, {"name", std::string(91, 'x')}, story}) == "long_answer name");
    // An option that is none: no browser sends it of our form.
    CHECK(problem(with({{"about", "you"}})) == "bad_request about");
    CHECK(problem(with({{"about", "Me"}})) == "bad_request about");
    CHECK(problem(with({{"about", "debt"}})) == "bad_request about");
    CHECK(problem(with({{"signs", "debt"}, {"signs", "debts"}})) == "bad_request signs");
    CHECK(problem(with({{"things.1.kind", "fax"}, {"things.1.value", "1"}})) == "bad_request things");
    CHECK(problem(with({{"about", "\xff"}})) == "bad_request about");
    // Not UTF-8.
    for (const auto* wrong : {"caf\xe9", "\xc0\xaf", "\xed\xa0\x80", "\xd8"}) {
        CHECK(problem({{"story", std::string("0123456789") + wrong}}) == "wrong_encoding story");
        CHECK(problem(with({{"name", wrong}})) == "wrong_encoding name");
        CHECK(problem(with({{"things.1.value", wrong}})) == "wrong_encoding things");
    }
}

TEST_CASE("A limit counts bytes as they are sealed, in any script")
{
    const std::pair<std::string, std::size_t> characters[] = {{"x", 1},  {"ب", 2},  {"क", 3},        {"😀", 4},   {"\"", 2},
                                                             {"\\", 2}, {"\n", 2}, {"\r\n", 2}, {"\x01", 6}, {"\x7f", 1}, {"/", 1}, {"<", 1}};
    std::size_t checked = 0;
    for (const auto& [character, bytes] : characters) {
        INFO(character);
        const auto fits = (1000 - 10) / bytes;
        CHECK(problem({{"story", "0123456789" + repeated(character, fits)}}).empty());
        CHECK(problem({{"story", "0123456789" + repeated(character, fits) + repeated("x", 1001 - 10 - fits * bytes)}}) == "long_story story");
        ++checked;
    }
    std::cout << checked << " characters\n";
}

TEST_CASE("Line ends are one LF each, and a lone CR is what was typed")
{
    CHECK(sealed({{"story", "one\r\ntwo\r\n\r\nthree\r\n"}}) == "story=one\ntwo\n\nthree\n");
    CHECK(sealed({{"story", "a\rb\r\r\nc 012345\r"}}) == "story=a\rb\r\nc 012345\r");
    CHECK(sealed(with({{"adds", "\r\nx\r\n"}, {"name", "y\r\n"}})) == "adds=\nx\n name=y\n story=0123456789");
    const Read read({{"story", "one\r\ntwo\r\n"}, {"adds", "x\r\n"}});
    CHECK(read.answers.text(*form().find("story")) == "one\ntwo\n");
    CHECK(read.answers.text(*form().find("adds")) == "x\n");
}

TEST_CASE("An answer whose condition does not hold is dropped, and kept where nothing was said")
{
    CHECK(sealed(with({{"about", "friend"}, {"name", "n"}})) == "about=friend name=n story=0123456789");
    CHECK(sealed(with({{"about", "other"}, {"name", "n"}})) == "about=other name=n story=0123456789");
    CHECK(sealed(with({{"about", "me"}, {"name", "n"}, {"things.1.value", "1"}})) == "about=me story=0123456789");
    CHECK(sealed(with({{"about", ""}, {"name", "n"}})) == "name=n story=0123456789");
    CHECK(sealed(with({{"name", "n"}, {"things.1.value", "1"}})) == "name=n story=0123456789 things={(value:1)}");
    // Of choices any will do.
    CHECK(sealed(with({{"signs", "debt"}, {"signs", "threats"}, {"owed", "7"}})) == "owed=7 signs=+debt+threats story=0123456789");
    CHECK(sealed(with({{"signs", "threats"}, {"owed", "7"}})) == "signs=+threats story=0123456789");
    CHECK(sealed(with({{"owed", "7"}})) == "owed=7 story=0123456789");
    // And so is what hangs on an answer that is dropped.
    CHECK(sealed(with({{"signs", "debt"}, {"lender", "agent"}, {"lent", "9"}})) == "lender=agent lent=9 signs=+debt story=0123456789");
    CHECK(sealed(with({{"signs", "threats"}, {"lender", "agent"}, {"lent", "9"}})) == "signs=+threats story=0123456789");
    CHECK(sealed(with({{"signs", "debt"}, {"lender", "bank"}, {"lent", "9"}})) == "lender=bank signs=+debt story=0123456789");
    CHECK(sealed(with({{"lender", "agent"}, {"lent", "9"}})) == "lender=agent lent=9 story=0123456789");
    CHECK(sealed(with({{"signs", "threats"}, {"lent", "9"}})) == "signs=+threats story=0123456789");
    // What is dropped is not checked.
    CHECK(problem(with({{"about", "me"}, {"name", std::string(91, 'x')}, {"things.1.kind", "fax"}})).empty());
    CHECK(problem(with({{"signs", "threats"}, {"owed", "\xff"}})).empty());
    CHECK(sealed(with({{"signs", "threats"}, {"owed", "\xff"}})) == "signs=+threats story=0123456789");
}

TEST_CASE("What is urgent")
{
    const auto urgent = [](const Given& given) { return Read(given).answers.urgent(); };
    CHECK_FALSE(urgent({story}));
    CHECK_FALSE(urgent(with({{"about", "friend"}, {"signs", "debt"}})));
    CHECK(urgent(with({{"about", "me"}})));
    CHECK(urgent(with({{"signs", "debt"}, {"signs", "threats"}})));
    CHECK_FALSE(urgent(with({{"name", "me"}, {"adds", "threats"}})));
    CHECK(urgent(with({{"signs", "debt"}, {"lender", "agent"}})));
    CHECK_FALSE(urgent(with({{"signs", "secrecy"}, {"lender", "agent"}})));  // dropped
}

TEST_CASE("What is given back")
{
    const Read read({{"story", "\xff\xff"}, {"about", "me"}, {"things.3.kind", "web"}, {"things.2.value", "x"}, {"name", " "}, {"signs", "nothing"}});
    const auto& answers = read.answers;
    const auto field = [](const char* id) -> const web::Field& { return *form().find(id); };
    CHECK(answers.text(field("story")).empty());
    CHECK(answers.answered(field("story")));
    CHECK(answers.chosen(field("about"), "me"));
    CHECK_FALSE(answers.chosen(field("about"), "friend"));
    CHECK(answers.chosen(field("things"), "web", 3));
    CHECK_FALSE(answers.chosen(field("things"), "web", 1));
    CHECK(answers.text(field("things"), 2) == "x");
    CHECK(answers.text(field("things"), 3).empty());
    CHECK_FALSE(answers.answered(field("name")));
    CHECK(answers.answered_behind(field("things"), 2));
    CHECK_FALSE(answers.answered_behind(field("things"), 3));
    CHECK(answers.answered(form().sections()[1]));
    CHECK_FALSE(answers.answered(form().sections()[2]));
    CHECK_FALSE(answers.chosen(field("signs"), "debt"));
}

}  // namespace amana::front::test
