// SPDX-License-Identifier: AGPL-3.0-or-later
// Every word on a page is a catalogue's: shown by a catalogue of marked sentences, by looking for one language's sentences on
// another's pages, and by looking for sentences that nothing says.
#include "tests/support/catch.hpp"
#include "tests/web/html.hpp"
#include "tests/web/site.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

namespace amana {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view open = "⟦";
constexpr std::string_view close = "⟧";

// What is no sentence: it stands in markup, or is taken apart.
const std::set<std::string> unmarked{"language_name", "direction", "digits", "review"};

// The English catalogue with each sentence in marks.
std::string marked_po(const std::string& review)
{
    std::istringstream lines(test::po("en"));
    std::string out;
    std::string line;
    std::string msgid;
    while (std::getline(lines, line)) {
        if (line.starts_with("msgid ")) msgid = line.substr(7, line.size() - 8);
        if (line.starts_with("msgstr") && !msgid.empty() && !unmarked.contains(msgid)) {
            line.insert(line.find('"') + 1, open);
            line.insert(line.size() - 1, close);
        }
        if (msgid == "review" && line.starts_with("msgstr")) line = "msgstr \"" + review + "\"";
        out += line + "\n";
    }
    return out;
}

// What is left of a text when its marked sentences, the fingerprint, names of languages and whatever is no letter are gone.
std::string unsaid(std::string text, const std::set<std::string>& names)
{
    const auto remove = [&](const std::string& part) {
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
    };
    for (auto at = text.find(open); at != std::string::npos; at = text.find(open)) {
        const auto end = text.find(close, at);
        if (end == std::string::npos) return text;
        text.erase(at, end + close.size() - at);
    }
    for (const auto& name : names) remove(name);
    remove("9f2a c41b e077 33d1 5a86 c0fe 4482 bb19 d70e 35f6 a1c8 802d 6b94 e357 0fca 126e");
    std::erase_if(text, [](unsigned char c) { return c < 0x80 && std::isalpha(c) == 0; });
    return text;
}

// Every word that a page shows or says.
std::vector<std::string> words_of(std::string_view html)
{
    std::vector<std::string> words;
    for (const auto& token : test::scan_html(html)) {
        if (token.inside == "style" || token.inside == "script") continue;
        if (token.tag.empty()) words.push_back(token.text);
        for (const auto* name : {"aria-label", "alt", "placeholder", "title", "data-two", "data-one"})
            if (const auto found = token.attributes.find(name); found != token.attributes.end()) words.push_back(found->second);
    }
    return words;
}

std::set<std::string> language_names()
{
    std::set<std::string> names;
    for (const auto& language : test::shipped_languages()) names.insert(test::read_catalogue(language).at("language_name").text);
    return names;
}

}  // namespace

TEST_CASE("no page says a word that is not a catalogue's", "[web]")
{
    const test::DataCopy copy;
    for (const auto& language : test::shipped_languages()) copy.compile(language, marked_po(language == "ne" ? "awaiting" : "done"));
    std::size_t texts = 0;
    std::size_t said = 0;
    // With one other language, with few and with a menu of many; by hours and by days; with the ministry's numbers and without.
    auto names = language_names();
    for (const auto& languages : {std::vector<std::string>{"en", "ne"}, test::shipped_languages()}) {
        auto settings = copy.settings();
        settings.languages = languages;
        settings.read_every = std::chrono::hours(languages.size() == 2 ? 5 : 48);
        if (languages.size() == 2)
            for (const auto& language : languages) settings.texts[language].numbers = "112";
        const auto pages = web::Pages::load(settings).value();
        auto shown = test::all_pages(pages);
        for (auto& page : test::line_pages(pages)) shown.push_back(std::move(page));
        for (const auto& page : shown) {
            INFO(page.name << " in " << page.language);
            for (const auto& text : words_of(page.html)) {
                INFO(text);
                CHECK(unsaid(text, names).empty());
                ++texts;
                said += test::count(text, open);
            }
            CHECK(page.html.find("⟦⟦") == std::string::npos);
        }
    }
    CHECK(said > 1000);
    std::cout << texts << " texts, " << said << " sentences\n";
}

