// SPDX-License-Identifier: AGPL-3.0-or-later
// The shipped pages as the tests load them, and copies of their data directory that a test may spoil.
#pragma once

#include "web/pages.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace amana::test {

struct CatalogueEntry {
    std::string text;     // msgstr
    std::string english;  // the extracted comment "#. ..."
};

[[nodiscard]] std::filesystem::path source_directory();
[[nodiscard]] std::filesystem::path shipped_data();
// Every catalogue in web/locale, whether or not it is on by default.
[[nodiscard]] std::vector<std::string> shipped_languages();
[[nodiscard]] web::SiteSettings shipped_settings();
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);

// A .po file by msgid; long entries may be wrapped.
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

}  // namespace amana::test
