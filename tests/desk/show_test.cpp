// SPDX-License-Identifier: AGPL-3.0-or-later
// What hostile reports can do to the screen and to whoever reads the JSON: nothing.
#include "base/utf8.hpp"
#include "tests/desk/shown.hpp"

#include <boost/json.hpp>

#include <algorithm>

using namespace std::string_literals;
using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace json = boost::json;

namespace {

// Nothing but harmless code points and our own newlines.
void check_printable(const std::string& text)
{
    for (auto rest = std::string_view(text); !rest.empty();) {
        const auto point = next_code_point(rest);
        REQUIRE(point);
        REQUIRE((*point == U'\n' || is_harmless(*point)));
    }
}

std::string_view text_at(const json::value& value)
{
    return {value.as_string().data(), value.as_string().size()};
}

const std::vector<std::string>& hostile()
{
    static const std::vector<std::string> texts = [] {
        std::string tower = "e";
        for (int i = 0; i < 16 * 1024; ++i) tower += "\u0301";
        return std::vector<std::string>{
            "\x1b]0;owned\x07\x1b[2J\x1b[1;1Hroot# \x1b[31m",
            "invoice\u202efdp.exe \u2066\u2067\u2068\u2069\u200f\u061c",
            "a\0b\x01\x7f\u0085\u009b"s,
            "\nReport 00000000\n  envelope    forged\n\nattachments: 0\n\r\rback",
            "zero\u200bwidth\u200d\ufeff\u2060\u00ad\U000E0061\ufe0f",
            "\"},{\"id\":\"forged\\",
            "../../../../etc/passwd\u2028\u2029",
            std::move(tower),
        };
    }();
    return texts;
}

}  // namespace

TEST_CASE("a report is shown whole", "[show]")
{
    const auto photo = random_content(1000);
    Shown shown({.story = "First line.\r\nSecond line.\n\nلقد وعدوا أخي", .files = {{"صورة.jpg", "image/jpeg", photo}, {"", "", {}}}});
    const auto text = shown.show(Format::text);
    CHECK_THAT(text, Catch::Contains("  | First line.\n  | Second line.\n  | \n  | لقد وعدوا أخي\n"));
    CHECK_THAT(text, Catch::Contains("attachment-1.jpg  1000 bytes, sha256 " + to_hex(crypto::sha256(photo))));
    CHECK_THAT(text, Catch::Contains("said to be image/jpeg named صورة.jpg"));
    CHECK_THAT(text, Catch::Contains("attachment-2.bin  0 bytes") && Catch::Contains("said to be nothing named \n"));
    CHECK_THAT(text, Catch::Contains("entry 0") && Catch::Contains("64 KiB") && Catch::Contains("recruitment, version 1"));
    CHECK_THAT(shown.list(Format::text), Catch::Contains("64 KiB    2 files  First line.  Second line."));

    const auto value = json::parse(shown.show(Format::json));
    CHECK(text_at(value.at("answers").at("story").at(0)) == "First line.\r\nSecond line.\n\nلقد وعدوا أخي");
    CHECK(text_at(value.at("leaf")) == to_hex(leaf_of(shown.log.entries.front())));
    CHECK(value.at("position").as_int64() == 0);
    CHECK(text_at(value.at("attachments").at(0).at("name")) == "صورة.jpg");
    CHECK(text_at(value.at("attachments").at(0).at("saved_as")) == "attachment-1.jpg");
    CHECK(value.at("attachments").at(0).at("size").as_int64() == 1000);
    CHECK(value.at("attachments").as_array().size() == 2);
    const auto listed = json::parse(shown.list(Format::json));
    CHECK(text_at(listed.at("reports").at(0).at("id")) == text_at(value.at("id")));
    CHECK(listed.at("reports").at(0).at("attachments").as_int64() == 2);
    CHECK(listed.at("reports").at(0).at("same_sending_as").is_null());
    CHECK(listed.at("unopened").as_object().empty());
}

TEST_CASE("hostile stories and names reach neither terminal nor JSON as commands", "[show]")
{
    for (const auto& text : hostile()) {
        const auto name = text.size() > 200 ? text.substr(0, 201) : text;
        Shown shown({.story = text, .files = {{name, "image/png", Bytes{1}}}});
        for (const auto format : {Format::text, Format::json}) {
            check_printable(shown.list(format));
            check_printable(shown.show(format));
        }
        // No line is the story's own but those behind the bar.
        const auto shown_text = shown.show(Format::text);
        CHECK_THAT(shown_text, !Catch::Contains("\nReport 00000000") && !Catch::Contains("\nattachments: 0"));
        CHECK(std::count(shown_text.begin(), shown_text.end(), '\n') < 40);
        const auto listing = shown.list(Format::text);
        CHECK(std::count(listing.begin(), listing.end(), '\n') == 1);

        const auto value = json::parse(shown.show(Format::json));
        CHECK(text_at(value.at("answers").at("story").at(0)) == text);
        CHECK(text_at(value.at("attachments").at(0).at("name")) == name);
        CHECK(json::parse(shown.list(Format::json)).at("reports").as_array().size() == 1);
    }
}

