// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server check` with what only the front can tell: the questionnaire's mistakes by line, and what the pages lack.
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <sys/wait.h>

namespace amana::server::test {

namespace {

using Catch::Contains;

std::filesystem::path from_environment(const char* name)
{
    const char* value = std::getenv(name);
    INFO("set " << name << ", as ctest does");
    REQUIRE(value != nullptr);
    return value;
}

struct Told {
    int code;
    std::string text;  // stdout and stderr
};

// With the pages that were built, and these further keys in [site].
Told check(Site& site, const std::string& keys, const std::string& sections = "")
{
    auto text = replaced(site.config(), "data = \"data\"\n", "data = \"" + (from_environment("AMANA_BUILD") / "share" / "amana").string() + "\"\n" + keys);
    write_text(site.at("amana.toml"), text + sections);
    const auto command = (from_environment("AMANA_BIN") / "amana-server").string() + " check --config " + site.at("amana.toml").string() + " 2>&1";
    auto* stream = ::popen(command.c_str(), "r");
    REQUIRE(stream != nullptr);
    Told told;
    std::array<char, 4096> piece{};
    while (const auto count = std::fread(piece.data(), 1, piece.size(), stream)) told.text.append(piece.data(), count);
    const int status = ::pclose(stream);
    told.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return told;
}

std::string shipped_form()
{
    return read_text(from_environment("AMANA_BUILD") / "share/amana/forms/recruitment-2.toml");
}

}  // namespace

TEST_CASE("a config whose pages can be made is good")
{
    Site site;
    write_text(site.at("recruitment-2.toml"), shipped_form());
    for (const auto* keys : {"", "form = \"recruitment-2.toml\"\ncolour = \"#7a1f1f\"\nexit = \"https://example.org/\"\nread_every = \"12h\"\n"}) {
        const auto told = check(site, keys, "[texts.en]\nnumbers = \"112\"\n[texts.ar]\nnumbers = \"112\"\n");
        CAPTURE(told.text);
        CHECK(told.code == 0);
        CHECK_THAT(told.text, Contains("form         " + (*keys == '\0' ? (from_environment("AMANA_BUILD") / "share/amana/forms/recruitment-2.toml") : site.at("recruitment-2.toml")).string()));
    }
}

TEST_CASE("all mistakes of a questionnaire are told, by file and line")
{
    Site site;
    auto form = replaced(shipped_form(), "type = \"rows\"", "type = \"row\"");
    form = replaced(form, "id = \"sharing\"", "id = \"Sharing\"");
    write_text(site.at("mine.toml"), form);
    const auto told = check(site, "form = \"mine.toml\"\n");
    CAPTURE(told.text);
    CHECK(told.code == 1);
    for (const auto* wrong : {"\"row\"", "\"Sharing\""}) {
        const auto line = 1 + std::count(form.begin(), form.begin() + static_cast<std::ptrdiff_t>(form.find(wrong)), '\n');
        CHECK_THAT(told.text, Contains(site.at("mine.toml").string() + ":" + std::to_string(line) + ":"));
    }
}

TEST_CASE("what the pages can't be made of is told")
{
    Site site;
    const auto refused = [&](const std::string& keys, const std::string& sections, const std::string& expected) {
        const auto told = check(site, keys, sections);
        CAPTURE(keys, sections);
        CHECK(told.code == 1);
        CHECK_THAT(told.text, Contains(expected) && Contains("but the form's pages can't be made") && !Contains("certificate  "));
    };
    refused("colour = \"#ffff00\"\n", "", "too pale");
    refused("", "[texts.ar]\nlaw = \"x\"\n", "'law' is configured for some languages, and not for en");
    write_text(site.at("mine.toml"), shipped_form());
    refused("form = \"mine.toml\"\n", "", "mine.toml holds the questionnaire recruitment-2.toml");
    write_text(site.at("logo.png"), "GIF89a");
    refused("logo = \"logo.png\"\n", "", "the logo is not a PNG");
}

}  // namespace amana::server::test
