// SPDX-License-Identifier: AGPL-3.0-or-later
// What a page's length tells: nothing. Whatever page, status and language, an answer has one of two sizes.
#include "tests/server/front/asking.hpp"
#include "tests/support/catch.hpp"
#include "tests/web/gunzip.hpp"
#include "tests/web/html.hpp"

namespace amana::front::test {

namespace {

const std::string gzip = "Accept-Encoding: gzip, deflate, br\r\n";

// Each form has a token of its own.
std::string without_token(std::string page)
{
    constexpr std::string_view before = "/report?";
    if (const auto at = page.find(before); at != std::string::npos) page.replace(at + before.size(), web::token_text_bytes, web::no_token);
    return page;
}

}  // namespace

TEST_CASE("Every page that is read has one size")
{
    Front front;
    const std::pair<std::string, unsigned> asked[] = {
        {"/", 200},           {"/ar/", 200},           {"/en/", 200},           {"/ar/help", 200},       {"/en/help", 200},
        {"/ar/received-1", 200}, {"/en/received-1", 200}, {"/ar/received-2", 200}, {"/en/received-2", 200}, {"/ar/inbox", 200}, {"/en/inbox", 200}, {"/nowhere", 404},
        {"/en/report", 405}};
    std::size_t checked = 0;
    for (const auto& [target, expected] : asked) {
        for (const auto* connection : {"", "Connection: close\r\n"}) {
            INFO(target << " " << connection);
            const auto packed = front.ask(get(target, gzip + connection));
            CHECK(status(packed) == expected);
            CHECK(packed.head.find("Content-Encoding: gzip\r\n") != std::string::npos);
            CHECK(packed.head.size() == page_head_bytes);
            CHECK(packed.body.size() == web::packed_page_bytes);
            const auto plain = front.ask(get(target, connection));
            CHECK(status(plain) == expected);
            CHECK(plain.head.find("Content-Encoding") == std::string::npos);
            CHECK(plain.head.size() == page_head_bytes);
            CHECK(plain.body.size() == large_page_bytes);
            const auto unpacked = amana::test::gunzipped(packed.body);
            REQUIRE(unpacked.has_value());
            CHECK(without_token(plain.body) == without_token(*unpacked + std::string(large_page_bytes - unpacked->size(), '\n')));
            ++checked;
        }
    }
    std::cout << checked << " answers\n";
}

TEST_CASE("Every form that is given back has one size, up to a bound")
{
    Front front;
    for (const auto& body : {FormBody().story("short").end(), FormBody().story(story).answer("period", std::string(400, '"')).end(),
                             FormBody().story(std::string(12'001, '"')).end(), FormBody().end()}) {
        const auto answer = front.ask(post_form(body, gzip));
        CHECK(status(answer) == 422);
        CHECK(answer.head.size() == page_head_bytes);
        CHECK(answer.body.size() == large_page_bytes);
        CHECK(answer.body.find("</body>\n</html>\n\n\n") != std::string::npos);
    }
    const auto large = front.ask(post_form(FormBody().story(std::string(40'000, '"')).end(), gzip));
    CHECK(large.body.size() == 3 * large_page_bytes);
    // Where it can't be given back there is a page as any other.
    const auto none = front.ask(post_form("no form", gzip));
    CHECK(status(none) == 400);
    CHECK((none.head.size() == page_head_bytes && none.body.size() == web::packed_page_bytes));
}

TEST_CASE("A report of many answers is stored whole, and one with a mistake comes back whole")
{
    Front front;
    const amana::test::Controls typed{{"story", story},           {"about", "friend"},          {"stage", "booked"},          {"urgency", "within_48_hours"},
                                      {"channels", "telegram"},   {"channels", "sms_call"},     {"identifiers.1.kind", "phone"}, {"identifiers.1.value", "+1 <2>"},
                                      {"identifiers.5.value", "x"}, {"flight", "\"XY\" 12"},    {"person_name", "أخي"},       {"share", "aid"}};
    FormBody form;
    for (const auto& [name, value] : typed) form.answer(name, value);
    auto answer = front.ask(post_form(FormBody(form).answer("no_receipt", "1").end(), gzip));
    CHECK(status(answer) == 303);
    CHECK(answer.head.find("Location: /en/received-2\r\n") != std::string::npos);
    CHECK(front.stored() == 1);
    form.answer("period", std::string(301, 'x'));
    answer = front.ask(post_form(form.end(), gzip, "/ar/report"));
    CHECK(status(answer) == 422);
    auto expected = typed;
    expected.emplace("period", std::string(301, 'x'));
    CHECK(amana::test::controls_of(amana::test::scan_html(answer.body)) == expected);
    CHECK(answer.body.find("href=\"#period\"") != std::string::npos);
    CHECK(front.stored() == 1);
}

}  // namespace amana::front::test
