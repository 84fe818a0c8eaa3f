// SPDX-License-Identifier: AGPL-3.0-or-later
// The shipped pages as the tests load them, and copies of their data directory that a test may spoil.
#pragma once

#include "web/pages.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace amana::test {

struct CatalogueEntry {
    std::string text;                  // msgstr, or the first of several
    std::vector<std::string> forms;    // all of them
    std::vector<std::string> english;  // the extracted comments "#. ...", one for each English form
};

[[nodiscard]] std::filesystem::path source_directory();
[[nodiscard]] std::filesystem::path shipped_data();
// Every catalogue in web/locale, whether or not it is on by default.
[[nodiscard]] std::vector<std::string> shipped_languages();
[[nodiscard]] std::string shipped_form(const std::string& name = "recruitment-2");
[[nodiscard]] web::SiteSettings shipped_settings();
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);

// A .po file, and its entries by msgid.
[[nodiscard]] std::string po(const std::string& language);
[[nodiscard]] std::map<std::string, CatalogueEntry> read_catalogue(const std::string& language);

// A copy of the shipped data, removed when dropped.
class DataCopy {
public:
    DataCopy();
    ~DataCopy();
    DataCopy(const DataCopy&) = delete;
    DataCopy& operator=(const DataCopy&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] web::SiteSettings settings() const;
    // Compiles a changed catalogue into the copy.
    void compile(const std::string& language, const std::string& po) const;

private:
    std::filesystem::path path_;
};

[[nodiscard]] std::string replaced(std::string text, const std::string& from, const std::string& to);
// As it stands on a page.
[[nodiscard]] std::string escaped(std::string_view text);
// What is between the first `open` and the next `close`.
[[nodiscard]] std::string between(const std::string& text, const std::string& open, const std::string& close);
[[nodiscard]] std::size_t count(std::string_view text, std::string_view part);
// What settings that are wrong are told.
[[nodiscard]] std::string refusal(const web::SiteSettings& settings);

// The form as somebody gets it, plain, with a token.
inline constexpr std::string_view made_token = "made-token_of-43-characters-0123456789ABCDE";
static_assert(made_token.size() == web::token_text_bytes);
[[nodiscard]] std::string form_page(const web::Pages& pages, const std::string& language, web::FormState state = {});

// Pieces joined with nothing in their slots.
[[nodiscard]] std::string joined(const web::Pieces& pieces);

struct NamedPage {
    std::string name;
    std::string language;
    std::string html;
};
// Every page but the log's and the place in line: index once, and of each language the form in its states, help, received in its
// forms, problems, and the form again, in all its states for two of them.
[[nodiscard]] std::vector<NamedPage> all_pages(const web::Pages& pages);
// The place in line: twelfth, called, and forgotten.
[[nodiscard]] std::vector<NamedPage> line_pages(const web::Pages& pages);

}  // namespace amana::test
