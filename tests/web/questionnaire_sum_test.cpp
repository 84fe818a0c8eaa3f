// SPDX-License-Identifier: AGPL-3.0-or-later
// What the questionnaire counts is what is sealed: its bytes are those of the canonical JSON that crypto/ writes, its sum is
// that of the largest answers there can be, and they fit the text class. And no file, however spoiled, is more than refused.
#include "crypto/canonical_json.hpp"
#include "crypto/manifest.hpp"
#include "crypto/payload.hpp"
#include "crypto/size_class.hpp"
#include "tests/support/catch.hpp"
#include "tests/web/site.hpp"
#include "web/questionnaire.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

namespace amana {

namespace {

namespace json = boost::json;
using web::Questionnaire;

std::mt19937_64 seeded_generator()
{
    const char* given = std::getenv("AMANA_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "AMANA_SEED=" << seed << "\n";
    return std::mt19937_64(seed);
}

std::size_t below(std::mt19937_64& random, std::size_t bound)
{
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

// Bytes of any kind, and characters of every length of UTF-8.
std::string random_text(std::mt19937_64& random)
{
    const std::vector<std::string> characters{"a", "\"", "\\", "/", "\n", "\t", "\x7f", std::string(1, '\0'), "é", "س", "क", "€", "😀"};
    std::string text;
    const auto size = below(random, 60);
    const bool bytes = below(random, 2) == 0;
    for (std::size_t i = 0; i < size; ++i)
        text += bytes ? std::string(1, static_cast<char>(below(random, 256))) : characters[below(random, characters.size())];
    return text;
}

// A text of exactly so many sealed bytes, some of them escapes.
std::string text_of(std::size_t sealed)
{
    std::string text(sealed % 2, 'a');
    while (web::sealed_bytes(text) + 6 <= sealed) text += "\x01";
    while (web::sealed_bytes(text) < sealed) text += '"';
    return text;
}

json::value largest_answer(const web::Field& field)
{
    const auto longest = field.options.empty() ? "" : *std::max_element(field.options.begin(), field.options.end(), [](const auto& a, const auto& b) {
        return a.size() < b.size();
    });
    switch (field.type) {
    case web::FieldType::text:
    case web::FieldType::line: return json::string(text_of(field.max));
    case web::FieldType::choice: return json::string(longest);
    case web::FieldType::choices: {
        json::array all;
        for (const auto& option : field.options) all.emplace_back(json::string(option));
        return all;
    }
    case web::FieldType::rows: {
        json::array rows;
        for (std::uint32_t i = 0; i < field.rows; ++i)
            rows.push_back(json::object{{"kind", json::string(longest)}, {"value", json::string(text_of(field.max))}});
        return rows;
    }
    case web::FieldType::files: break;
    }
    return nullptr;
}

std::string largest_answers(const Questionnaire& form)
{
    std::map<std::string, json::value> ordered;
    for (const auto& section : form.sections())
        for (const auto& field : section.fields)
            if (field.type != web::FieldType::files) ordered.emplace(field.id, largest_answer(field));
    json::object answers;
    for (const auto& [id, answer] : ordered) answers.emplace(id, answer);
    SecretText text(crypto::max_manifest_bytes);
    REQUIRE(crypto::append_canonical(text, answers));
    return std::string(text.text());
}

std::vector<std::string> shipped_files()
{
    std::vector<std::string> files;
    for (const std::string_view name : {"web/forms/recruitment-1.toml", "web/forms/recruitment-2.toml", "tests/flow/labour/labour-1.toml"})
        files.push_back(test::read_text(test::source_directory() / name));
    return files;
}

}  // namespace

TEST_CASE("bytes are counted as they are sealed, for any input", "[questionnaire]")
{
    auto random = seeded_generator();
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        INFO(byte);
        CHECK(web::sealed_bytes(text) == crypto::json_string_bytes(text) - 2);
    }
    for (int i = 0; i < 5000; ++i) {
        const auto text = random_text(random);
        INFO(json::serialize(json::string(text)));
        REQUIRE(web::sealed_bytes(text) == crypto::json_string_bytes(text) - 2);
        SecretText written(6 * text.size() + 2);
        REQUIRE(crypto::append_json_string(written, text));
        REQUIRE(web::sealed_bytes(text) == written.size() - 2);
    }
}

TEST_CASE("the sum is what the largest answers come to, and they fit the text class", "[questionnaire]")
{
    for (const auto& file : shipped_files()) {
        const auto form = Questionnaire::parse(file).value();
        const auto answers = largest_answers(form);
        INFO(form.id() << "-" << form.version());
        CHECK(answers.size() == form.most_bytes());
        CHECK(form.most_bytes() <= web::max_answers_bytes);
        // And a reader of manifests takes them.
        const auto manifest = "{\"answers\":" + answers + R"(,"attachments":[],"form":{"id":")" + form.id() + R"(","version":)" +
                              std::to_string(form.version()) + R"(},"id":"00112233445566778899aabbccddeeff","kind":"report","v":1})";
        CHECK(crypto::Manifest::parse(as_bytes(manifest)).has_value());
    }
}

TEST_CASE("what is left beside the answers holds the rest of the largest manifest", "[questionnaire]")
{
    SecretText rest(crypto::max_manifest_bytes);
    const crypto::InboxAddress inbox;
    REQUIRE(crypto::write_manifest(rest, {crypto::Kind::report, std::string(64, 'a'), UINT32_MAX, {}, &inbox}, {}, {}));
    // Two bytes of it are the braces of no answers, which the sum counts.
    CHECK(web::max_answers_bytes + rest.size() - 2 + crypto::record_head_bytes <= 32 * 1024);
}

TEST_CASE("a limit is met to the byte", "[questionnaire]")
{
    const std::string head = R"(id = "form"
version = 1
[[section]]
id = "story"
open = true
[[section.field]]
id = "story"
type = "text"
max = 24000
[[section.field]]
id = "rest"
type = "line"
max = )";
    // {"story":"…","rest":"…"}
    const auto frame = std::string_view(R"({"story":"","rest":""})").size();
    const auto left = web::max_answers_bytes - frame - 24'000;
    const auto fits = Questionnaire::parse(head + std::to_string(left));
    REQUIRE(fits.has_value());
    CHECK(fits->most_bytes() == web::max_answers_bytes);
    const auto over = Questionnaire::parse(head + std::to_string(left + 1));
    REQUIRE(over.has_error());
    CHECK_THAT(over.error()[0].what, Catch::Contains("1 more than the 29556 that fit"));
}

TEST_CASE("a spoiled file is read or refused with a place in it", "[questionnaire]")
{
    auto random = seeded_generator();
    const std::vector<std::string> pieces{"\"", "'", "[", "]", "[[section]]\n", "[[section.field]]\n", "=", "\n", ".", ",", "{", "}", "#",
                                          "when.stage = [\"booked\"]\n", "required = true\n", "id = \"story\"\n", "[sentences.en]\n",
                                          "999999999999999999999", "true", "\\", "\xff", std::string(1, '\0'), "\xe2\x82"};
    std::size_t refused = 0;
    for (int i = 0; i < 500; ++i) {
        const auto files = shipped_files();
        auto file = files[below(random, files.size())];
        for (auto changes = 1 + below(random, 3); changes != 0; --changes) {
            const auto at = below(random, file.size());
            const auto length = std::min(file.size() - at, below(random, 4) == 0 ? below(random, 400) : below(random, 4));
            switch (below(random, 4)) {
            case 0: file.erase(at, length); break;
            case 1: file.insert(at, pieces[below(random, pieces.size())]); break;
            case 2: file.insert(at, file.substr(below(random, file.size()), length)); break;
            default: file[at] = static_cast<char>(below(random, 256));
            }
            if (file.empty()) file = "\n";
        }
        const auto read = Questionnaire::parse(file);
        if (read.has_value()) {
            REQUIRE(read->most_bytes() <= web::max_answers_bytes);
            REQUIRE(largest_answers(*read).size() == read->most_bytes());
            continue;
        }
        ++refused;
        const auto lines = 1 + static_cast<std::size_t>(std::count(file.begin(), file.end(), '\n'));
        REQUIRE_FALSE(read.error().empty());
        for (const auto& mistake : read.error()) {
            INFO(web::text(read.error(), "file"));
            REQUIRE(mistake.line >= 1);
            REQUIRE(mistake.line <= lines);
            REQUIRE_FALSE(mistake.what.empty());
            REQUIRE_FALSE(mistake.remedy.empty());
        }
    }
    CHECK(refused > 100);
}

}  // namespace amana
