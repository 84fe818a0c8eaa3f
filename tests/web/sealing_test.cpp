// SPDX-License-Identifier: AGPL-3.0-or-later
// What the script that seals is told: docs/SEALING.md, section 2. And which page names it.
#include "tests/support/catch.hpp"
#include "tests/support/made_scripts.hpp"
#include "tests/web/gunzip.hpp"
#include "tests/web/site.hpp"
#include "web/inline.hpp"
#include "web/sealing.hpp"
#include "web/sealing_words.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <iostream>
#include <set>

namespace amana::test {

namespace {

namespace json = boost::json;

// Of these languages, with scripts.
web::SiteSettings settings_of(const DataCopy& copy, std::vector<std::string> languages)
{
    write_made_scripts(copy.path());
    auto settings = copy.settings();
    settings.languages = std::move(languages);
    return settings;
}

std::string text_of(const json::value& value)
{
    const auto& text = value.as_string();
    return std::string(text.data(), text.size());
}

}  // namespace

TEST_CASE("sealing.json says what the site, the form and the language are", "[web]")
{
    const DataCopy copy;
    auto settings = settings_of(copy, {"en"});
    settings.max_files_bytes = 5'000'000;
    settings.cover = std::chrono::seconds(30);
    const auto pages = web::Pages::load(settings).value();
    const auto& told = pages.sealing("en");
    const auto parsed = json::parse(told.plain).as_object();
    CHECK(parsed.at("v").as_int64() == 1);
    CHECK(text_of(parsed.at("root")) == settings.root_fingerprint);
    CHECK(text_of(parsed.at("report")) == "/en/report");
    CHECK(text_of(parsed.at("digits")) == "0123456789");
    CHECK(parsed.at("max_files_bytes").to_number<std::uint64_t>() == 5'000'000);
    CHECK(parsed.at("cover").at("mean").to_number<int>() == 30);
    CHECK(parsed.at("cover").at("most").to_number<int>() == 20);
    CHECK(gunzipped(told.packed) == told.plain.substr(0, told.plain.find_last_not_of(' ') + 1));

    const auto& words = parsed.at("words").as_object();
    CHECK(words.size() == web::sealing_words.size());
    for (const auto key : web::sealing_words) {
        INFO(key);
        const auto word = text_of(words.at({key.data(), key.size()}));
        CHECK(!word.empty());
        // Places stand as they are, the limit too: it is less while space is short.
        for (auto at = word.find('{'); at != std::string::npos; at = word.find('{', at + 1)) {
            const auto place = word.substr(at + 1, word.find('}', at) - at - 1);
            CHECK(std::ranges::find(web::sealing_places, place) != web::sealing_places.end());
        }
    }

    settings.cover = std::chrono::seconds(0);
    const auto uncovered = web::Pages::load(settings).value();
    CHECK(json::parse(uncovered.sealing("en").plain).at("cover").is_null());
}

TEST_CASE("sealing.json holds the whole questionnaire, as the front knows it", "[web]")
{
    const DataCopy copy;
    const auto pages = web::Pages::load(settings_of(copy, {"en"})).value();
    const auto form = json::parse(pages.sealing("en").plain).at("form").as_object();
    const auto& questionnaire = pages.questionnaire();
    CHECK(text_of(form.at("id")) == questionnaire.id());
    CHECK(form.at("version").to_number<std::uint32_t>() == questionnaire.version());
    const auto same_condition = [](const json::value& told, const std::optional<web::Condition>& when) {
        CHECK(told.is_null() == !when.has_value());
        if (!when || told.is_null()) return;
        CHECK(text_of(told.at("field")) == when->field);
        CHECK(json::value_to<std::vector<std::string>>(told.at("values")) == when->values);
    };
    const auto& sections = form.at("sections").as_array();
    REQUIRE(sections.size() == questionnaire.sections().size());
    std::set<std::string> types;
    std::size_t fields = 0;
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const auto& section = questionnaire.sections()[i];
        same_condition(sections[i].at("when"), section.when);
        const auto& told = sections[i].at("fields").as_array();
        REQUIRE(told.size() == section.fields.size());
        for (std::size_t j = 0; j < told.size(); ++j, ++fields) {
            const auto& field = section.fields[j];
            INFO(field.id);
            CHECK(text_of(told[j].at("id")) == field.id);
            CHECK(told[j].at("required").as_bool() == field.required);
            CHECK(told[j].at("least").to_number<std::uint32_t>() == field.least);
            CHECK(told[j].at("max").to_number<std::uint32_t>() == field.max);
            CHECK(told[j].at("rows").to_number<std::uint32_t>() == field.rows);
            CHECK(json::value_to<std::vector<std::string>>(told[j].at("options")) == field.options);
            CHECK(json::value_to<std::vector<std::string>>(told[j].at("urgent")) == field.urgent);
            same_condition(told[j].at("when"), field.when);
            types.insert(text_of(told[j].at("type")));
        }
    }
    CHECK(types == std::set<std::string>{"text", "line", "choice", "choices", "rows", "files"});
    std::cout << fields << " fields\n";
}

