// SPDX-License-Identifier: AGPL-3.0-or-later
// The form once more: read back as a browser reads it, it holds what was typed and chosen, and nothing of it leaves its place.
#include "server/front/again.hpp"
#include "tests/server/front/pages.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"
#include "tests/web/html.hpp"

#include <set>

namespace amana::front::test {

namespace {

using amana::test::Controls;
using amana::test::scan_html;
using web::Problem;

const web::Pages& pages()
{
    static const auto loaded = shipped_pages();
    return loaded;
}

constexpr std::string_view made_token = "made-token_of-43-characters-0123456789ABCDE";

struct Typed {
    explicit Typed(const Controls& given = {})
    {
        for (const auto& [control, value] : given) {
            if (answers.begin(control) != Answers::Begun::taken) throw std::runtime_error("no control: " + control);
            if (!answers.append(as_bytes(value))) throw std::runtime_error("no room");
        }
        (void)answers.check();
    }
    SecretText text{64 * 1024};
    Answers answers{pages().questionnaire(), text};
};

struct Sent {
    std::string html;
    std::size_t pieces = 0;
};

Sent page_of(const Answers& answers, Problem problem = Problem::too_large, const char* wrong = nullptr, bool proof = false, const char* language = "en", web::FormState state = {})
{
    const auto* field = wrong == nullptr ? nullptr : pages().questionnaire().find(wrong);
    FormAgain again(pages().form_again(language, state), answers, problem, field, {proof, false}, made_token);
    SecretText piece(FormAgain::piece_bytes);
    Sent sent;
    while (again.next(piece)) {
        REQUIRE(piece.size() > 0);
        REQUIRE(piece.size() <= FormAgain::piece_bytes);
        sent.html += piece.text();
        ++sent.pieces;
    }
    REQUIRE_FALSE(again.next(piece));
    REQUIRE(piece.empty());
    return sent;
}

Controls read_back(const std::string& html)
{
    return amana::test::controls_of(scan_html(html));
}

// The elements that carry an attribute, by tag and id.
std::set<std::string> with_attribute(const std::string& html, const std::string& name)
{
    std::set<std::string> found;
    for (const auto& token : scan_html(html))
        if (token.attributes.contains(name)) {
            const auto id = token.attributes.find("id");
            found.insert(token.tag + "#" + (id == token.attributes.end() ? "" : id->second));
        }
    return found;
}

const std::string hostile = "</textarea></select><script>x</script>\" ' onfocus=\"y\" & &lt; {{name}} <!-- \x01" "7 0 0 0 0\x02 قال \"تعال\"\n\n";

}  // namespace

TEST_CASE("What was typed comes back unharmed, in every kind of control")
{
    const Controls typed{{"story", "\n" + hostile},          {"period", hostile},         {"stage", "booked"},
                         {"about", "family"},               {"urgency", "danger_now"},   {"channels", "vk"},
                         {"channels", "x"},                {"identifiers.1.kind", "web"}, {"identifiers.1.value", hostile},
                         {"identifiers.6.kind", "phone"},   {"identifiers.4.value", "'\""}, {"pasted", hostile},
                         {"person_name", "<b>"},            {"share", "police"}};
    for (const auto* language : {"en", "ar"}) {
        const auto html = page_of(Typed(typed).answers, Problem::too_large, "files", true, language).html;
        auto expected = typed;
        expected.emplace("proof", "1");
        CHECK(read_back(html) == expected);
        std::size_t scripts = 0;
        for (const auto& token : scan_html(html)) scripts += token.tag == "script" ? 1U : 0U;
        CHECK(scripts == 1);
        CHECK(html.find("</body>\n</html>\n") == html.find_last_not_of('\n') - 14);
    }
}

TEST_CASE("The page's token stands in its field, and under pressure in its frame")
{
    const auto count = [](const std::string& html) {
        std::size_t found = 0;
        for (auto at = html.find(made_token); at != std::string::npos; at = html.find(made_token, at + 1)) ++found;
        return found;
    };
    const Typed typed({{"story", "0123456789"}, {"person_name", "x"}});
    CHECK(count(page_of(typed.answers).html) == 1);
    const auto pressed = page_of(typed.answers, Problem::crowded, nullptr, false, "en", {true, web::Room::all}).html;
    CHECK(count(pressed) == 2);
    CHECK(pressed.find("<iframe src=\"/en/line?" + std::string(made_token) + "\"") != std::string::npos);
    CHECK(read_back(pressed) == Controls{{"story", "0123456789"}, {"person_name", "x"}});
}

TEST_CASE("Nothing was typed: nothing is open, chosen or checked")
{
    const auto html = page_of(Typed().answers, Problem::empty_story, "story").html;
    CHECK(read_back(html).empty());
    for (const auto* name : {"open", "checked", "selected"}) CHECK(with_attribute(html, name).empty());
    CHECK(with_attribute(html, "aria-invalid") == std::set<std::string>{"textarea#story"});
}

TEST_CASE("What was answered is open, and nothing else")
{
    const auto open = [](const Controls& typed, const char* wrong = nullptr, bool proof = false) {
        const auto html = page_of(Typed(typed).answers, Problem::long_answer, wrong, proof).html;
        auto found = with_attribute(html, "open");
        // Folds within a section have no id.
        std::size_t all = 0;
        for (const auto& token : scan_html(html)) all += token.attributes.contains("open") ? 1U : 0U;
        return std::pair(found, all);
    };
    using Found = std::pair<std::set<std::string>, std::size_t>;
    CHECK(open({{"story", "0123456789"}}) == Found{{}, 0});
    CHECK(open({{"stage", "front"}}) == Found{{"details#s-case"}, 1});
    CHECK(open({{"stage", ""}, {"period", " "}}) == Found{{}, 0});
    CHECK(open({{"identifiers.2.value", "1"}}) == Found{{"details#s-identifiers"}, 1});
    CHECK(open({{"identifiers.3.value", "1"}}) == Found{{"details#s-identifiers", "details#"}, 2});
    CHECK(open({{"identifiers.3.kind", "web"}}) == Found{{"details#s-identifiers", "details#"}, 2});
    CHECK(open({{"share", "aid"}}) == Found{{"details#s-sharing"}, 1});
    CHECK(open({{"reach", "x"}}) == Found{{"details#s-sharing", "details#"}, 2});
    CHECK(open({{"story", "0123456789"}}, nullptr, true) == Found{{"details#"}, 1});
    // Where the question with the problem stands, too.
    CHECK(open({}, "files") == Found{{"details#s-files"}, 1});
    CHECK(open({}, "reach") == Found{{"details#s-sharing", "details#"}, 2});
    CHECK(open({}, "story") == Found{{}, 0});
    // What holds the problem is shown, even where its condition would fold it away.
    const auto shown = [](const char* wrong) { return with_attribute(page_of(Typed().answers, Problem::long_answer, wrong).html, "data-shown"); };
    CHECK(shown("flight") == std::set<std::string>{"details#s-journey", "div#f-flight"});
    CHECK(shown("story") == std::set<std::string>{"div#f-story"});
    CHECK(shown(nullptr).empty());
}

TEST_CASE("The problem is said first, with a link to its question")
{
    const auto& again = pages().form_again("en", {});
    std::size_t checked = 0;
    for (const auto problem : web::all_problems) {
        const auto without = page_of(Typed().answers, problem).html;
        const auto& alert = again.alerts.at(static_cast<std::size_t>(problem));
        INFO(web::problem_name(problem));
        CHECK(without.find(alert) < without.find("<h1>"));
        CHECK(without.find("href=\"#") == std::string::npos);
        CHECK(with_attribute(without, "aria-invalid").empty());
        if (problem != Problem::long_answer) continue;
        for (const auto& section : pages().questionnaire().sections())
            for (const auto& field : section.fields) {
                const auto html = page_of(Typed().answers, problem, field.id.c_str()).html;
                CHECK(html.find(alert + again.to_field.at(field.id)) < html.find("<h1>"));
                const bool text = field.type == web::FieldType::text || field.type == web::FieldType::line || field.type == web::FieldType::files;
                CHECK(with_attribute(html, "aria-invalid").size() == (text ? 1 : 0));
                ++checked;
            }
    }
    std::cout << checked << " pages\n";
}

TEST_CASE("A text that is not UTF-8 is not given back, and the rest is")
{
    const auto html = page_of(Typed({{"story", "\xff\xfe 0123456789"}, {"period", "March"}, {"about", "me"}}).answers, Problem::wrong_encoding, "story").html;
    CHECK(read_back(html) == Controls{{"period", "March"}, {"about", "me"}});
    CHECK(html.find('\xff') == std::string::npos);
}

TEST_CASE("A large text comes in several pieces, whole, however escapes fall at their borders")
{
    for (std::size_t shift = 0; shift < 8; ++shift) {
        for (const std::string unit : {"\"", "&<", "x'", "ب\"", "😀>"}) {
            std::string text(shift, 'x');
            while (text.size() + unit.size() <= 60'000) text += unit;
            const Controls typed{{"story", text}};
            const auto sent = page_of(Typed(typed).answers, Problem::long_story, "story");
            REQUIRE(read_back(sent.html) == typed);
            CHECK(sent.pieces > 10);
        }
    }
    std::cout << 8 * 5 << " texts\n";
}

TEST_CASE("Random answers come back as they were given")
{
    auto random = seeded_generator();
    const int rounds = tiered(100, 3000);
    const auto text = [&](std::size_t most) {
        std::string all;
        for (auto pieces = below(random, most); pieces > 0; --pieces)
            all += std::array<std::string, 12>{"\"", "'", "<", ">", "&", "&amp;", "\n", "قال ", "😀", "word ", "</textarea>", "\x01\x02\x03"}[below(random, 12)];
        return all;
    };
    std::size_t given = 0;
    for (int round = 0; round < rounds; ++round) {
        Controls typed;
        for (const auto& section : pages().questionnaire().sections())
            for (const auto& field : section.fields) {
                if (below(random, 3) == 0) continue;
                const auto option = [&] { return field.options.at(below(random, field.options.size())); };
                switch (field.type) {
                case web::FieldType::text: typed.emplace(field.id, text(400)); break;
                case web::FieldType::line: typed.emplace(field.id, text(20)); break;
                case web::FieldType::choice: typed.emplace(field.id, option()); break;
                case web::FieldType::choices:
                    for (const auto& one : field.options)
                        if (below(random, 2) == 0) typed.emplace(field.id, one);
                    break;
                case web::FieldType::rows:
                    for (std::uint32_t row = 1; row <= field.rows; ++row) {
                        const auto name = field.id + "." + std::to_string(row);
                        if (below(random, 2) == 0) typed.emplace(name + ".kind", option());
                        if (below(random, 2) == 0) typed.emplace(name + ".value", text(20));
                    }
                    break;
                case web::FieldType::files: break;
                }
            }
        const auto html = page_of(Typed(typed).answers, web::all_problems[below(random, web::all_problems.size())]).html;
        std::erase_if(typed, [](const auto& one) { return one.second.empty(); });
        INFO("round " << round);
        // Options come in the form's order, and so do ours; the names are sorted.
        REQUIRE(read_back(html) == typed);
        given += typed.size();
    }
    std::cout << given << " answers\n";
}

}  // namespace amana::front::test
