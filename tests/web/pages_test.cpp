// SPDX-License-Identifier: AGPL-3.0-or-later
// The pages as they are sent: whole, self-contained, and giving back what was typed. Prints their sizes, and leaves them
// in <build>/pages for looking at.
#include "tests/support/catch.hpp"
#include "tests/web/site.hpp"
#include "web/escape.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <iostream>
#include <set>

namespace amana {

namespace {

using Catch::Contains;
using web::Problem;

const web::Pages& pages()
{
    static const auto loaded = web::Pages::load(test::shipped_settings()).value();
    return loaded;
}

std::string with_story(const web::SplitPage& page, std::string_view story)
{
    SecretText out(128U << 10U);
    REQUIRE(out.append(page.before));
    REQUIRE(web::append_escaped(out, story));
    REQUIRE(out.append(page.after));
    return std::string(out.text());
}

struct Page {
    std::string name;
    std::string language;
    std::string html;
};

std::vector<Page> all_pages()
{
    std::vector<Page> all{{"index", pages().languages().front(), std::string(pages().index())}};
    for (const auto& language : pages().languages()) {
        all.push_back({"form", language, std::string(pages().form(language))});
        all.push_back({"received", language, std::string(pages().received(language))});
        all.push_back({"received_without_proof", language, std::string(pages().received_without_proof(language))});
        for (const auto problem : web::all_problems) {
            const auto name = std::string(web::problem_name(problem));
            all.push_back({"problem_" + name, language, std::string(pages().problem(language, problem))});
            all.push_back({"again_" + name, language, with_story(pages().form_again(language, problem), "story")});
        }
    }
    return all;
}

std::string between(const std::string& text, const std::string& open, const std::string& close)
{
    const auto from = text.find(open);
    REQUIRE(from != std::string::npos);
    const auto to = text.find(close, from + open.size());
    REQUIRE(to != std::string::npos);
    return text.substr(from + open.size(), to - from - open.size());
}

std::size_t count(const std::string& text, const std::string& part)
{
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

// What a catalogue's sentence looks like on a page; the texts hold no other special characters.
std::string on_page(const std::string& text)
{
    SecretText out(64U << 10U);
    REQUIRE(web::append_escaped(out, text));
    return std::string(out.text());
}

std::string filled(std::string text)
{
    for (const auto& [name, value] : {std::pair{"{limit}", "64"}, {"{min}", "10"}, {"{max}", "4000"}}) {
        if (text.find(name) != std::string::npos) text = test::replaced(text, name, value);
    }
    return text;
}

}  // namespace

TEST_CASE("every page in every language is whole and says its language", "[web]")
{
    const auto all = all_pages();
    CHECK(all.size() == 1 + pages().languages().size() * (3 + 2 * web::all_problems.size()));
    for (const auto& page : all) {
        INFO(page.name << " in " << page.language);
        const auto direction = test::read_catalogue(page.language).at("direction").text;
        CHECK_THAT(page.html, Catch::StartsWith("<!DOCTYPE html>\n<html lang=\"" + page.language + "\" dir=\"" + direction));
        CHECK_THAT(page.html, Contains("</body>\n</html>\n"));
        CHECK(page.html.find("{{") == std::string::npos);
        CHECK(page.html.find("}}", page.html.find("</style>")) == std::string::npos);  // a style may end so
        CHECK(page.html.find('\x01') == std::string::npos);
        CHECK(count(page.html, "<h1") == 1);
        CHECK(count(page.html, "<main>") == 1);
        CHECK_THAT(page.html, Contains("9f2a c41b e077"));
        CHECK_THAT(page.html, Contains("<meta name=\"referrer\" content=\"no-referrer\">"));
    }
}

TEST_CASE("no page fetches, runs or remembers anything", "[web]")
{
    for (const auto& page : all_pages()) {
        INFO(page.name << " in " << page.language);
        for (const auto* forbidden : {"http:", "https:", "src=", "url(", "<script", "<link", "<img", "<iframe", "<base",
                                      " style=", " on", "javascript:", "data:", "@import", "=\"//"}) {
            INFO(forbidden);
            auto tags = page.html;
            if (std::string_view(forbidden) == " on") {  // event handlers, inside tags only
                tags.clear();
                for (auto at = page.html.find('<'); at != std::string::npos; at = page.html.find('<', at + 1)) {
                    tags += page.html.substr(at, page.html.find('>', at) - at);
                }
            }
            CHECK(tags.find(forbidden) == std::string::npos);
        }
    }
}

TEST_CASE("the style's hash is that of the bytes on every page", "[web]")
{
    for (const auto& page : all_pages()) {
        const auto style = between(page.html, "<style>", "</style>");
        ByteArray<crypto_hash_sha256_BYTES> digest;
        const auto bytes = as_bytes(style);
        crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
        CHECK(pages().style_hash() == "sha256-" + to_base64(digest));
        CHECK(style.find("/*") == std::string::npos);
        CHECK(count(page.html, "<style") == 1);
    }
}

TEST_CASE("one neutral title stands on every page of a language", "[web]")
{
    for (const auto& page : all_pages()) {
        CHECK(count(page.html, "<title") == 1);
        CHECK(between(page.html, "<title>", "</title>") == test::read_catalogue(page.language).at("page_title").text);
    }
}

TEST_CASE("each problem says what happened and what to do, in its own language", "[web]")
{
    for (const auto& language : pages().languages()) {
        const auto entries = test::read_catalogue(language);
        std::set<std::string> distinct;
        for (const auto problem : web::all_problems) {
            const auto key = "problem_" + std::string(web::problem_name(problem));
            INFO(language << " " << key);
            const auto title = on_page(entries.at(key).text);
            const auto alone = std::string(pages().problem(language, problem));
            const auto again = with_story(pages().form_again(language, problem), "story");
            const auto advice = on_page(entries.at(key + "_advice").text);
            CHECK(distinct.insert(title).second);
            CHECK_THAT(alone, Contains("role=\"alert\"") && Contains(">" + title + "<") && Contains(filled(advice)));
            CHECK_THAT(alone, Contains("href=\"/" + language + "/\"") && !Contains("<textarea"));
            CHECK_THAT(again, Contains("role=\"alert\"") && Contains(">" + title + "<") && Contains(filled(advice)));
            CHECK_THAT(again, Contains(on_page(entries.at("again_files").text)) && Contains("<textarea"));
            const auto field = std::string(web::problem_field(problem));
            for (const std::string candidate : {"story", "files"}) {
                const bool at_fault = candidate == field;
                CHECK((again.find("<a href=\"#" + candidate + "\"") != std::string::npos) == at_fault);
                CHECK(count(again, "id=\"" + candidate + "\"") == 1);
            }
            CHECK(count(again, "aria-invalid=\"true\"") == (field.empty() ? 0 : 1));
        }
    }
}

TEST_CASE("a problem points at the field that has to change, and at no other", "[web]")
{
    const std::set at_the_story{Problem::empty_story, Problem::short_story, Problem::long_story, Problem::wrong_encoding};
    const std::set at_the_files{Problem::too_large, Problem::too_many_parts};
    for (const auto problem : web::all_problems) {
        INFO(web::problem_name(problem));
        CHECK((web::problem_field(problem) == "story") == at_the_story.contains(problem));
        CHECK((web::problem_field(problem) == "files") == at_the_files.contains(problem));
    }
}

TEST_CASE("what was typed comes back exactly, and can't leave its place", "[web]")
{
    const auto& page = pages().form_again("ar", Problem::too_large);
    CHECK_THAT(page.before, Catch::EndsWith(">\n"));  // the newline that HTML drops
    for (const std::string story : {"قال لي: \"تعال\" & لا تخبر أحدًا", "</textarea><script>x</script>", "\nأول سطر فارغ", "{{name}}",
                                    "&lt;", "' onfocus='x"}) {
        const auto html = with_story(page, story);
        CHECK(count(html, "</textarea>") == 1);
        CHECK(html.find("<script") == std::string::npos);
        const auto given = between(html.substr(page.before.rfind("<textarea")), ">", "</textarea>");
        CHECK(given == "\n" + on_page(story));
    }
    CHECK_THAT(page.before, Contains(on_page(test::read_catalogue("ar").at("again_kept").text)));
    CHECK_THAT(pages().form_again("ar", Problem::wrong_encoding).before,
               !Contains(on_page(test::read_catalogue("ar").at("again_kept").text)));
}

TEST_CASE("the form posts what the server expects", "[web]")
{
    for (const auto& language : pages().languages()) {
        const auto form = std::string(pages().form(language));
        CHECK_THAT(form, Contains("<form method=\"post\" action=\"/" + language + "/report\" enctype=\"multipart/form-data\" "
                                  "accept-charset=\"utf-8\""));
        CHECK_THAT(form, Contains("name=\"story\" rows=\"7\" required minlength=\"10\" maxlength=\"4000\""));
        CHECK_THAT(form, Contains("type=\"file\" name=\"files\" multiple"));
        CHECK_THAT(form, Contains(">\n</textarea>") && !Contains("role=\"alert\"") && !Contains("aria-invalid="));
        CHECK(count(form, "<button") == 1);
    }
}

TEST_CASE("a proof is offered folded away, unchecked and with its warning, and named nowhere else", "[web]")
{
    for (const auto& language : pages().languages()) {
        INFO(language);
        const auto entries = test::read_catalogue(language);
        const auto warning = on_page(entries.at("proof_warning").text);
        const auto form = std::string(pages().form(language));
        const auto offer = between(form, "<details>\n<summary>" + on_page(entries.at("proof_offer").text) + "</summary>", "</details>");
        CHECK_THAT(offer, Contains(warning) && Contains("type=\"checkbox\" id=\"proof\" name=\"proof\""));
        CHECK(form.find("checked") == std::string::npos);
        CHECK(form.find("<details open") == std::string::npos);
        CHECK(std::string(pages().received(language)).find(on_page(entries.at("proof_title").text)) == std::string::npos);
        CHECK_THAT(std::string(pages().received_without_proof(language)), Contains(on_page(entries.at("proof_none").text)));
        for (const auto problem : web::all_problems) {
            const auto& again = pages().form_again(language, problem);
            CHECK(again.after.find("checked") == std::string::npos);
            CHECK(&again.after_story(false) == &again.after);
            CHECK(again.after_story(true) == test::replaced(test::replaced(again.after, "<details>", "<details open>"),
                                                            "aria-describedby=\"proof-warning\"", "aria-describedby=\"proof-warning\" checked"));
        }
        const auto& page = pages().received_with_proof(language);
        CHECK_THAT(page.before, Contains(on_page(entries.at("received_title").text)) && Contains(warning) &&
                                    Contains(on_page(entries.at("proof_once").text)) &&
                                    Catch::EndsWith("href=\"data:text/plain;charset=utf-8,"));
        CHECK_THAT(page.between, Catch::StartsWith("\" download=\"proof.txt\">") && Catch::EndsWith("<pre dir=\"ltr\">"));
        CHECK_THAT(page.after, Catch::StartsWith("</pre>") && Contains("href=\"/log/check.html\"") &&
                                   Contains(on_page(entries.at("proof_later").text)));
        CHECK(page.before.find_first_of("\x01\x02\x03") == std::string::npos);
        CHECK(page.after.find_first_of("\x01\x02\x03") == std::string::npos);
    }
}

TEST_CASE("the page that checks a proof is one file, and its policy names its own script and style", "[web]")
{
    const auto& log = pages().log();
    const auto page = log.checker("log.example+01234567+AbC/d=<\"&");
    CHECK_THAT(page, Contains(">\nlog.example+01234567+AbC/d=&lt;&quot;&amp;</textarea>"));
    CHECK_THAT(page, Contains("<meta http-equiv=\"Content-Security-Policy\" content=\"" + log.checker_policy() + "\">"));
    CHECK_THAT(log.checker_policy(), Contains("default-src 'none'") && Contains("connect-src 'none'") && !Contains("unsafe"));
    CHECK(count(page, "<script>") == 1);
    CHECK(count(page, "<script") == 1);
    for (const auto& [open, close, directive] : {std::tuple{"<script>", "</script>", "script-src"}, {"<style>", "</style>", "style-src"}}) {
        ByteArray<crypto_hash_sha256_BYTES> digest;
        const auto text = between(page, open, close);
        const auto bytes = as_bytes(text);
        crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
        CHECK_THAT(log.checker_policy(), Contains(fmt::format("{} 'sha256-{}'", directive, to_base64(digest))));
    }
    for (const auto* forbidden : {"src=", "url(", "<link", "<img", "<iframe", " style=", "javascript:", "@import", "fetch(", "XMLHttpRequest",
                                  "localStorage", "indexedDB", "{{"}) {
        INFO(forbidden);
        CHECK(page.find(forbidden) == std::string::npos);
    }
    CHECK(page.size() < 40U << 10U);
    std::cout << "log/check.html: " << page.size() << " bytes\n";
    CHECK(log.index().find("<script") == std::string::npos);
    CHECK(log.index().find("{{") == std::string::npos);
    CHECK(log.checker(std::string(5000, '"')).size() < 50U << 10U);
}

TEST_CASE("the first page offers every language by its own name, in the configured order", "[web]")
{
    web::SiteSettings defaults;
    CHECK(defaults.languages.front() == "ar");
    const auto index = std::string(pages().index());
    std::size_t last = 0;
    for (const auto& language : pages().languages()) {
        const auto entries = test::read_catalogue(language);
        const auto at = index.find(fmt::format(R"(<li lang="{0}" dir="{1}"><a href="/{0}/" hreflang="{0}"><b>{2}</b>)", language,
                                               entries.at("direction").text, entries.at("language_name").text));
        INFO(language);
        REQUIRE(at != std::string::npos);
        CHECK(at > last);
        last = at;
    }
}

TEST_CASE("settings show where they should", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {"en", "ar"};
    settings.names = {{"en", "Ministry of <Tests> & Trials"}};
    settings.max_files_bytes = 5ULL << 19U;
    const auto changed = web::Pages::load(settings).value();
    CHECK_THAT(std::string(changed.form("en")), Contains("Ministry of &lt;Tests&gt; &amp; Trials") && Contains("2.5 MB"));
    CHECK_THAT(std::string(changed.form("ar")), Contains("وزارة الخارجية"));
    CHECK(changed.speaks("ar"));
    CHECK_FALSE(changed.speaks("fr"));
    CHECK(changed.form("fr") == changed.form("en"));
    CHECK(changed.form("<x>") == changed.form("en"));
    settings.languages = {"ar", "en"};
    const auto arabic_first = web::Pages::load(settings).value();
    CHECK(arabic_first.form("fr") == arabic_first.form("ar"));
}

TEST_CASE("a first load is small", "[web]")
{
    const auto folder = test::shipped_data().parent_path().parent_path() / "pages";
    std::filesystem::create_directories(folder);
    for (const auto& page : all_pages()) {
        test::write_text(folder / (page.name + "." + page.language + ".html"), page.html);
        CHECK(page.html.size() < 20U << 10U);
        if (page.name == "index" || page.name == "form" || page.name == "received" || page.name == "again_too_large") {
            std::cout << page.name << "." << page.language << ": " << page.html.size() << " bytes\n";
        }
    }
}

}  // namespace amana
