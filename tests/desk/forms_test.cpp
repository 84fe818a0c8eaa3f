// SPDX-License-Identifier: AGPL-3.0-or-later
// Which questionnaires a desk knows, and how one is added.
#include "tests/desk/session.hpp"

#include <sys/stat.h>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

namespace {

// The smallest there is.
std::string border(const std::string& version, const std::string& question, const std::string& id = "border")
{
    return "id = \"" + id + "\"\nversion = " + version +
           "\n[[section]]\nid = \"story\"\nopen = true\n[[section.field]]\nid = \"story\"\ntype = \"text\"\nrequired = true\n"
           "least = 10\nmax = 6000\n[sentences.en]\ninvitation = \"I\"\ntitle = \"T\"\nlead = \"L\"\nstory = \"" +
           question + "\"\n";
}

struct Adding : Session {
    DeskPaths paths{line.directory};
    Adding() { REQUIRE(run(run_init).has_value()); }

    [[nodiscard]] Result<void> add(const std::string& text)
    {
        line.form = path("form.toml");
        REQUIRE(write_durable(line.form, as_bytes(text), 0600, DurableFile::Existing::replace).has_value());
        return run(run_form);
    }
    [[nodiscard]] Forms forms(const std::string& language = "en") { return Forms::load(line.data, paths, language).value(); }
};

mode_t mode(const fs::path& path)
{
    struct stat about {};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    return about.st_mode & 07777;
}

}  // namespace

TEST_CASE("the shipped questionnaires are known in every language", "[forms]")
{
    Adding desk;
    for (const auto* language : {"am", "ar", "bn", "en", "es", "fr", "hi", "ne", "ru", "sw", "uk", "ur"})
        for (const std::uint32_t version : {1u, 2u}) {
            const auto forms = desk.forms(language);
            const auto* form = forms.find("recruitment", version);
            REQUIRE(form != nullptr);
            INFO(language << ", version " << version);
            CHECK(form->worded);
            CHECK(form->language == language);
            CHECK(forms.unusable().empty());
        }
    const auto unknown = Forms::load(desk.line.data, desk.paths, "xx");
    REQUIRE_FALSE(unknown.has_value());
    CHECK_THAT(unknown.error().text(), Catch::Contains("\"xx\"") && Catch::Contains("There are: am, ar, bn, en,"));
    CHECK_FALSE(Forms::load(desk.line.data, desk.paths, "../../x").has_value());
}

TEST_CASE("an id is compared, never looked up as a path", "[forms]")
{
    Adding desk;
    REQUIRE(desk.add(border("1", "What happened?")).has_value());
    // Where such a path would lead from forms/.
    REQUIRE(write_durable(desk.path("x-1.toml"), as_bytes(border("1", "Forged?", "x")), 0600, DurableFile::Existing::refuse).has_value());
    const auto forms = desk.forms();
    CHECK(forms.find("border", 1) != nullptr);
    for (const auto* id : {"../../x", "../x", "x", "./border", "forms/border", "border-1", "border.toml", "", "BORDER"})
        CHECK(forms.find(id, 1) == nullptr);
    CHECK(forms.find("border", 2) == nullptr);
}

TEST_CASE("a questionnaire is added whole, durably and privately", "[forms]")
{
    Adding desk;
    const auto labour = read_text(source_directory() / "tests" / "flow" / "labour" / "labour-1.toml");
    REQUIRE(desk.add(labour).has_value());
    CHECK(desk.said == "From now on this desk knows the questionnaire labour, version 1.\n");
    const auto stored = desk.paths.forms() / "labour-1.toml";
    CHECK(read_text(stored) == labour);
    CHECK(mode(stored) == 0600);
    CHECK(mode(desk.paths.forms()) == 0700);
    const auto* form = desk.forms("ar").find("labour", 1);
    REQUIRE(form != nullptr);

    REQUIRE(desk.add(labour).has_value());
    CHECK(desk.said == "This desk has it already: labour, version 1.\n");
    CHECK(files_below(desk.paths.forms()).size() == 1);
    REQUIRE(desk.add(border("3", "What happened?")).has_value());
    CHECK(files_below(desk.paths.forms()).size() == 2);
}

