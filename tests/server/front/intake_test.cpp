// SPDX-License-Identifier: AGPL-3.0-or-later
// From a form's bytes to the envelope that the keeper gets: what the desk opens is what was typed and chosen, exactly.
#include "base/file.hpp"
#include "tests/server/front/reporting.hpp"
#include "tests/support/catch.hpp"
#include "web/pages.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace amana::front::test {

namespace {

const std::string story = "أخي سافر مع رجل لا نعرفه";

std::string repeated(std::string_view text, std::size_t count)
{
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
}

// The one file of an accepted report.
OpenedFile file_of(const FormBody& form)
{
    Reporting reporting;
    const auto outcome = reporting.send(form.end());
    REQUIRE(outcome.report);
    REQUIRE(outcome.report->files.size() == 1);
    return outcome.report->files[0];
}

std::string story_of(std::string_view typed)
{
    Reporting reporting;
    const auto outcome = reporting.send(FormBody().story(typed).end());
    REQUIRE(outcome.report);
    CHECK(outcome.report->files.empty());
    // Whatever is typed, the envelope's size is the same.
    CHECK(outcome.report->envelope_bytes == crypto::envelope_bytes(1, crypto::text_class));
    return outcome.report->story;
}

std::string noise(std::size_t size, std::uint64_t seed)
{
    std::mt19937_64 random(seed);
    std::string bytes(size, ' ');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

}  // namespace

TEST_CASE("A story is what was typed, with one LF for each line's end")
{
    CHECK(story_of(story) == story);
    CHECK(story_of("one\r\ntwo\r\n\r\nthree\r\n") == "one\ntwo\n\nthree\n");
    CHECK(story_of("\r\n0123456789") == "\n0123456789");
    CHECK(story_of("a lone \r and a lone \n") == "a lone \r and a lone \n");
    CHECK(story_of("0123456789\r") == "0123456789\r");
    CHECK(story_of("0123456789\r\r\n") == "0123456789\r\n");
    CHECK(story_of("0123456789\r\n--Boundar") == "0123456789\n--Boundar");
    CHECK(story_of("  leading and trailing  ") == "  leading and trailing  ");
    CHECK(story_of("quotes \" and \\ and </textarea>&amp;") == "quotes \" and \\ and </textarea>&amp;");
    const std::string controls("\0\x01\x1f\x7f NUL and others", 20);
    CHECK(story_of(controls) == controls);
    CHECK(story_of("بدون\u200fعلامات\u202eكثيرة") == "بدون\u200fعلامات\u202eكثيرة");
}

TEST_CASE("Every legal story fits the one size that a report without files has")
{
    const auto [character, name] = GENERATE(std::pair("\U0001F600", "emoji"), std::pair("ب", "Arabic"), std::pair("ক", "Bengali"),
                                            std::pair("አ", "Amharic"), std::pair("\x01", "control characters, the worst to escape"),
                                            std::pair("\"", "quotes"), std::pair("\r\n", "line ends"));
    INFO(name);
    const auto most = questionnaire().find(web::story_id)->max;
    // Two line ends are sealed as one escaped character each.
    const auto sealed = std::string_view(character) == "\r\n" ? 2 : web::sealed_bytes(character);
    const auto longest = "x" + repeated(character, (most - 1) / sealed);
    auto kept = longest;
    for (auto at = kept.find("\r\n"); at != std::string::npos; at = kept.find("\r\n", at)) kept.erase(at, 1);
    CHECK(story_of(longest) == kept);
}

TEST_CASE("Answers of every kind reach the desk as they were given")
{
    Reporting reporting;
    const auto outcome = reporting.send(FormBody()
                                            .answer("reach", "أخ \"1\"")
                                            .answer("channels", "vk")
                                            .answer("identifiers.2.value", "two\\2")
                                            .answer("identifiers.1.kind", "phone")
                                            .story(story)
                                            .answer("identifiers.1.value", "+1 (2) 3")
                                            .answer("channels", "telegram")
                                            .answer("about", "friend")
                                            .answer("stage", "")
                                            .answer("urgency", "not_urgent")
                                            .answer("pasted", "one\r\ntwo")
                                            .answer("person_name", "Name")
                                            .answer("period", " ")
                                            .answer("unheard_of", "dropped")
                                            .file("f", "data")
                                            .end());
    REQUIRE(outcome.report);
    using Rows = std::vector<std::map<std::string, std::string>>;
    const std::map<std::string, OpenedAnswer> expected{
        {"story", {{story}, {}}},
        {"reach", {{"أخ \"1\""}, {}}},
        {"channels", {{"telegram", "vk"}, {}}},
        {"identifiers", {{}, Rows{{{"kind", "phone"}, {"value", "+1 (2) 3"}}, {{"value", "two\\2"}}}}},
        {"about", {{"friend"}, {}}},
        {"urgency", {{"not_urgent"}, {}}},
        {"pasted", {{"one\ntwo"}, {}}},
        {"person_name", {{"Name"}, {}}},
    };
    CHECK((outcome.report->answers == expected));
    CHECK(outcome.report->files.size() == 1);
}

TEST_CASE("Every legal report fits the one size that reports without files have")
{
    // As much as any question takes, of what is sealed in the most bytes for each typed.
    const std::string_view filling = GENERATE("x", "\"", "\x01", "😀", "ب");
    const auto filled = [&](std::uint32_t max) {
        std::string text;
        while (web::sealed_bytes(text) + web::sealed_bytes(filling) <= max) text += filling;
        return text + std::string(max - web::sealed_bytes(text), 'x');
    };
    FormBody form;
    std::size_t answers = 0;
    for (const auto& section : questionnaire().sections())
        for (const auto& field : section.fields) {
            switch (field.type) {
            case web::FieldType::text:
            case web::FieldType::line: form.answer(field.id, filled(field.max)); break;
            // The one that the conditions of other questions ask for.
            case web::FieldType::choice: form.answer(field.id, field.id == "about" ? "stranger" : field.id == "stage" ? "in_transit" : field.options.back()); break;
            case web::FieldType::choices:
                for (const auto& option : field.options) form.answer(field.id, option);
                break;
            case web::FieldType::rows:
                for (std::uint32_t row = 1; row <= field.rows; ++row) {
                    form.answer(field.id + "." + std::to_string(row) + ".kind", field.options.front());
                    form.answer(field.id + "." + std::to_string(row) + ".value", filled(field.max));
                }
                break;
            case web::FieldType::files: continue;
            }
            ++answers;
        }
    Reporting reporting;
    const auto outcome = reporting.send(form.end());
    REQUIRE(outcome.report);
    CHECK(outcome.report->answers.size() == answers);
    CHECK(outcome.report->envelope_bytes == crypto::envelope_bytes(1, crypto::text_class));
    std::cout << answers << " answers\n";
}

TEST_CASE("What browsers send arrives")
{
    const std::string browser = GENERATE("chromium-files", "chromium-none", "firefox-files", "firefox-none", "curl-files", "curl-none");
    INFO(browser);
    const char* source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    const auto recorded = read_file(std::string(source) + "/tests/server/front/bodies/" + browser, 1 << 20).value();
    const auto text = as_text(recorded);
    const auto line = text.find('\n');
    Reporting reporting;
    const auto outcome = reporting.send(text.substr(line + 1), {}, text.substr(0, line));
    REQUIRE(outcome.report);
    CHECK(outcome.report->story == "أخي سافر\nقبل شهر.\n\n\"اتصل\" <به> رجل 😀 & قال: 100%22");
    const auto& files = outcome.report->files;
    if (browser.ends_with("none")) {
        CHECK(files.empty());
        return;
    }
    REQUIRE(files.size() == 6);
    CHECK(files[0] == OpenedFile{"صورة من الهاتف.jpg", "image/jpeg", {"\xff\xd8\xff\xe0\0\x10\r\n--\r\r\n--\r", 16}});
    CHECK(files[1].name == "say \"hi\"; x=y.txt");
    CHECK(files[2].name == "line\nbreak.ogg");
    CHECK(files[2].data == std::string("OggS\0", 5));
    CHECK(files[3].data == "\r\n");
    CHECK(files[5] == OpenedFile{"empty.dat", "application/octet-stream", ""});
}

TEST_CASE("Files arrive as they are, in order, with the story before or behind them")
{
    Reporting reporting;
    const auto large = noise(300'000, 1);  // of several chunks, handed over in one piece
    const auto small = noise(1000, 2);
    const std::vector<OpenedFile> sent{{"a.jpg", "image/jpeg", large}, {"b.ogg", "audio/ogg", ""}, {"a.jpg", "image/jpeg", small}};
    FormBody files;
    for (const auto& [name, type, data] : sent) files.file(name, data, type);
    auto first = FormBody().story(story).end();
    first.replace(first.size() - 14, 14, files.end());
    for (const auto& body : {first, FormBody(files).story(story).end()}) {
        const auto outcome = reporting.send(body);
        REQUIRE(outcome.report);
        CHECK(outcome.report->story == story);
        CHECK((outcome.report->files == sent));
        CHECK(outcome.report->envelope_bytes == crypto::envelope_bytes(1, 1024 * 1024));
    }
}

TEST_CASE("Data of every size around a chunk's and a record's")
{
    for (const std::size_t size : {0u, 1u, 65530u, 65531u, 65532u, 65535u, 65536u, 65537u, 131072u, 196608u}) {
        INFO(size);
        const auto data = noise(size, size);
        CHECK((file_of(FormBody().story(story).file("f", data)).data == data));
    }
}

TEST_CASE("A file's name is kept when it can be")
{
    const auto name_of = [](std::string_view name) { return file_of(FormBody().story(story).file(name, "x")).name; };
    CHECK(name_of("photo.jpg") == "photo.jpg");
    CHECK(name_of("../../etc/passwd") == "passwd");
    CHECK(name_of("C:\\Users\\me\\photo.jpg") == "photo.jpg");
    CHECK(name_of("..").empty() == false);  // a name, for whoever saves it to judge
    CHECK(name_of(std::string(255, 'n')) == std::string(255, 'n'));
    CHECK(name_of(std::string(256, 'n')).empty());
    CHECK(name_of(repeated("ب", 127)) == repeated("ب", 127));
    CHECK(name_of(repeated("ب", 128)).empty());
    CHECK(name_of("\xff\xfe.jpg").empty());
    CHECK(name_of("\xc0\xaf").empty());
    CHECK(name_of("\x1b[31mred\x07") == "\x1b[31mred\x07");  // what is shown is the desk's to neutralise
    CHECK(name_of("\u202egpj.exe") == "\u202egpj.exe");
    CHECK(name_of({"a\0b", 3}) == std::string("a\0b", 3));
    CHECK(name_of("%22%0D%0A\"") == "\"\r\n");
}

TEST_CASE("A file's type is kept when it can be")
{
    const auto type_of = [](std::string_view type) { return file_of(FormBody().story(story).file("f", "x", type)).type; };
    CHECK(type_of("image/jpeg") == "image/jpeg");
    CHECK(type_of("").empty());
    CHECK(type_of(std::string(100, 't')) == std::string(100, 't'));
    CHECK(type_of(std::string(101, 't')).empty());
    CHECK(type_of("text/plain; charset=utf-8").empty());
    CHECK(type_of("image/\xd8\xa7").empty());
    CHECK(type_of("a\x01" "b").empty());
    CHECK(type_of("\"<script>\"") == "\"<script>\"");
}

TEST_CASE("What is a file and what is none")
{
    Reporting reporting;
    const auto files_of = [&](const FormBody& form) {
        const auto outcome = reporting.send(form.end());
        REQUIRE(outcome.report);
        return outcome.report->files;
    };
    CHECK(files_of(FormBody().story(story).file("", "", "application/octet-stream")).empty());
    CHECK(files_of(FormBody().story(story).file("empty", "")) == std::vector<OpenedFile>{{"empty", "image/jpeg", ""}});
    CHECK(files_of(FormBody().story(story).file("", "x")) == std::vector<OpenedFile>{{"", "image/jpeg", "x"}});
    // However a program says the name, what it sends is not lost.
    CHECK(files_of(FormBody().story(story).part("Content-Disposition: form-data; name=\"files\"; filename*=utf-8''a.png", "x")) ==
          std::vector<OpenedFile>{{"", "", "x"}});
    // What the form does not ask for is not kept.
    CHECK(files_of(FormBody().part("Content-Disposition: form-data; name=\"other\"; filename=\"f\"", "x").story(story).part(
              "Content-Disposition: form-data; name=\"\"", "x")).empty());
}

TEST_CASE("An envelope for each of its recipients")
{
    Reporting reporting(4);
    const auto outcome = reporting.send(FormBody().story(story).file("f", "data").end());
    REQUIRE(outcome.report);
    CHECK(outcome.report->story == story);
    CHECK(outcome.report->envelope_bytes == crypto::envelope_bytes(4, 64 * 1024));
}

TEST_CASE("Two reports of the same words are two")
{
    Reporting reporting;
    const auto body = FormBody().story(story).end();
    const auto first = reporting.send(body);
    const auto one = reporting.channel.keeper.envelopes.rbegin()->second.bytes();
    const auto second = reporting.send(body);
    const auto two = reporting.channel.keeper.envelopes.rbegin()->second.bytes();
    REQUIRE((first.report && second.report));
    CHECK(first.report->submission != second.report->submission);
    CHECK(first.report->submission != crypto::SubmissionId{});
    // Not one 16-byte block in common, beyond suite and slot count.
    REQUIRE(one.size() == two.size());
    int same = 0;
    for (std::size_t at = 2; at + 16 <= one.size(); at += 16)
        if (as_text(one).substr(at, 16) == as_text(two).substr(at, 16)) ++same;
    CHECK(same == 0);
}

TEST_CASE("However the body is cut, the report is the same")
{
    auto random = seeded_generator();
    const int count = tiered(60, 2000);
    Reporting reporting(1, 2'000'000);
    for (int round = 0; round < count; ++round) {
        std::string typed = story;
        for (auto pieces = below(random, 20); pieces > 0; --pieces)
            typed += std::array<std::string, 6>{"\r\n", "ب", "😀", "--Boundar", "\r", " x"}[below(random, 6)];
        std::vector<OpenedFile> files(below(random, 4));
        FormBody form;
        const auto story_at = below(random, files.size() + 1);
        for (std::size_t i = 0; i <= files.size(); ++i) {
            if (i == story_at) form.story(typed);
            if (i == files.size()) break;
            files[i] = {"file " + std::to_string(i), "video/mp4", noise(1 + below(random, below(random, 2) == 0 ? 1000 : 400'000), random())};
            form.file(files[i].name, files[i].data, files[i].type);
        }
        const auto body = form.end();
        std::vector<std::size_t> cuts(below(random, 30));
        for (auto& cut : cuts) cut = below(random, body.size() + 1);
        std::sort(cuts.begin(), cuts.end());
        const auto outcome = reporting.send(body, cuts);
        INFO("round " << round);
        REQUIRE(outcome.report);
        auto expected = typed;
        for (auto at = expected.find("\r\n"); at != std::string::npos; at = expected.find("\r\n", at)) expected.erase(at, 1);
        CHECK(outcome.report->story == expected);
        CHECK((outcome.report->files == files));
        reporting.channel.keeper.envelopes.clear();
    }
}

}  // namespace amana::front::test
