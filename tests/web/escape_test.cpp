// SPDX-License-Identifier: AGPL-3.0-or-later
// A hostile story can't leave the element or the attribute it is put into, and comes back as it was.
#include "web/escape.hpp"

#include "tests/support/catch.hpp"

#include <random>
#include <string>

namespace amana {

namespace {

std::string escaped(std::string_view text)
{
    SecretText out(64U << 10U);
    REQUIRE(web::append_escaped(out, text));
    return std::string(out.text());
}

// What a browser makes of the five references.
std::string unescaped(std::string text)
{
    constexpr std::pair<const char*, const char*> entities[] = {
        {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};
    for (const auto& [entity, character] : entities) {
        for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1)) {
            text.replace(at, std::string_view(entity).size(), character);
        }
    }
    return text;
}

}  // namespace

TEST_CASE("each special character is escaped, everything else untouched", "[web]")
{
    CHECK(escaped("").empty());
    CHECK(escaped("&") == "&amp;");
    CHECK(escaped("<>\"'") == "&lt;&gt;&quot;&#39;");
    CHECK(escaped("</textarea><script>alert('x')</script>") ==
          "&lt;/textarea&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    CHECK(escaped("&lt;") == "&amp;lt;");
    CHECK(escaped("سلام\r\n{{story}} \xF0\x9F\x99\x82") == "سلام\r\n{{story}} \xF0\x9F\x99\x82");
    CHECK(escaped(std::string_view("a\0<b", 4)) == std::string("a\0&lt;b", 7));
}

TEST_CASE("any text comes back as it was, and holds nothing that HTML acts on", "[web]")
{
    std::mt19937 random(4711);  // NOLINT: the same run every time
    constexpr std::string_view alphabet = "&<>\"'a;#\n/!-lt";
    for (int round = 0; round < 2000; ++round) {
        std::string text(random() % 40, ' ');
        for (auto& character : text) character = alphabet[random() % alphabet.size()];
        const auto out = escaped(text);
        CHECK(out.find_first_of("<>\"'") == std::string::npos);
        CHECK(unescaped(out) == text);
    }
}

TEST_CASE("what doesn't fit leaves nothing behind", "[web]")
{
    SecretText out(10);
    REQUIRE(web::append_escaped(out, "ok"));
    CHECK_FALSE(web::append_escaped(out, "abc<&"));
    CHECK(out.text() == "ok");
    CHECK(web::append_escaped(out, "abc<d"));
    CHECK(out.text() == "okabc&lt;d");
}

}  // namespace amana