TEST_CASE("no page of one language holds a sentence of another", "[web]")
{
    constexpr std::size_t long_enough = 13;  // bytes
    const auto pages = web::Pages::load(test::shipped_settings()).value();
    std::map<std::string, std::set<std::string>> words;
    auto shown = test::all_pages(pages);
    for (auto& page : test::line_pages(pages)) shown.push_back(std::move(page));
    for (const auto& page : shown)
        if (page.name != "index")
            for (auto& text : words_of(page.html)) words[page.language].insert(text);
    std::map<std::string, std::map<std::string, test::CatalogueEntry>> catalogues;
    for (const auto& language : test::shipped_languages()) catalogues[language] = test::read_catalogue(language);
    std::size_t looked = 0;
    for (const auto& [language, texts] : words) {
        std::string all;
        for (const auto& text : texts) all += text + "\n";
        std::string own;
        for (const auto& [msgid, entry] : catalogues[language])
            for (const auto& form : entry.forms) own += form + "\n";
        for (const auto& [other, entries] : catalogues) {
            if (other == language) continue;
            for (const auto& [msgid, entry] : entries) {
                if (msgid == "language_name") continue;
                for (auto form : entry.forms) {
                    form = form.substr(0, form.find('{'));
                    // A name that both languages write alike.
                    if (form.size() < long_enough || ::memmem(own.data(), own.size(), form.data(), form.size()) != nullptr) continue;
                    ++looked;
                    if (::memmem(all.data(), all.size(), form.data(), form.size()) == nullptr) continue;
                    FAIL_CHECK("\"" << form << "\" of " << other << " (" << msgid << ") on a page of " << language);
                }
            }
        }
    }
    CHECK(looked > 20'000);
    std::cout << looked << " sentences looked for\n";
}

TEST_CASE("no long sentence was left in English", "[web]")
{
    constexpr std::size_t long_enough = 20;  // bytes; names and loan words are shorter
    const auto english = test::read_catalogue("en");
    for (const auto& language : test::shipped_languages()) {
        if (language == "en") continue;
        for (const auto& [msgid, entry] : test::read_catalogue(language)) {
            INFO(language << ": " << msgid);
            if (entry.text.size() >= long_enough) CHECK(entry.text != english.at(msgid).text);
        }
    }
}

TEST_CASE("nothing is translated that nobody says", "[web]")
{
    const auto source = test::source_directory();
    std::string code;
    for (const auto* folder : {"web", "server", "desk", "deploy"})
        for (const auto& entry : fs::recursive_directory_iterator(source / folder)) {
            const auto extension = entry.path().extension();
            if (entry.is_regular_file() && (extension == ".cpp" || extension == ".hpp" || extension == ".mjs" || extension == ".mustache"))
                code += test::read_text(entry.path());
        }
    std::set<std::string> asked;
    for (const auto& form : fs::directory_iterator(source / "web" / "forms")) {
        const auto questionnaire = web::Questionnaire::parse(test::read_text(form.path())).value();
        for (const auto& key : questionnaire.sentence_keys()) asked.insert(questionnaire.id() + "." + key);
    }
    for (const auto problem : web::all_problems)
        for (const auto* end : {"", "_advice"}) asked.insert("problem_" + std::string(web::problem_name(problem)) + end);
    const bool prints = fs::exists(source / "server" / "print");
    std::string unused;
    std::size_t used = 0;
    for (const auto& [msgid, entry] : test::read_catalogue("en")) {
        if (msgid.starts_with("print_") && !prints) continue;
        const bool said = asked.contains(msgid) || code.find("{{t." + msgid + "}}") != std::string::npos || code.find("\"" + msgid + "\"") != std::string::npos;
        if (said) ++used;
        else unused += " " + msgid;
    }
    CHECK(unused.empty());
    if (!unused.empty()) WARN("nobody says:" << unused);
    std::cout << used << " sentences in use\n";
}

}  // namespace amana
