// SPDX-License-Identifier: AGPL-3.0-or-later
// The pages as they are sent, in every language that is shipped: whole, self-contained, of one size. Prints their sizes, and
// leaves them in <build>/pages for looking at.
#include "tests/support/catch.hpp"
#include "tests/web/gunzip.hpp"
#include "tests/web/html.hpp"
#include "tests/web/shipped.hpp"

#include "base/bytes.hpp"
#include "web/inline.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <iostream>
#include <set>

namespace amana {

namespace {

using Catch::Contains;
using test::all_pages;
using test::between;
using test::count;
using test::escaped;
using test::gunzipped;
using test::pages;
using test::sentence;
using web::Problem;

std::string sha256(const std::string& text)
{
    ByteArray<crypto_hash_sha256_BYTES> digest;
    const auto bytes = as_bytes(text);
    crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
    return "sha256-" + to_base64(digest);
}

web::StaticPage both(const web::HoledPage& page, std::span<const std::string_view> holes)
{
    return {page.filled(holes, true).packed, page.filled(holes, false).plain};
}

}  // namespace

TEST_CASE("every page in every language is whole and says its language", "[web]")
{
    CHECK(pages().languages().size() == 12);
    CHECK(all_pages().size() == 1 + pages().languages().size() * (1 + 6 + 10 + 3 * web::all_problems.size() + 2 * 5 + 1 + 6 + 4 * 6));
    for (const auto& page : all_pages()) {
        INFO(page.name << " in " << page.language);
        const auto direction = test::read_catalogue(page.language).at("direction").text;
        CHECK_THAT(page.html, Catch::StartsWith("<!DOCTYPE html>\n<html lang=\"" + page.language + "\" dir=\"" + direction + "\">"));
        CHECK(page.html.find("</body>\n</html>\n") == page.html.find_last_not_of('\n') - 14);
        CHECK(page.html.find("{{") == std::string::npos);
        // Not one brace is left outside style and script: a value that was not filled in.
        for (const auto& token : test::scan_html(page.html)) {
            if (token.inside == "style" || token.inside == "script") continue;
            CHECK(token.text.find_first_of("{}\x01\x02\x03\x04") == std::string::npos);
            for (const auto& [name, value] : token.attributes) CHECK(value.find_first_of("{}\x01\x02\x03\x04") == std::string::npos);
        }
        const bool again = page.name.starts_with("again_");
        CHECK(count(page.html, "<h1") == 1);
        CHECK(count(page.html, "<main>") == 1);
        const bool alert = again || page.name.starts_with("problem_") || page.name.starts_with("inbox_") || page.name == "inbox said count" ||
                           page.name == "inbox said check" || page.name == "inbox said damaged";
        CHECK(count(page.html, "role=\"alert\"") == (alert ? 1 : 0));
        CHECK_THAT(page.html, Contains("9f2a c41b e077"));
        CHECK_THAT(page.html, Contains("<meta name=\"referrer\" content=\"no-referrer\">"));
    }
    std::cout << all_pages().size() << " pages\n";
}

TEST_CASE("elements are closed in the order they were opened, and no id stands twice", "[web]")
{
    const std::set<std::string> without_end{"meta", "input", "img", "br"};
    std::size_t elements = 0;
    for (const auto& page : all_pages()) {
        INFO(page.name << " in " << page.language);
        std::vector<std::string> open;
        std::set<std::string> ids;
        std::vector<std::string> wanted;
        for (const auto& token : test::scan_html(page.html)) {
            if (token.tag.empty() || without_end.contains(token.tag)) continue;
            if (token.tag.front() == '/') {
                REQUIRE(!open.empty());
                REQUIRE("/" + open.back() == token.tag);
                open.pop_back();
            } else {
                open.push_back(token.tag);
                ++elements;
            }
        }
        CHECK(open.empty());
        for (const auto& token : test::scan_html(page.html))
            for (const auto& [name, value] : token.attributes) {
                if (name == "id") CHECK(ids.insert(value).second);
                if (name == "for" || name == "aria-describedby" || name == "aria-labelledby") wanted.push_back(value);
                if (name == "href" && value.starts_with('#')) wanted.push_back(value.substr(1));
            }
        for (const auto& id : wanted) {
            INFO(id);
            CHECK(ids.contains(id));
        }
    }
    std::cout << elements << " elements\n";
}

TEST_CASE("no page fetches or remembers anything, and links lead to the site itself but for the way out", "[web]")
{
    const std::set<std::string> attributes{
        "aria-describedby", "aria-label", "aria-labelledby", "accept-charset", "action", "alt", "autocomplete", "autofocus", "charset", "class",
        "content", "data-most", "data-one", "data-two", "dir", "download", "enctype", "for", "height", "hidden", "href", "hreflang", "id", "inputmode", "lang", "maxlength",
        "method", "minlength", "multiple", "name", "rel", "required", "role", "rows", "spellcheck", "src", "tabindex", "title", "type", "value", "width"};
    for (const auto& page : all_pages()) {
        INFO(page.name << " in " << page.language);
        std::size_t ways_out = 0;
        for (const auto& token : test::scan_html(page.html)) {
            // What the form alone fetches, by its hash: web/sealing_test.cpp looks at this one.
            if (token.tag == "script" && (page.name.starts_with("form") || page.name == "inbox") && token.attributes.contains("src")) continue;
            // The code as a picture, which is in the page.
            if (token.tag == "img" && page.name.starts_with("received_with_code")) {
                CHECK(token.attributes.at("src") == "data:image/png;base64,0");
                continue;
            }
            if (token.tag == "iframe") CHECK_THAT(page.name, Catch::EndsWith(", pressed"));
            for (const auto* forbidden : {"link", "img", "base", "object", "embed", "video", "audio"}) CHECK(token.tag != forbidden);
            for (const auto& [name, value] : token.attributes) {
                INFO(token.tag << " " << name << "=" << value);
                CHECK(attributes.contains(name));
                if (name == "href" && value.starts_with("https:")) {
                    ++ways_out;
                    CHECK(token.attributes.at("id") == "exit");
                    CHECK(token.attributes.at("rel") == "noreferrer nofollow");
                    CHECK(value == web::SiteSettings().exit);
                } else if (name == "href" && page.name.starts_with("received_with") && value.starts_with("data:")) {
                    CHECK((value == "data:text/plain;charset=utf-8,0" || value == "data:image/png;base64,0"));
                } else if (name == "href" || name == "action" || name == "src") {
                    CHECK((value.starts_with("/") || value.starts_with("#")));
                    CHECK_FALSE(value.starts_with("//"));
                }
            }
        }
        CHECK(ways_out == 1);
    }
}

TEST_CASE("style and script are the same bytes on every page, and the hashes are theirs", "[web]")
{
    const auto shipped = test::read_text(test::shipped_data() / "exit.js");
    for (const auto& page : all_pages()) {
        INFO(page.name << " in " << page.language);
        const auto style = between(page.html, "<style>", "</style>");
        const auto script = between(page.html, "<script>", "</script>");
        CHECK(pages().style_hash() == sha256(style));
        CHECK(pages().script_hash() == sha256(script));
        CHECK(script == shipped);
        CHECK(style.find("/*") == std::string::npos);
        CHECK(count(page.html, "<style") == 1);
        CHECK(count(page.html, "<script") == (page.name.starts_with("form") || page.name == "inbox" ? 2 : 1));
    }
    for (const auto* forbidden : {"fetch", "XMLHttpRequest", "cookie", "Storage", "import(", "eval", "innerHTML", "sendBeacon"}) {
        INFO(forbidden);
        CHECK(shipped.find(forbidden) == std::string::npos);
    }
}

TEST_CASE("one neutral title stands on every page of a language", "[web]")
{
    for (const auto& page : all_pages()) {
        CHECK(count(page.html, "<title") == 1);
        CHECK(between(page.html, "<title>", "</title>") == escaped(test::read_catalogue(page.language).at("page_title").text));
    }
}

TEST_CASE("every page that is sent packed has one size, and unpacks to the plain one", "[web]")
{
    std::size_t checked = 0;
    const auto same = [&](const web::StaticPage& page) {
        CHECK(page.packed.size() == web::packed_page_bytes);
        CHECK(gunzipped(page.packed) == page.plain);
        ++checked;
    };
    same(pages().index());
    std::size_t least_room = web::packed_page_bytes;
    for (const auto& language : pages().languages()) {
        INFO(language);
        same(pages().help(language));
        for (const bool urgent : {false, true}) {
            same(pages().received(language, urgent));
            // The longest proof there may be fits, in both its forms.
            const Bytes link(3 * 500, '%');
            const Bytes note(500, 'n');
            const std::array<ByteView, 2> holes{link, note};
            const auto packed = pages().received(language, urgent, false, web::Proof::made).packed.around(holes).value();
            std::string whole;
            for (std::size_t i = 0; i < packed.size(); ++i) {
                whole += as_text(packed[i]);
                if (i < holes.size()) whole += as_text(holes[i]);
            }
            CHECK(whole.size() == web::packed_page_bytes);
            const auto& parts = pages().received(language, urgent, false, web::Proof::made).parts;
            CHECK(gunzipped(whole) == parts[0] + std::string(as_text(link)) + parts[1] + std::string(as_text(note)) + parts[2]);
        }
        for (const auto problem : web::all_problems) same(pages().problem(language, problem));
        const auto& line = pages().line(language);
        CHECK(line.number(0).size() == line.number(99'999).size());
        CHECK(line.number(100'000) == line.number(99'999));
        same(both(line.called, std::array{test::made_token}));
        same(line.stale);
        for (const auto number : {std::uint64_t{0}, std::uint64_t{31}, std::uint64_t{99'999}}) {
            const auto written = line.number(number);
            same(both(line.waiting, std::array<std::string_view, 3>{test::made_token, written, written}));
        }
        for (const auto state : web::all_form_states) {
            const std::vector<std::string_view> holes(state.pressed ? 2 : 1, test::made_token);
            const auto& form = pages().form(language, state);
            const auto filled = both(form, holes);
            same(filled);
            CHECK(filled.plain == test::form_page(pages(), language, state));
            const auto room = web::packed_page_bytes - form.packed.least_bytes(holes.size() * web::token_text_bytes);
            least_room = std::min(least_room, room);
            std::cout << "form." << language << " " << web::index_of(state) << ": " << filled.plain.size() << " bytes, "
                      << web::packed_page_bytes - room << " packed\n";
        }
    }
    std::cout << checked << " pages packed; the fullest form has " << least_room << " bytes to spare\n";
}

TEST_CASE("a page that does not fit its size is refused, and which and in which language is said", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {"en"};
    std::string noise;
    for (unsigned i = 0; noise.size() < 14'000; i = i * 1664525 + 1013904223) noise += fmt::format("{:x}", i >> 4);
    settings.texts["en"] = {"", "", noise, ""};
    CHECK_THAT(test::refusal(settings), Contains("form in en: a page takes ") && Contains("more than the 13312"));
}

TEST_CASE("each problem says what happened and what to do, in its own language", "[web]")
{
    for (const auto& language : pages().languages()) {
        std::set<std::string> distinct;
        const auto& again = pages().form_again(language, {});
        for (const auto problem : web::all_problems) {
            const auto key = "problem_" + std::string(web::problem_name(problem));
            INFO(language << " " << key);
            const auto title = sentence(language, key);
            const auto& alone = pages().problem(language, problem).plain;
            const auto& alert = again.alerts.at(static_cast<std::size_t>(problem));
            CHECK(distinct.insert(title).second);
            for (const auto& page : {alone, alert}) CHECK_THAT(page, Contains(">" + title + "<"));
            if (problem != Problem::short_story)
                for (const auto& page : {alone, alert}) CHECK_THAT(page, Contains(sentence(language, key + "_advice")));
            CHECK_THAT(alone, Contains("href=\"/" + language + "/\"") && !Contains("<textarea"));
            CHECK_THAT(alert, Contains(sentence(language, "again_files")));
            const bool kept = problem != Problem::empty_story && problem != Problem::wrong_encoding;
            CHECK((alert.find(sentence(language, "again_kept")) != std::string::npos) == kept);
        }
        for (const auto& section : pages().questionnaire().sections())
            for (const auto& field : section.fields)
                CHECK_THAT(again.to_field.at(field.id), Contains("href=\"#" + field.id + "\">" + sentence(language, "recruitment." + field.id) + "<"));
    }
}

TEST_CASE("the form posts what the server expects", "[web]")
{
    for (const auto& language : pages().languages()) {
        const auto& form = test::form_page(pages(), language);
        CHECK_THAT(form, Contains("<form method=\"post\" action=\"/" + language + "/report?" + std::string(test::made_token) + "\" enctype=\"multipart/form-data\" "
                                  "accept-charset=\"utf-8\" autocomplete=\"off\""));
        CHECK_THAT(form, Contains("required minlength=\"10\" maxlength=\"4000\""));
        CHECK_THAT(form, Contains("type=\"file\" name=\"files\" multiple"));
        CHECK_THAT(form, Contains(">\n</textarea>") && !Contains("role=\"alert\"") && !Contains("aria-invalid="));
        CHECK(count(form, "<button") == 2);
    }
}

TEST_CASE("a proof is offered folded away, unchecked and with its warning, and named nowhere else", "[web]")
{
    for (const auto& language : pages().languages()) {
        INFO(language);
        const auto warning = sentence(language, "proof_warning");
        const auto& form = test::form_page(pages(), language);
        const auto offer = between(form, "<details>\n<summary>" + sentence(language, "proof_offer") + "</summary>", "</details>");
        CHECK_THAT(offer, Contains(warning) && Contains("type=\"checkbox\" id=\"proof\" name=\"proof\""));
        for (const auto& token : test::scan_html(form))
            for (const auto* untouched : {"checked", "selected", "open"}) CHECK(!token.attributes.contains(untouched));
        const auto title = sentence(language, "proof_title");
        for (const bool urgent : {false, true}) {
            CHECK(pages().received(language, urgent).plain.find("id=\"proof") == std::string::npos);
            CHECK_THAT(pages().received(language, urgent, false, web::Proof::none).parts.front(), Contains(sentence(language, "proof_none")) && !Contains("id=\"proof"));
            const auto& parts = pages().received(language, urgent, false, web::Proof::made).parts;
            CHECK_THAT(parts[0], Contains(sentence(language, "received_title")) && Contains(title) && Contains(warning) &&
                                     Catch::EndsWith("href=\"data:text/plain;charset=utf-8,"));
            CHECK_THAT(parts[1], Catch::StartsWith("\" download=\"proof.txt\">") && Catch::EndsWith("<pre dir=\"ltr\" tabindex=\"0\">"));
            CHECK_THAT(parts[2], Catch::StartsWith("</pre>") && Contains("href=\"/log/check.html\""));
        }
    }
}

TEST_CASE("who said that it is urgent reads first whom to call", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {"en"};
    for (const bool configured : {false, true}) {
        if (configured) settings.texts["en"].numbers = "112 & <110>";
        const auto loaded = web::Pages::load(settings).value();
        const auto whom = configured ? "112 &amp; &lt;110&gt;" : sentence("en", "emergency_do");
        const auto& urgent = loaded.received("en", true).plain;
        const auto& other = loaded.received("en", false).plain;
        CHECK(urgent.find(whom) < urgent.find("<h1>"));
        CHECK(other.find(whom) > other.find("<h1>"));
        CHECK_THAT(urgent, Contains(sentence("en", "received_urgent")));
        CHECK_THAT(other, !Contains(sentence("en", "received_urgent")));
        for (const auto* page : {&urgent, &other}) CHECK(count(*page, whom) == 1);
    }
}

TEST_CASE("the pages are left for looking at", "[web]")
{
    const auto folder = test::shipped_data().parent_path().parent_path() / "pages";
    std::filesystem::create_directories(folder);
    for (const auto& page : all_pages()) test::write_text(folder / (page.name + "." + page.language + ".html"), page.html);
}

}  // namespace amana
