// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/web/site.hpp"

#include "base/secret.hpp"
#include "tests/support/catch.hpp"
#include "web/escape.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include <unistd.h>

namespace amana::test {

namespace fs = std::filesystem;

namespace {

fs::path from_environment(const char* name)
{
    const char* value = std::getenv(name);
    INFO("set " << name << ", as ctest does");
    REQUIRE(value != nullptr);
    return value;
}

// The text between the first and the last quote of a line.
std::string in_quotes(const std::string& line)
{
    const auto open = line.find('"');
    const auto close = line.rfind('"');
    REQUIRE(close > open);
    return line.substr(open + 1, close - open - 1);
}

}  // namespace

fs::path source_directory() { return from_environment("AMANA_SOURCE"); }

fs::path shipped_data() { return from_environment("AMANA_BUILD") / "share" / "amana"; }

std::vector<std::string> shipped_languages()
{
    std::vector<std::string> languages;
    for (const auto& entry : fs::directory_iterator(source_directory() / "web" / "locale")) {
        if (entry.path().extension() == ".po") languages.push_back(entry.path().stem().string());
    }
    std::ranges::sort(languages);
    REQUIRE(languages.size() >= 2);
    return languages;
}

std::string shipped_form(const std::string& name)
{
    return read_text(shipped_data() / "forms" / (name + ".toml"));
}

web::SiteSettings shipped_settings()
{
    web::SiteSettings settings;
    settings.data = shipped_data();
    settings.languages = shipped_languages();
    settings.questionnaire = shipped_form();
    settings.root_fingerprint = "9f2ac41be07733d15a86c0fe4482bb19d70e35f6a1c8802d6b94e3570fca126e";
    return settings;
}

std::string read_text(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_text(const fs::path& path, const std::string& text)
{
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    REQUIRE(file);
}

std::string po(const std::string& language)
{
    return read_text(source_directory() / "web" / "locale" / (language + ".po"));
}

std::map<std::string, CatalogueEntry> read_catalogue(const std::string& language)
{
    std::istringstream lines(po(language));
    std::map<std::string, CatalogueEntry> entries;
    std::string line;
    std::string msgid;
    std::vector<std::string> english;
    while (std::getline(lines, line)) {
        if (line.starts_with("#. ")) {
            english.push_back(line.substr(3));
        } else if (line.starts_with("msgid ")) {
            msgid = in_quotes(line);
            entries[msgid].english = std::exchange(english, {});
        } else if (line.starts_with("msgstr")) {
            entries[msgid].forms.push_back(in_quotes(line));
        }
    }
    for (auto& [key, entry] : entries) entry.text = entry.forms.empty() ? "" : entry.forms.front();
    entries.erase("");
    return entries;
}

DataCopy::DataCopy()
{
    auto name = (fs::temp_directory_path() / "amana-web-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    fs::copy(shipped_data(), path_, fs::copy_options::recursive);
}

DataCopy::~DataCopy()
{
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

web::SiteSettings DataCopy::settings() const
{
    auto settings = shipped_settings();
    settings.data = path_;
    return settings;
}

void DataCopy::compile(const std::string& language, const std::string& po) const
{
    const auto source = path_ / "changed.po";
    const auto folder = path_ / "locale" / language / "LC_MESSAGES";
    fs::create_directories(folder);
    write_text(source, po);
    const auto command = "msgfmt -o '" + (folder / "amana.mo").string() + "' '" + source.string() + "'";
    REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(cert-env33-c): msgfmt, on names of our own
}

std::string replaced(std::string text, const std::string& from, const std::string& to)
{
    const auto at = text.find(from);
    INFO("looking for " << from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string escaped(std::string_view text)
{
    SecretText out(1U << 20U);
    REQUIRE(web::append_escaped(out, text));
    return std::string(out.text());
}

std::string between(const std::string& text, const std::string& open, const std::string& close)
{
    const auto from = text.find(open);
    INFO("looking for " << open);
    REQUIRE(from != std::string::npos);
    const auto to = text.find(close, from + open.size());
    REQUIRE(to != std::string::npos);
    return text.substr(from + open.size(), to - from - open.size());
}

std::size_t count(std::string_view text, std::string_view part)
{
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

std::string refusal(const web::SiteSettings& settings)
{
    const auto pages = web::Pages::load(settings);
    REQUIRE(pages.has_error());
    return pages.error().text();
}

std::string form_page(const web::Pages& pages, const std::string& language, web::FormState state)
{
    const std::vector<std::string_view> holes(state.pressed ? 2 : 1, made_token);
    return pages.form(language, state).filled(holes, false).plain;
}

std::string joined(const web::Pieces& pieces)
{
    std::string text;
    for (const auto& piece : pieces) text += piece.before;
    return text;
}

namespace {

// As it is sent for one problem of one question, with nothing typed.
std::string again(const web::Pages& pages, const std::string& language, web::Problem problem, web::FormState state)
{
    const auto& page = pages.form_again(language, state);
    std::string text;
    for (const auto& piece : page.pieces) {
        text += piece.before;
        if (piece.has_slot && piece.slot.kind == web::Slot::Kind::alert)
            text += page.alerts.at(static_cast<std::size_t>(problem)) + page.to_field.find(web::story_id)->second;
        if (piece.has_slot && piece.slot.kind == web::Slot::Kind::token) text += made_token;
    }
    return text;
}

// What is shown once stands in it as zeros.
std::string kept(const web::KeepsakePage& page)
{
    const std::vector<std::string_view> holes(page.parts.size() - 1, "0");
    return page.filled(holes, false).plain;
}

constexpr std::array inbox_said{
    std::pair{web::InboxSaid::count, "count"}, std::pair{web::InboxSaid::check, "check"}, std::pair{web::InboxSaid::empty, "empty"},
    std::pair{web::InboxSaid::damaged, "damaged"}, std::pair{web::InboxSaid::opened, "opened"}, std::pair{web::InboxSaid::write, "write"},
    std::pair{web::InboxSaid::again, "again"}, std::pair{web::InboxSaid::sent, "sent"}, std::pair{web::InboxSaid::sure, "sure"},
    std::pair{web::InboxSaid::erased, "erased"}};
static_assert(inbox_said.size() == web::inbox_said);

// An inbox as it is said to a code, with nothing in the letter.
std::string inbox(const web::InboxPages& pages, web::InboxSaid what, web::FormState state)
{
    std::string text;
    for (const auto& piece : pages.saying(what, state)) {
        text += piece.before;
        if (piece.slot == web::InboxSlot::token) text += made_token;
        if (piece.slot == web::InboxSlot::code) text += "0";
    }
    return text;
}

std::string name_of(web::FormState state)
{
    constexpr std::array rooms{"", ", small files", ", text only"};
    return rooms.at(static_cast<std::size_t>(state.room)) + std::string(state.pressed ? ", pressed" : "");
}

}  // namespace

std::vector<NamedPage> line_pages(const web::Pages& pages)
{
    std::vector<NamedPage> all;
    for (const auto& language : pages.languages()) {
        const auto& line = pages.line(language);
        const auto before = line.number(12);
        const auto minutes = line.number(3);
        all.push_back({"line, waiting", language, line.waiting.filled(std::array<std::string_view, 3>{made_token, before, minutes}, false).plain});
        all.push_back({"line, called", language, line.called.filled(std::array{made_token}, false).plain});
        all.push_back({"line, stale", language, line.stale.plain});
    }
    return all;
}

std::vector<NamedPage> all_pages(const web::Pages& pages)
{
    std::vector<NamedPage> all{{"index", pages.languages().front(), pages.index().plain}};
    for (const auto& language : pages.languages()) {
        for (const auto state : web::all_form_states) all.push_back({"form" + name_of(state), language, form_page(pages, language, state)});
        all.push_back({"help", language, pages.help(language).plain});
        for (const bool urgent : {false, true}) {
            const std::string which = urgent ? "_urgent" : "";
            all.push_back({"received" + which, language, pages.received(language, urgent).plain});
            all.push_back({"received_without_proof" + which, language, kept(pages.received(language, urgent, false, web::Proof::none))});
            all.push_back({"received_with_proof" + which, language, kept(pages.received(language, urgent, false, web::Proof::made))});
            all.push_back({"received_with_code" + which, language, kept(pages.received(language, urgent, true, web::Proof::unasked))});
            all.push_back({"received_with_code_and_proof" + which, language, kept(pages.received(language, urgent, true, web::Proof::made))});
        }
        const auto& looked = pages.inbox(language);
        all.push_back({"inbox", language, looked.page.plain});
        for (const auto& [what, name] : inbox_said)
            for (const auto state : web::all_form_states)
                if (web::index_of(state) == 0 || what == web::InboxSaid::empty || what == web::InboxSaid::opened || what == web::InboxSaid::write || what == web::InboxSaid::sure)
                    all.push_back({std::string("inbox said ") + name + name_of(state), language, inbox(looked, what, state)});
        for (const auto problem : web::all_problems) {
            const auto name = std::string(web::problem_name(problem));
            all.push_back({"inbox_" + name, language, looked.problems.at(static_cast<std::size_t>(problem)).plain});
            all.push_back({"problem_" + name, language, pages.problem(language, problem).plain});
            for (const auto state : web::all_form_states)
                if (web::index_of(state) == 0 || problem == web::Problem::crowded || problem == web::Problem::too_large)
                    all.push_back({"again_" + name + name_of(state), language, again(pages, language, problem, state)});
        }
    }
    return all;
}

}  // namespace amana::test
