// SPDX-License-Identifier: AGPL-3.0-or-later
// Manifests: what is written is read, each bound from both sides, and every other text is refused.
#include "crypto/canonical_json.hpp"
#include "crypto/manifest.hpp"
#include "crypto/payload.hpp"
#include "tests/crypto/aborts.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <string>

namespace amana::crypto::testing {

namespace {

std::string repeated(std::string_view text, std::size_t count)
{
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

std::string with(const std::string& answers, const std::string& attachments = "",
                 const std::string& rest = R"("form":{"id":"f","version":1},"id":"00112233445566778899aabbccddeeff","kind":"report","v":1)")
{
    return "{\"answers\":{" + answers + "},\"attachments\":[" + attachments + "]," + rest + "}";
}

std::string attachment(const std::string& name, const std::string& type = "", const std::string& size = "0")
{
    return R"({"name":")" + name + R"(","sha256":")" + std::string(64, '0') + R"(","size":)" + size + R"(,"type":")" + type + "\"}";
}

// `count` of `make(i)`, joined by commas; names in ascending order come from padded().
template <typename Make>
std::string list(std::size_t count, Make make)
{
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + make(i);
    return out;
}
std::string padded(std::size_t i)
{
    auto text = std::to_string(i);
    return std::string(4 - text.size(), '0') + text;
}

bool good(const std::string& text)
{
    const auto manifest = Manifest::parse(as_bytes(text));
    return manifest && as_text(manifest->canonical()) == text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

const ManifestFields fields{Kind::report, "recruitment", 7, {1, 2, 3}};

}  // namespace

TEST_CASE("what is written is read")
{
    const std::string story = "قالوا \"سائق\"\\\n\r\t\b\f\x01\x1f\x7f \xe2\x80\xa8 \xf0\x9f\x98\x80";
    for (const auto kind : {Kind::report, Kind::decoy, Kind::canary}) {
        const std::vector<Answer> answers{{"contact", ""}, {"story", story}};
        const std::vector<AttachmentEntry> attachments{{"صورة \"1\".jpg", "image/jpeg", max_json_integer, Hash{9}},
                                                       {"", "", 0, Hash{}}};
        auto with_kind = fields;
        with_kind.kind = kind;
        with_kind.form_version = UINT32_MAX;
        SecretText out(max_manifest_bytes);
        REQUIRE(write_manifest(out, with_kind, answers, attachments));
        const auto manifest = Manifest::parse(out.view());
        REQUIRE(manifest.has_value());
        CHECK(manifest->kind() == kind);
        CHECK(manifest->form_id() == "recruitment");
        CHECK(manifest->form_version() == UINT32_MAX);
        CHECK(manifest->submission() == fields.submission);
        REQUIRE(manifest->answers().size() == 2);
        CHECK(manifest->answers()[0].values == std::vector<std::string_view>{""});
        CHECK(manifest->answers()[1].name == "story");
        CHECK(manifest->answers()[1].values == std::vector<std::string_view>{story});
        REQUIRE(manifest->attachments().size() == 2);
        CHECK(manifest->attachments()[0].name == "صورة \"1\".jpg");
        CHECK(manifest->attachments()[0].type == "image/jpeg");
        CHECK(manifest->attachments()[0].size == max_json_integer);
        CHECK(manifest->attachments()[0].sha256 == Hash{9});
        CHECK(as_text(manifest->canonical()) == out.text());
    }
}

TEST_CASE("a written manifest stops at its maximum and nowhere else")
{
    const std::vector<Answer> answers{{"story", "text"}};
    SecretText whole(max_manifest_bytes);
    REQUIRE(write_manifest(whole, fields, answers, {}));
    for (std::size_t max = 0; max < whole.size(); ++max) {
        SecretText small(max);
        CHECK_FALSE(write_manifest(small, fields, answers, {}));
    }
    SecretText exact(whole.size());
    CHECK(write_manifest(exact, fields, answers, {}));
}

TEST_CASE("a manifest that our own code would write wrongly ends the process")
{
    using amana::testing::aborts;
    const auto write = [](ManifestFields of, std::vector<Answer> answers, std::vector<AttachmentEntry> attachments) {
        return aborts([&] {
            SecretText out(max_manifest_bytes);
            (void)write_manifest(out, of, answers, attachments);
        });
    };
    CHECK_FALSE(write(fields, {{"a", ""}, {"b", ""}}, {}));
    CHECK(write(fields, {{"b", ""}, {"a", ""}}, {}));
    CHECK(write(fields, {{"a", ""}, {"a", ""}}, {}));
    CHECK(write(fields, {{"A", ""}}, {}));
    CHECK_FALSE(write(fields, {{"a", AnswerTexts{""}}}, {}));
    CHECK(write(fields, {{"a", AnswerTexts{}}}, {}));
    CHECK(write(fields, {{"a", AnswerTexts(max_values + 1, "")}}, {}));
    CHECK_FALSE(write(fields, {{"a", AnswerRows{{{"k", ""}, {"v", ""}}}}}, {}));
    CHECK(write(fields, {{"a", AnswerRows{}}}, {}));
    CHECK(write(fields, {{"a", AnswerRows{AnswerRow{}}}}, {}));
    CHECK(write(fields, {{"a", AnswerRows{{{"v", ""}, {"k", ""}}}}}, {}));
    CHECK(write(fields, {{"a", AnswerRows{{{"k", ""}, {"k", ""}}}}}, {}));
    CHECK(write(fields, {{"a", AnswerRows{{{"K", ""}}}}}, {}));
    CHECK(write(fields, {{"a", AnswerRows(max_values + 1, {{"k", ""}})}}, {}));
    CHECK(write(fields, {}, {{"", "with space", 0, {}}}));
    auto unnamed = fields;
    unnamed.form_id = "";
    CHECK(write(unnamed, {}, {}));
}

TEST_CASE("answers of every kind are written in the one way they are read")
{
    const std::string text = "قال \"تعال\"\n";
    const std::vector<Answer> answers{{"a", text},
                                      {"b", AnswerTexts{"y", "", text}},
                                      {"c", AnswerRows{{{"k", "1"}, {"v", text}}, {{"v", ""}}}},
                                      {"d", AnswerTexts{"one"}},
                                      {"e", AnswerTexts(max_values, "x")}};
    SecretText out(max_manifest_bytes);
    REQUIRE(write_manifest(out, fields, answers, {}));
    CHECK(out.text().starts_with(R"({"answers":{"a":"قال \"تعال\"\n","b":["y","","قال \"تعال\"\n"],)"
                                 R"("c":[{"k":"1","v":"قال \"تعال\"\n"},{"v":""}],"d":["one"],"e":["x",)"));
    const auto manifest = Manifest::parse(out.view());
    REQUIRE(manifest.has_value());
    const auto& read = manifest->answers();
    REQUIRE(read.size() == answers.size());
    CHECK(std::ranges::equal(read[0].values, std::vector<std::string_view>{text}));
    CHECK(std::ranges::equal(read[1].values, std::vector<std::string_view>{"y", "", text}));
    REQUIRE(read[2].rows.size() == 2);
    CHECK((read[2].rows[0] == Manifest::Row{{"k", "1"}, {"v", text}}));
    CHECK((read[2].rows[1] == Manifest::Row{{"v", ""}}));
    CHECK(std::ranges::equal(read[3].values, std::vector<std::string_view>{"one"}));
    CHECK(read[4].values.size() == max_values);
    // Wherever its room ends, it is refused and not cut.
    for (std::size_t max = 0; max < out.size(); ++max) {
        SecretText small(max);
        CHECK_FALSE(write_manifest(small, fields, answers, {}));
    }
}

TEST_CASE("answers of every kind are read")
{
    const auto text = with(R"("a":"x","b":["y","z"],"c":[{"k":"1","l":""},{"m":"2"}])");
    const auto manifest = Manifest::parse(as_bytes(text));
    REQUIRE(manifest.has_value());
    const auto& answers = manifest->answers();
    REQUIRE(answers.size() == 3);
    CHECK(answers[1].values == std::vector<std::string_view>{"y", "z"});
    CHECK(answers[2].values.empty());
    REQUIRE(answers[2].rows.size() == 2);
    CHECK(answers[2].rows[0] == Manifest::Row{{"k", "1"}, {"l", ""}});
    CHECK(answers[2].rows[1] == Manifest::Row{{"m", "2"}});
    CHECK(good(with("")));
    // The last character that is escaped and the first that is not.
    CHECK(good(with(R"("a":"\u001f !")")));
    CHECK_FALSE(good(with(R"("a":"\u0020")")));
}

TEST_CASE("each bound of a manifest, from both sides")
{
    const auto answer = [](std::size_t i) { return "\"" + padded(i) + "\":\"\""; };
    CHECK(good(with(list(256, answer))));
    CHECK_FALSE(good(with(list(257, answer))));
    const auto text = [](std::size_t) { return std::string("\"\""); };
    CHECK(good(with("\"a\":[" + list(256, text) + "]")));
    CHECK_FALSE(good(with("\"a\":[" + list(257, text) + "]")));
    CHECK_FALSE(good(with("\"a\":[]")));
    const auto row = [](std::size_t) { return std::string(R"({"a":""})"); };
    CHECK(good(with("\"a\":[" + list(256, row) + "]")));
    CHECK_FALSE(good(with("\"a\":[" + list(257, row) + "]")));
    CHECK(good(with("\"a\":[{" + list(256, answer) + "}]")));
    CHECK_FALSE(good(with("\"a\":[{" + list(257, answer) + "}]")));
    CHECK_FALSE(good(with("\"a\":[{}]")));
    const auto file = [](std::size_t) { return attachment(""); };
    CHECK(good(with("", list(256, file))));
    CHECK_FALSE(good(with("", list(257, file))));

    CHECK(good(with("\"" + std::string(64, 'z') + "\":\"\"")));
    CHECK_FALSE(good(with("\"" + std::string(65, 'z') + "\":\"\"")));
    CHECK_FALSE(good(with("\"\":\"\"")));
    CHECK(good(with("", attachment(std::string(255, 'n')))));
    CHECK_FALSE(good(with("", attachment(std::string(256, 'n')))));
    CHECK_FALSE(good(with("", attachment(repeated("ع", 128)))));
    CHECK(good(with("", attachment("", std::string(100, '!')))));
    CHECK_FALSE(good(with("", attachment("", std::string(101, '!')))));
    CHECK_FALSE(good(with("", attachment("", "a b"))));
    CHECK_FALSE(good(with("", attachment("", "\x7f"))));
    CHECK(good(with("", attachment("", "", "9007199254740991"))));
    CHECK_FALSE(good(with("", attachment("", "", "9007199254740992"))));
    CHECK_FALSE(good(with("", attachment("", "", "18446744073709551616"))));
    CHECK(good(replaced(with(""), "\"version\":1", "\"version\":4294967295")));
    CHECK_FALSE(good(replaced(with(""), "\"version\":1", "\"version\":4294967296")));
}

// Rows of one short column are the costliest text per byte once it is read.
TEST_CASE("every manifest within its bounds is read, up to its largest size")
{
    const auto largest = [](std::string_view item, std::size_t most) {
        const auto room = max_manifest_bytes - with("").size();
        const auto per_answer = std::min<std::size_t>(most, room / 256 / (item.size() + 1) - 2);
        return with(list(256, [&](std::size_t i) {
            return "\"" + padded(i) + "\":[" + list(per_answer, [&](std::size_t) { return std::string(item); }) + "]";
        }));
    };
    for (const std::string_view item : {R"({"a":""})", R"("")", R"({"a":"","b":""})", R"("\n")", R"({"a":"\u0001"})"}) {
        INFO(item);
        const auto text = largest(item, 256);
        INFO(text.size());
        CHECK(text.size() <= max_manifest_bytes);
        CHECK(good(text));
    }
    const auto wide = with(list(128, [](std::size_t i) {
        return "\"" + padded(i) + "\":[{" + list(180, [](std::size_t k) { return "\"" + padded(k) + "\":\"\""; }) + "}]";
    }));
    CHECK(wide.size() <= max_manifest_bytes);
    CHECK(good(wide));
    const auto room = max_manifest_bytes - with(R"("a":"")").size();
    CHECK(good(with("\"a\":\"" + std::string(room, 'x') + "\"")));
    CHECK_FALSE(good(with("\"a\":\"" + std::string(room + 1, 'x') + "\"")));
    CHECK(good(with("\"a\":\"" + repeated("\\n", room / 2) + "\"")));
    CHECK(good(with("\"a\":\"\\n" + std::string(room - 2, 'x') + "\"")));
    CHECK(good(with("\"a\":\"" + std::string(room - 2, 'x') + "\\n\"")));
    CHECK(good(with("\"a\":\"" + repeated("\\u0001", room / 6) + "\"")));
}

TEST_CASE("texts that are not canonical manifests")
{
    const auto base = with(R"("story":"They")");
    REQUIRE(good(base));
    const auto wrong = [&](std::string_view from, std::string_view to) {
        INFO(to);
        CHECK_FALSE(good(replaced(base, from, to)));
    };
    wrong(",\"form\"", " ,\"form\"");
    wrong("\"version\":1", "\"version\": 1");
    wrong("\"kind\":\"report\",\"v\":1", "\"v\":1,\"kind\":\"report\"");
    wrong("\"v\":1", "\"v\":1,\"v\":1");
    wrong("\"story\":\"They\"", R"("story":"They","story":"They")");
    wrong("\"story\":\"They\"", R"("t":"","story":"They")");
    wrong("\"v\":1", "\"v\":1,\"w\":1");
    wrong(",\"v\":1", "");
    wrong("\"kind\":\"report\",", "");
    wrong("\"v\":1", "\"v\":2");
    wrong("\"v\":1", "\"v\":\"1\"");
    wrong("report", "Report");
    for (const auto* number : {"1.0", "1.5", "1e0", "-1", "-0", "01", "+1", "true", "null", "\"1\"", "1E0", "0x1"})
        wrong("\"version\":1", std::string("\"version\":") + number);
    for (const auto* text : {R"(\u0054hey)", R"(\/)", R"(\u001F)", R"(\u000a)", R"(\u0022)", R"(\u00e9)", R"(\ud83d\ude00)", R"(\ud800)",
                             "\n", "\x01", "\t", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82", R"(\x)"})
        wrong("They", text);
    for (const auto* value : {"null", "true", "1", "[1]", "[null]", "[[\"x\"]]", R"(["x",{"a":"x"}])", R"([{"a":["x"]}])", R"({"a":"x"})",
                              R"([{"A":"x"}])", R"([{"":"x"}])"})
        wrong("\"They\"", value);
    wrong("\"story\"", "\"Story\"");
    wrong("\"story\"", "\"st-ory\"");
    wrong("aabbccddeeff", "AABBCCDDEEFF");
    wrong("aabbccddeeff", "aabbccddee");
    wrong("aabbccddeeff", "aabbccddeegg");
    wrong("\"id\":\"f\"", "\"id\":\"\"");
    wrong("\"id\":\"f\"", "\"id\":\"F\"");
    wrong("\"form\":{\"id\":\"f\",", "\"form\":{\"id\":\"f\",\"title\":\"\",");
    wrong("\"attachments\":[]", "\"attachments\":{}");
    wrong("\"attachments\":[]", "\"attachments\":[1]");
    wrong("\"attachments\":[]", "\"attachments\":[{\"name\":\"\"}]");
    const auto file = replaced(base, "[]", "[" + attachment("n") + "]");
    REQUIRE(good(file));
    CHECK_FALSE(good(replaced(file, std::string(64, '0'), std::string(63, '0') + "A")));
    CHECK_FALSE(good(replaced(file, std::string(64, '0'), std::string(62, '0'))));
    CHECK_FALSE(good(replaced(file, "\"size\":0", "\"size\":-0")));

    for (const auto& text : {std::string(), std::string("{}"), std::string("[]"), std::string("1"), std::string("\"\""), base + "\n", " " + base,
                             "\xef\xbb\xbf" + base, base + base, base.substr(0, base.size() - 1), base + std::string(1, '\0'),
                             repeated("[", 100'000), repeated("{\"a\":", 40'000)})
        CHECK_FALSE(good(text));
}

TEST_CASE("a story of 4000 characters fits the text class in any script, beside all else a form asks")
{
    // Twenty further answers of 200 bytes each: more than any questionnaire of ours has.
    for (const std::string_view character : {"ع", "ব", "አ", "\xf0\x9f\x98\x80", "\x01", "\"", "a", "\xef\xbf\xbd"}) {
        const auto story = repeated(character, 4000);
        std::vector<Answer> answers;
        std::vector<std::string> names;
        answers.reserve(21);
        names.reserve(20);
        for (std::size_t i = 0; i < 20; ++i) names.push_back("field_" + padded(i));
        const std::string value(200, 'v');
        for (const auto& name : names) answers.push_back({name, value});
        answers.push_back({"story", story});
        SecretText out(max_manifest_bytes);
        REQUIRE(write_manifest(out, fields, answers, {}));
        INFO(character << ": " << out.size());
        CHECK(size_class_for(out.size() + record_head_bytes, false) == text_class);
        CHECK(Manifest::parse(out.view()).has_value());
    }
}

TEST_CASE("the length of a text's JSON is known before it is written")
{
    for (const auto& text : {std::string("plain"), std::string("\"\\\n\x01\x1f\x7f"), std::string("ع\xf0\x9f\x98\x80"), std::string()}) {
        SecretText out(1000);
        REQUIRE(append_json_string(out, text));
        CHECK(json_string_bytes(text) == out.size());
    }
}

}  // namespace amana::crypto::testing
