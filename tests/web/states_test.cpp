// SPDX-License-Identifier: AGPL-3.0-or-later
// What pages say that depends on the moment: under pressure, as room runs out, and the place in line.
#include "tests/support/catch.hpp"
#include "tests/web/shipped.hpp"

namespace amana {

namespace {

using Catch::Contains;
using test::all_pages;
using test::between;
using test::count;
using test::pages;
using test::sentence;
using web::Problem;

}  // namespace

TEST_CASE("a token stands in the address that the form is sent to, whatever its state", "[web]")
{
    const auto field = "/report?" + std::string(test::made_token) + "\" enctype=";
    for (const auto& page : all_pages()) {
        if (!page.name.starts_with("form") && !page.name.starts_with("again_")) continue;
        INFO(page.name << " in " << page.language);
        CHECK_THAT(page.html, Contains(field));
        CHECK(count(page.html, std::string(test::made_token)) == (page.name.ends_with(", pressed") ? 2 : 1));
    }
}

TEST_CASE("under pressure the place in line stands above the button, for browsers without a script", "[web]")
{
    for (const auto& page : all_pages()) {
        INFO(page.name << " in " << page.language);
        if (!page.name.ends_with(", pressed")) {
            CHECK_THAT(page.html, !Contains("<iframe") && !Contains("<noscript") && !Contains(sentence(page.language, "line_write")));
            continue;
        }
        const auto frame = "<iframe src=\"/" + page.language + "/line?" + std::string(test::made_token) + "\" title=\"" + sentence(page.language, "line_title") + "\"></iframe>";
        const auto place = "<div id=\"page-line\">\n<p>" + sentence(page.language, "line_write") + "</p>\n" + frame + "\n</div>\n";
        // What is given back has no script that seals: there it stands for everybody.
        const bool again = page.name.starts_with("again_");
        if (page.name.starts_with("inbox said")) {
            CHECK_THAT(page.html, Contains(place) && !Contains("<noscript>"));
            continue;
        }
        CHECK_THAT(page.html, Contains(again ? "\n\n" + place : "<noscript>\n" + place + "</noscript>"));
        CHECK(count(page.html, "<noscript>") == (again ? 0 : 2));
        CHECK(page.html.find("id=\"page-line\"") < page.html.find("<button"));
        CHECK_THAT(page.html, Contains("<a href=\"#page-line\">" + sentence(page.language, "line_title") + "</a>"));
    }
}

TEST_CASE("the form says what files there is room for", "[web]")
{
    auto settings = test::shipped_settings();
    settings.languages = {"en", "ar"};
    const auto loaded = web::Pages::load(settings).value();
    const auto of = [&](web::Room room, const char* language = "en") { return test::form_page(loaded, language, {false, room}); };
    CHECK_THAT(of(web::Room::all), Contains("Up to 64 MB in all.") && !Contains("data-most"));
    CHECK_THAT(of(web::Room::small_files), Contains("right now: up to 8 MB in all.") && Contains(" data-most=\"8388608\"") && !Contains("64 MB"));
    CHECK_THAT(of(web::Room::small_files, "ar"), Contains("٨ ميغابايت") && !Contains("٦٤"));
    CHECK_THAT(of(web::Room::text_only), Contains(sentence("en", "room_text")) && Contains(sentence("en", "room_text_advice")) &&
                                             !Contains("type=\"file\"") && !Contains("MB in all") && !Contains("<label for=\"files\""));
    const auto alert = [&](web::Room room, Problem problem) { return loaded.form_again("en", {true, room}).alerts.at(static_cast<std::size_t>(problem)); };
    for (const auto problem : {Problem::too_large, Problem::too_many_parts, Problem::crowded}) {
        CHECK_THAT(alert(web::Room::all, problem), Contains(sentence("en", "again_files")) && !Contains(sentence("en", "room_text")));
        CHECK_THAT(alert(web::Room::text_only, problem), Contains(sentence("en", "again_kept")) && !Contains(sentence("en", "again_files")));
    }
    CHECK_THAT(alert(web::Room::all, Problem::too_large), Contains("64 MB"));
    CHECK_THAT(alert(web::Room::small_files, Problem::too_large), Contains("The limit is 8 MB in all"));
    CHECK_THAT(alert(web::Room::text_only, Problem::too_large), Contains(sentence("en", "room_text")) && Contains(sentence("en", "room_text_advice")));
    CHECK_THAT(alert(web::Room::text_only, Problem::crowded), Contains(sentence("en", "problem_crowded")));
    // Where less is configured than small files are, that is the limit.
    settings.max_files_bytes = 5ULL << 20U;
    CHECK_THAT(test::form_page(web::Pages::load(settings).value(), "en", {false, web::Room::small_files}),
               Contains("right now: up to 5 MB in all.") && Contains(" data-most=\"5242880\""));
}

TEST_CASE("the place in line is a small page that keeps itself, in the language's digits", "[web]")
{
    for (const auto& page : test::line_pages(pages())) {
        INFO(page.name << " in " << page.language);
        const bool called = page.name == "line, called";
        const bool stale = page.name == "line, stale";
        const auto refresh = "<meta http-equiv=\"refresh\" content=\"" + std::string(called ? "30" : "10") + "; url=/" + page.language + "/line?" + std::string(test::made_token) + "\">";
        if (stale) CHECK_THAT(page.html, !Contains("http-equiv") && !Contains("/line?"));
        else CHECK_THAT(page.html, Contains(refresh));
        CHECK_THAT(page.html, Catch::StartsWith("<!DOCTYPE html>\n<html lang=\"" + page.language + "\" dir=\"" + sentence(page.language, "direction") + "\">"));
        CHECK_THAT(page.html, Contains("<title>" + sentence(page.language, "page_title") + "</title>"));
        CHECK(between(page.html, "<style>", "</style>") == between(pages().index().plain, "<style>", "</style>"));
        CHECK_THAT(page.html, !Contains("<script") && !Contains("<a ") && !Contains("<form"));
        const auto said = between(page.html, "<div role=\"status\">\n", "</div>");
        CHECK_THAT(said, Contains("<h1>" + sentence(page.language, called ? "line_turn" : stale ? "line_stale" : "line_title") + "</h1>"));
        if (called || stale) CHECK_THAT(said, Contains(sentence(page.language, called ? "line_turn_advice" : "line_stale_advice")) && !Contains("<b>"));
        else
            for (const auto* key : {"line_before", "line_minutes"}) CHECK_THAT(said, Contains("<p>" + sentence(page.language, key) + " <b>"));
        for (const auto& token : test::scan_html(page.html))
            if (token.inside != "style") CHECK(token.text.find_first_of("{}\x01\x02\x03\x04\x05") == std::string::npos);
    }
    CHECK(pages().line("ar").number(31) == "      ٣١");
    CHECK(pages().line("ne").number(65'536) == "६५५३६");
    CHECK(pages().line("en").number(0) == "    0");
    CHECK(pages().line("en").number(123'456'789) == "99999");
}

}  // namespace amana
