// SPDX-License-Identifier: AGPL-3.0-or-later
// The proof: shown to who asked for it, once, in the answer itself; and to nobody else.
#include "tests/server/front/asking.hpp"
#include "tests/support/catch.hpp"
#include "tests/web/gunzip.hpp"
#include "tests/web/html.hpp"

namespace amana::front::test {

namespace {

const std::string promise = "amana promise v1\ntest<&>.example\n0\n4096\nTEVBRg==\n\n— test<&>.example c2lnbmF0dXJl+/==\n";

std::string asking(std::string_view text)
{
    return FormBody().story(text).answer("no_receipt", "1").answer("proof", "1").end();
}

std::string between(const std::string& text, const std::string& open, const std::string& close)
{
    const auto from = text.find(open);
    REQUIRE(from != std::string::npos);
    const auto to = text.find(close, from + open.size());
    REQUIRE(to != std::string::npos);
    return text.substr(from + open.size(), to - from - open.size());
}

std::string percent_decoded(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

TEST_CASE("Who asks gets the proof in the answer, to copy and to save")
{
    Front::Options options;
    options.promise = promise;
    Front front(options);
    const std::string escaped_promise = "amana promise v1\ntest&lt;&amp;&gt;.example\n0\n4096\nTEVBRg==\n\n— test&lt;&amp;&gt;.example c2lnbmF0dXJl+/==\n";
    int asked = 0;
    for (const std::string language : {"en", "ar"}) {
        for (const bool packed : {false, true}) {
            for (const bool urgent : {false, true}) {
                INFO(language << (packed ? " packed" : "") << (urgent ? " urgent" : ""));
                FormBody form;
                form.story(story).answer("no_receipt", "1").answer("proof", "1");
                if (urgent) form.answer("urgency", "danger_now");
                const auto answer = front.ask(post_form(form.end(), packed ? "Accept-Encoding: gzip, br\r\n" : "", "/" + language + "/report"));
                ++asked;
                REQUIRE(status(answer) == 200);
                CHECK(answer.head.size() == page_head_bytes);
                CHECK(answer.body.size() == (packed ? web::packed_page_bytes : large_page_bytes));
                const auto body = packed ? amana::test::gunzipped(answer.body).value_or("damaged") : answer.body;
                const auto link = between(body, "href=\"data:text/plain;charset=utf-8,", "\" download=\"proof.txt\"");
                CHECK(percent_decoded(link) == promise);
                CHECK(link.find_first_not_of("%ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
                CHECK(between(body, "<pre dir=\"ltr\" tabindex=\"0\">", "</pre>") == escaped_promise);
                const auto& parts = front.site().pages.received(language, urgent, false, web::Proof::made).parts;
                CHECK(body.starts_with(parts[0] + link + parts[1] + escaped_promise + parts[2]));
                CHECK(answer.head.find("Location") == std::string::npos);
            }
        }
    }
    CHECK(front.promised() == asked);
    CHECK(front.stored() == asked);
}

TEST_CASE("A proof of any length arrives: one too long for a packed page in a plain one")
{
    Front::Options options;
    options.promise = std::string(wire::max_promise_bytes, '"');
    Front front(options);
    const auto answer = front.ask(post_form(asking(story), "Accept-Encoding: gzip\r\n", "/ar/report"));
    REQUIRE(status(answer) == 200);
    const auto packed = answer.head.find("Content-Encoding: gzip") != std::string::npos;
    const auto body = packed ? amana::test::gunzipped(answer.body).value_or("damaged") : answer.body;
    CHECK(answer.body.size() == (packed ? web::packed_page_bytes : large_page_bytes));
    CHECK(percent_decoded(between(body, "href=\"data:text/plain;charset=utf-8,", "\"")) == options.promise);
}

TEST_CASE("Who does not ask is told of no proof, and the keeper makes none")
{
    Front::Options options;
    options.promise = promise;
    Front front(options);
    const auto answer = front.ask(post_form(FormBody().story(story).answer("no_receipt", "1").end()));
    CHECK(status(answer) == 303);
    CHECK(answer.body.empty());
    // A file of that name is no wish.
    CHECK(status(front.ask(post_form(FormBody().story(story).answer("no_receipt", "1").part("Content-Disposition: form-data; name=\"proof\"; filename=\"a\"", "1").end()))) == 303);
    CHECK(front.promised() == 0);
}

TEST_CASE("When no proof can be made, that is said, and that the report is stored")
{
    Front front;
    const auto answer = front.ask(post_form(asking(story)));
    CHECK(status(answer) == 200);
    CHECK(answer.body.starts_with(front.site().pages.received("en", false, false, web::Proof::none).parts.front()));
    CHECK(front.stored() == 1);
}

TEST_CASE("A problem gives the box back as it was")
{
    Front front;
    const auto without = front.ask(post_form(FormBody().story("short").end()));
    CHECK(status(without) == 422);
    CHECK(amana::test::controls_of(amana::test::scan_html(without.body)) == amana::test::Controls{{"story", "short"}});
    const auto with = front.ask(post_form(asking("short")));
    CHECK(status(with) == 422);
    const auto controls = amana::test::controls_of(amana::test::scan_html(with.body));
    CHECK(controls == amana::test::Controls{{"no_receipt", "1"}, {"proof", "1"}, {"story", "short"}});
    CHECK(with.body.find("<details open>\n<summary>") != std::string::npos);
    CHECK(with.body.size() == without.body.size());
}

}  // namespace amana::front::test