TEST_CASE("another questionnaire under a known id and version is refused, with what to do", "[forms]")
{
    Adding desk;
    const auto first = border("1", "What happened?");
    REQUIRE(desk.add(first).has_value());
    const auto refused = desk.add(border("1", "What happened there?"));
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().text(), Catch::Contains("another border, version 1") && Catch::Contains("a version of its own") &&
                                           Catch::Contains("remove " + (desk.paths.forms() / "border-1.toml").string()));
    CHECK(read_text(desk.paths.forms() / "border-1.toml") == first);
    CHECK(desk.add(border("2", "What happened there?")).has_value());

    // Of a shipped one, the same bytes are nothing new and no other are taken.
    const auto shipped = read_text(desk.line.data / "forms" / "recruitment-1.toml");
    REQUIRE(desk.add(shipped).has_value());
    CHECK_THAT(desk.said, Catch::StartsWith("This desk has it already"));
    const auto changed = desk.add(shipped + "# changed\n");
    REQUIRE_FALSE(changed.has_value());
    CHECK_THAT(changed.error().hint, Catch::Contains("shipped with the program") && !Catch::Contains("remove"));
    CHECK(files_below(desk.paths.forms()).size() == 2);
}

TEST_CASE("a file with mistakes is refused, and every mistake is named by its line", "[forms]")
{
    Adding desk;
    auto text = border("1", "What happened?");
    text.replace(text.find("\"text\""), 6, "\"txet\"");
    text.replace(text.find("open = true"), 11, "open = 5678");
    const auto refused = desk.add(text);
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().text(), Catch::Contains("form.toml:5:") && Catch::Contains("form.toml:8:"));
    CHECK_FALSE(desk.add("id = ").has_value());
    CHECK_FALSE(desk.add("").has_value());
    desk.line.form = desk.path("nothing");
    CHECK_FALSE(desk.run(run_form).has_value());
    CHECK_FALSE(fs::exists(desk.paths.forms()));
}

TEST_CASE("a questionnaire without sentences, and one that is damaged, hinder nothing", "[forms]")
{
    Adding desk;
    const auto whole = border("1", "");
    REQUIRE(desk.add(whole.substr(0, whole.find("[sentences"))).has_value());
    CHECK_THAT(desk.said, Catch::Contains("names will stand in their place"));
    {
        const auto forms = desk.forms();
        CHECK(forms.find("border", 1)->sections.front().label == "story");
    }
    REQUIRE(write_durable(desk.paths.forms() / "bad-1.toml", as_bytes("id = "), 0600, DurableFile::Existing::refuse).has_value());
    const auto forms = desk.forms();
    CHECK(forms.find("border", 1) != nullptr);
    CHECK(forms.find("recruitment", 2) != nullptr);
    REQUIRE(forms.unusable().size() == 1);
    CHECK_THAT(forms.unusable().front().message, Catch::Contains("bad-1.toml:1:"));
}

TEST_CASE("questionnaires and catalogues are where they are said to be, or beside the program", "[forms]")
{
    TemporaryFolder folder;
    CHECK_FALSE(find_data(folder.path()).has_value());
    CHECK(find_data(shipped_data()).value() == shipped_data());
    // This test's program stands in the build tree as amana-desk does.
    CHECK(fs::equivalent(find_data({}).value(), shipped_data()));
}

TEST_CASE("a sentence moves no other text", "[forms]")
{
    Adding desk;
    REQUIRE(desk.add(border("1", "What \u202e\u2066hap\u200bpened? ماذا")).has_value());
    const auto forms = desk.forms();
    CHECK(forms.find("border", 1)->sections.front().label == "What happened? ماذا");
}
