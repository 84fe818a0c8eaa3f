// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/web/site.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

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

web::SiteSettings shipped_settings()
{
    web::SiteSettings settings;
    settings.data = shipped_data();
    settings.languages = shipped_languages();
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

std::map<std::string, CatalogueEntry> read_catalogue(const std::string& language)
{
    std::istringstream lines(read_text(source_directory() / "web" / "locale" / (language + ".po")));
    std::map<std::string, CatalogueEntry> entries;
    std::string line;
    std::string msgid;
    std::string english;
    std::string* continued = nullptr;
    while (std::getline(lines, line)) {
        if (line.starts_with("#. ")) {
            english += (english.empty() ? "" : " ") + line.substr(3);
        } else if (line.starts_with("msgid ")) {
            msgid = in_quotes(line);
            continued = &msgid;
        } else if (line.starts_with("msgstr ")) {
            auto& entry = entries[msgid];
            entry = {in_quotes(line), english};
            continued = &entry.text;
            english.clear();
        } else if (line.starts_with('"') && continued != nullptr) {
            *continued += in_quotes(line);
        }
    }
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

}  // namespace amana::test
