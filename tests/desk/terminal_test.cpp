// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/terminal.hpp"

#include "base/utf8.hpp"
#include "tests/desk/fixture.hpp"

#include <boost/json.hpp>

using namespace std::string_literals;
using amana::desk::Neutraliser;
using amana::desk::neutralised;
using amana::desk::Notation;
using amana::desk::Output;

namespace {

std::string utf8(char32_t point)
{
    std::string out;
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    const auto p = static_cast<std::uint32_t>(point);
    if (p < 0x80) put(p);
    else if (p < 0x800) put(0xc0 | p >> 6), put(0x80 | (p & 0x3f));
    else if (p < 0x10000) put(0xe0 | p >> 12), put(0x80 | (p >> 6 & 0x3f)), put(0x80 | (p & 0x3f));
    else put(0xf0 | p >> 18), put(0x80 | (p >> 12 & 0x3f)), put(0x80 | (p >> 6 & 0x3f)), put(0x80 | (p & 0x3f));
    return out;
}

struct Row {
    std::string text;
    std::string terminal;
    std::string json;
};

}  // namespace

TEST_CASE("foreign text is shown, and what it would do is named", "[terminal]")
{
    const std::vector<Row> table{
        {"plain text, 123", "plain text, 123", "plain text, 123"},
        {"\x1b[2J\x1b]0;x\x07", "⟨U+001B⟩[2J⟨U+001B⟩]0;x⟨U+0007⟩", "\\u001b[2J\\u001b]0;x\\u0007"},
        {"a\nb\rc\td", "a⟨U+000A⟩b⟨U+000D⟩c⟨U+0009⟩d", "a\\u000ab\\u000dc\\u0009d"},
        {"a\0b"s, "a⟨U+0000⟩b", "a\\u0000b"},
        {"\x7f\xc2\x9b", "⟨U+007F⟩⟨U+009B⟩", "\\u007f\\u009b"},
        {"\"\\/", "\"\\/", "\\\"\\\\/"},
        {"كلمة \u202eexe.gpj", "كلمة ⟨U+202E⟩exe.gpj", "كلمة \\u202eexe.gpj"},
        {"\u2028\u2029\u2066\u2069\u061c", "⟨U+2028⟩⟨U+2029⟩⟨U+2066⟩⟨U+2069⟩⟨U+061C⟩",
         "\\u2028\\u2029\\u2066\\u2069\\u061c"},
        {"\U000E0041", "⟨U+E0041⟩", "\\udb40\\udc41"},
        {"\xff\xc3", "⟨0xFF⟩⟨0xC3⟩", "\\ufffd\\ufffd"},
        {"\xed\xa0\x80", "⟨0xED⟩⟨0xA0⟩⟨0x80⟩", "\\ufffd\\ufffd\\ufffd"},  // a surrogate
        {"\xc0\x9b", "⟨0xC0⟩⟨0x9B⟩", "\\ufffd\\ufffd"},                    // an overlong escape
        {"السَّلامُ বাংলা አማርኛ 😀", "السَّلامُ বাংলা አማርኛ 😀", "السَّلامُ বাংলা አማርኛ 😀"},
        {"", "", ""},
    };
    for (const auto& row : table) {
        CHECK(neutralised(row.text) == row.terminal);
        CHECK(neutralised(row.text, Notation::json) == row.json);
    }
}

TEST_CASE("no control, format, invisible or undefined code point reaches a terminal", "[terminal]")
{
    // First and last of each, written out here independently of the code's own table.
    const std::vector<std::pair<char32_t, char32_t>> harmful{
        {0x00, 0x1f},         {0x7f, 0x9f},         {0xad, 0xad},         {0x61c, 0x61c},      {0x180e, 0x180e},
        {0x200b, 0x200f},     {0x2028, 0x2029},     {0x202a, 0x202e},     {0x2060, 0x2064},    {0x2066, 0x206f},
        {0xfeff, 0xfeff},     {0xfff9, 0xfffb},     {0xe000, 0xf8ff},     {0xfe00, 0xfe0f},    {0xe0001, 0xe007f},
        {0xe0100, 0xe01ef},   {0x115f, 0x1160},     {0x3164, 0x3164},     {0xffa0, 0xffa0},    {0x1d173, 0x1d17a},
        {0xf0000, 0xf0001},   {0x10fffd, 0x10ffff}, {0xfdd0, 0xfdef},     {0xfffe, 0xffff},    {0x1bca0, 0x1bca3},
    };
    for (const auto& [first, last] : harmful)
        for (auto point = first; point <= last; ++point) {
            INFO(std::hex << static_cast<std::uint32_t>(point));
            CHECK_FALSE(amana::desk::is_harmless(point));
            CHECK(neutralised(utf8(point)).starts_with("⟨U+"));
        }
    // What stands beside them, and letters of the languages that are offered.
    for (const char32_t point : {U' ', U'~', U'\u00a0', U'\u00ac', U'\u00ae', U'\u061b', U'\u0627', U'\u064b', U'\u06f4',
                                 U'\u0985', U'\u09cd', U'\u1200', U'\u2010', U'\u2027', U'\u202f', U'\u2070', U'\u4e00',
                                 U'\ufdfa', U'\ufe10', U'\U0001F600'}) {
        INFO(std::hex << static_cast<std::uint32_t>(point));
        CHECK(amana::desk::is_harmless(point));
        CHECK(neutralised(utf8(point)) == utf8(point));
    }
}

TEST_CASE("marks are not piled without end", "[terminal]")
{
    std::string tower = "e";
    for (int i = 0; i < 32 * 1024; ++i) tower += "\u0301";
    const auto shown = neutralised(tower);
    std::size_t standing = 0;
    for (auto rest = std::string_view(shown); !rest.empty();)
        if (amana::next_code_point(rest) == U'\u0301') ++standing;
    CHECK(standing == amana::desk::max_marks);
    CHECK(shown.ends_with("⟨U+0301⟩"));
    CHECK(neutralised("e\u0301a\u0301") == "e\u0301a\u0301");
}

TEST_CASE("JSON strings say byte for byte what was written", "[terminal]")
{
    std::string everything;
    for (char32_t point = 0; point <= 0x10ffff; point += point < 0x3000 ? 1 : 97)
        if (point < 0xd800 || point > 0xdfff) everything += utf8(point);
    const auto shown = amana::desk::testing::printed([&](int fd) { Output(fd).json_string(everything); });
    const auto value = boost::json::parse(shown);
    CHECK(std::string_view(value.as_string()) == everything);
    // And are still safe to print.
    for (auto rest = std::string_view(shown); !rest.empty();) {
        const auto point = amana::next_code_point(rest);
        REQUIRE(point);
        REQUIRE(amana::desk::is_harmless(*point));
    }
}

TEST_CASE("output is whole however long it is, and says when it could not be written", "[terminal]")
{
    const std::string line(1000, 'x');
    const auto shown = amana::desk::testing::printed([&](int fd) {
        Output out(fd);
        for (int i = 0; i < 100; ++i) out.foreign(line).text("\n");
        CHECK(out.finish().has_value());
    });
    CHECK(shown.size() == 100 * 1001);
    Output nowhere(-1);
    nowhere.text("x");
    CHECK_FALSE(nowhere.finish().has_value());
}