TEST_CASE("sealing.json has one size for all languages, packed and plain", "[web]")
{
    const DataCopy copy;
    const auto languages = shipped_languages();
    const auto pages = web::Pages::load(settings_of(copy, languages)).value();
    std::set<std::size_t> packed;
    std::set<std::size_t> plain;
    for (const auto& language : languages) {
        packed.insert(pages.sealing(language).packed.size());
        plain.insert(pages.sealing(language).plain.size());
        CHECK(text_of(json::parse(pages.sealing(language).plain).at("report")) == "/" + language + "/report");
        CHECK(text_of(json::parse(pages.sealing(language).plain).at("inbox")) == "/" + language + "/inbox");
    }
    CHECK(packed.size() == 1);
    CHECK(plain.size() == 1);
    std::cout << languages.size() << " languages, " << *packed.begin() << " bytes packed\n";
    // The same of bodies that are very unlike.
    const auto files = web::of_one_size({"{}", "{\"a\":\"" + std::string(5000, 'x') + "bcd\"}"}).value();
    CHECK(files.at(0).packed.size() == files.at(1).packed.size());
    CHECK(files.at(0).plain.size() == files.at(1).plain.size());
    CHECK(gunzipped(files.at(0).packed) == "{}");
}

TEST_CASE("the form names the script by its hash, and no other page names any", "[web]")
{
    const DataCopy copy;
    const auto pages = web::Pages::load(settings_of(copy, {"en"})).value();
    CHECK(pages.scripts().page.hash == web::source_hash(made_script("page.js")));
    CHECK(gunzipped(pages.scripts().worker.file.packed) == made_script("worker.js"));
    std::size_t forms = 0;
    for (const auto& page : all_pages(pages)) {
        INFO(page.name);
        const bool form = page.name.starts_with("form");
        CHECK(count(page.html, "<script ") == (form || page.name == "inbox" ? 1 : 0));
        if (!form) continue;
        ++forms;
        const auto tag = between(page.html, "<script ", "></script>");
        for (const auto& part : {std::string("src=\"/script/page.js\""), std::string("defer"), "integrity=\"" + pages.scripts().page.hash + "\"",
                                 std::string("data-worker=\"/script/worker.js\""), "data-worker-integrity=\"" + pages.scripts().worker.hash + "\"",
                                 std::string("data-sealing=\"/en/sealing.json\"")}) {
            INFO(part);
            CHECK(tag.find(part) != std::string::npos);
        }
        // Behind all that a page needs without it.
        CHECK(page.html.find("<script ") > page.html.find("</footer>"));
    }
    CHECK(forms == web::all_form_states.size());
}

TEST_CASE("scripts that are not whole are refused", "[web]")
{
    for (const auto* name : {"page.js", "worker.js", "page.js.gz", "worker.js.gz", "page.js.map", "worker.js.map", "inbox.js", "inbox_worker.js.gz", "inbox.js.map"}) {
        const DataCopy copy;
        const auto settings = settings_of(copy, {"en"});
        const auto path = copy.path() / "script" / name;
        std::filesystem::remove(path);
        CHECK(refusal(settings).find(name) != std::string::npos);
    }
    for (const auto* name : {"page.js", "worker.js.gz"}) {
        const DataCopy copy;
        const auto settings = settings_of(copy, {"en"});
        write_text(copy.path() / "script" / name, read_text(copy.path() / "script" / name) + "x");
        CHECK(refusal(settings).find("packed") != std::string::npos);
    }
    // And a language that lacks a word of theirs.
    const DataCopy copy;
    const auto settings = settings_of(copy, {"en"});
    copy.compile("en", replaced(po("en"), "msgid \"seal_here\"", "msgid \"seal_there\""));
    CHECK(refusal(settings).find("seal_here") != std::string::npos);
}

}  // namespace amana::test