TEST_CASE("the largest manifest is imported and shown", "[show]")
{
    // As much story as a manifest holds, of one-byte characters that the screen needs eight for, beside a file.
    const std::string story(250 * 1024, '\x7f');
    Shown shown({.story = story, .files = {{"", "", Bytes{1}}}});
    CHECK(shown.show(Format::text).size() > 8 * story.size());
    const auto value = json::parse(shown.show(Format::json));
    CHECK(text_at(value.at("answers").at("story").at(0)) == story);
    CHECK(shown.list(Format::text).size() < 1000);
}

TEST_CASE("the lane that an entry came in is shown, and chosen by; nothing is dropped for it", "[show]")
{
    Log log;
    Desk desk(log);
    for (const auto* story : {"calm one", "pressed one", "pressed two"}) log.entries.push_back(seal({.story = story}, desk.recipients()));
    log.entries.push_back(seal({.kind = crypto::Kind::decoy}, desk.recipients()));
    log.lanes = {0, 1, 4, 4};
    const auto imported = desk.import(log.bundle()).value();
    CHECK(imported.reports == 3);
    CHECK(imported.decoys == 1);
    const auto listed = [&](Lane lane, Format format = Format::text) {
        return printed([&](int fd) {
            Output out(fd);
            REQUIRE(list_reports(desk.records(), desk.forms(), format, out, lane).has_value());
        });
    };
    const auto all = listed(Lane::all);
    CHECK_THAT(all, Catch::Matches("(.|\n)*  calm        .*calm one\n(.|\n)*") && Catch::Matches("(.|\n)*  pressure 1  .*pressed one\n(.|\n)*") &&
                        Catch::Matches("(.|\n)*  pressure 4  .*pressed two\n(.|\n)*"));
    CHECK_THAT(listed(Lane::calm), Catch::Contains("calm one") && !Catch::Contains("pressed"));
    CHECK_THAT(listed(Lane::pressure), Catch::Contains("pressed one") && Catch::Contains("pressed two") && !Catch::Contains("calm"));
    const auto value = json::parse(listed(Lane::all, Format::json));
    REQUIRE(value.at("reports").as_array().size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(value.at("reports").at(i).at("lane").as_int64() == std::int64_t{log.lanes[i]});
    CHECK(json::parse(listed(Lane::calm, Format::json)).at("reports").as_array().size() == 1);

    const auto shown = [&](std::size_t entry, Format format) {
        const auto report = desk.find(to_hex(leaf_of(log.entries[entry]))).value();
        return printed([&](int fd) {
            Output out(fd);
            REQUIRE(show_report(desk.records(), desk.forms(), report, format, out).has_value());
        });
    };
    CHECK_THAT(shown(0, Format::text), Catch::Contains("  lane        calm\n"));
    CHECK_THAT(shown(2, Format::text), Catch::Contains("  lane        pressure 4\n"));
    CHECK(json::parse(shown(2, Format::json)).at("lane").as_int64() == 4);

    const Log none;
    Desk empty(none);
    CHECK(printed([&](int fd) {
        Output out(fd);
        REQUIRE(list_reports(empty.records(), empty.forms(), Format::text, out, Lane::pressure).has_value());
    }) == "No reports in this lane.\n");
}

TEST_CASE("an empty desk says so", "[show]")
{
    const Log log;
    Desk desk(log);
    const auto listed = [&](Format format) {
        return printed([&](int fd) {
            Output out(fd);
            REQUIRE(list_reports(desk.records(), desk.forms(), format, out).has_value());
        });
    };
    CHECK(listed(Format::text) == "No reports yet.\n");
    CHECK(json::parse(listed(Format::json)).at("reports").as_array().empty());
}

TEST_CASE("sizes are written as people read them", "[show]")
{
    CHECK(size_text(crypto::text_class) == "32 KiB");
    CHECK(size_text(256 * crypto::kibibyte) == "256 KiB");
    CHECK(size_text(crypto::largest_class) == "128 MiB");
}
