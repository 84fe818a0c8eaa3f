// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/save.hpp"

#include "tests/desk/fixture.hpp"

#include <algorithm>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

using namespace std::string_literals;
using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

namespace {

struct Saving {
    Log log;
    Desk desk{log};
    Forms forms = desk.forms();
    TemporaryFolder folder;
    fs::path out = folder.path() / "out";

    explicit Saving(const Sent& sent)
    {
        log.entries.push_back(seal(sent, desk.recipients()));
        REQUIRE(desk.import(log.bundle()).value().reports == 1);
    }
    [[nodiscard]] Report report() { return desk.find(to_hex(leaf_of(log.entries.front()))).value(); }
    [[nodiscard]] Result<void> save() { return save_report(desk.records(), report(), forms.of(report().manifest), desk.store(), out); }
    [[nodiscard]] fs::path envelope() { return desk.paths().envelopes() / (to_hex(leaf_of(log.entries.front())) + ".env"); }
    [[nodiscard]] std::set<std::string> names() const
    {
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(out)) names.insert(entry.path().filename().string());
        return names;
    }
};

Sent with_files()
{
    return {.story = "قصة كاملة\r\n\x1b[2J and \u202e\n",
            .files = {{"photo.JPG", "image/jpeg", random_content(70'000)},
                      {"", "", {}},
                      {"voice", "audio/ogg;codecs=opus", random_content(crypto::chunk_bytes)},
                      {"clip.mp4", "video/mp4", random_content(1'500'000)},
                      {"empty at the end", "application/x-desktop", {}}}};
}

}  // namespace

TEST_CASE("what is saved is byte for byte what was sent", "[save]")
{
    const auto sent = with_files();
    Saving saving(sent);
    REQUIRE(saving.save().has_value());
    CHECK(saving.names() == std::set<std::string>{"story.txt", "answers.txt", "manifest.json", "names.txt", "attachment-1.jpg",
                                                  "attachment-2.bin", "attachment-3.ogg", "attachment-4.mp4",
                                                  "attachment-5.bin"});
    CHECK(read_text(saving.out / "story.txt") == sent.story);
    CHECK(read_text(saving.out / "manifest.json") == as_text(saving.report().manifest.canonical()));
    for (std::size_t i = 0; i < sent.files.size(); ++i)
        CHECK(read_file(saving.out / attachment_file_name(i + 1, sent.files[i].type), 1 << 24).value() == sent.files[i].content);
    for (const auto& file : files_below(saving.out)) {
        struct stat about {};
        REQUIRE(::stat(file.c_str(), &about) == 0);
        CHECK((about.st_mode & 07777) == 0600);
    }
    CHECK(fs::status(saving.out).permissions() == fs::perms::owner_all);
}

TEST_CASE("a report without files is saved without them", "[save]")
{
    Saving saving({});
    REQUIRE(saving.save().has_value());
    CHECK(saving.names() == std::set<std::string>{"story.txt", "answers.txt", "manifest.json"});
}

TEST_CASE("answers are saved as they are shown, and harmless to read", "[save]")
{
    Saving saving({.story = "A story\x1b[2J\r\nof two lines\u202e.",
                   .version = 2,
                   .answers = {{"urgency", "within_48_hours"}, {"nonsense", "\x1b[31m"}}});
    REQUIRE(saving.save().has_value());
    CHECK(read_text(saving.out / "answers.txt") ==
          "URGENT: Leaves within 48 hours\n"
          "\nWhat happened?\n  | A story⟨U+001B⟩[2J\n  | of two lines⟨U+202E⟩.\n"
          "\nThe case\n  How urgent is it?\n    Leaves within 48 hours\n"
          "\nNot in this form\n  nonsense\n    | ⟨U+001B⟩[31m\n");
}

TEST_CASE("a submitted name is never a path", "[save]")
{
    const std::vector<std::string> names{"../../evil", "/etc/cron.d/evil", "..", ".", "a/b", "con\0evil"s, "\x1b[2Jevil\n#!",
                                         "evil\u202egpj.exe", std::string(255, 'x')};
    Sent sent;
    for (const auto& name : names) sent.files.push_back({name, "image/../../evil", random_content(20)});
    Saving saving(sent);
    REQUIRE(saving.save().has_value());
    auto expected = std::set<std::string>{"story.txt", "answers.txt", "manifest.json", "names.txt"};
    for (std::size_t i = 1; i <= names.size(); ++i) expected.insert("attachment-" + std::to_string(i) + ".bin");
    CHECK(saving.names() == expected);
    CHECK(std::distance(fs::directory_iterator(saving.folder.path()), fs::directory_iterator()) == 1);
    const auto listed = read_text(saving.out / "names.txt");
    CHECK(std::count(listed.begin(), listed.end(), '\n') == static_cast<std::ptrdiff_t>(names.size()));
    CHECK_THAT(listed, Catch::Contains("attachment-6.bin  con⟨U+0000⟩evil\n") && Catch::Contains("evil⟨U+202E⟩gpj.exe"));
}

TEST_CASE("only known types give an extension", "[save]")
{
    CHECK(attachment_file_name(1, "image/jpeg") == "attachment-1.jpg");
    CHECK(attachment_file_name(2, "IMAGE/PNG") == "attachment-2.png");
    CHECK(attachment_file_name(3, "audio/ogg;codecs=opus") == "attachment-3.ogg");
    for (const auto* type : {"", "text/html", "application/x-sh", "image/svg+xml", "image/jpeg/../x", ".desktop", ";"})
        CHECK(attachment_file_name(4, type) == "attachment-4.bin");
}

TEST_CASE("saving overwrites nothing", "[save]")
{
    Saving saving(with_files());
    SECTION("an empty folder will do")
    {
        fs::create_directory(saving.out);
        CHECK(saving.save().has_value());
        CHECK_FALSE(saving.save().has_value());  // now it is full
        CHECK(saving.names().size() == 9);
    }
    SECTION("a folder with something in it stays as it is")
    {
        fs::create_directory(saving.out);
        REQUIRE(write_durable(saving.out / "mine", as_bytes("x"), 0600, DurableFile::Existing::refuse).has_value());
        CHECK_FALSE(saving.save().has_value());
        CHECK(saving.names() == std::set<std::string>{"mine"});
    }
    SECTION("a link is not followed")
    {
        const auto elsewhere = saving.folder.path() / "elsewhere";
        fs::create_directory(elsewhere);
        fs::create_directory_symlink(elsewhere, saving.out);
        CHECK_FALSE(saving.save().has_value());
        CHECK(fs::is_empty(elsewhere));
    }
}

TEST_CASE("a stored envelope that was damaged leaves nothing behind", "[save]")
{
    Saving saving(with_files());
    const auto original = read_file(saving.envelope(), 1 << 24).value();
    const auto store = [&](const Bytes& bytes) {
        REQUIRE(write_durable(saving.envelope(), bytes, 0600, DurableFile::Existing::replace).has_value());
    };
    auto flipped = original;
    SECTION("in the last chunk, after everything before it was written") { flipped[flipped.size() - 1] ^= 1; }
    SECTION("in the middle") { flipped[flipped.size() / 2] ^= 1; }
    SECTION("in the header") { flipped[100] ^= 1; }
    SECTION("cut off") { flipped.resize(flipped.size() - 1); }
    SECTION("longer") { flipped.push_back(0); }
    SECTION("another good envelope of the same size")
    {
        flipped = seal(with_files(), saving.desk.recipients());
        REQUIRE(flipped.size() == original.size());
    }
    SECTION("another one under the same file key, as its sender could make")
    {
        flipped = seal(with_files(), saving.desk.recipients(), saving.report().file_key.view());
        REQUIRE(flipped.size() == original.size());
    }
    store(flipped);
    CHECK_FALSE(saving.save().has_value());
    CHECK_FALSE(fs::exists(saving.out));
    // A folder that was there before stays, empty.
    fs::create_directory(saving.out);
    CHECK_FALSE(saving.save().has_value());
    CHECK(fs::is_empty(saving.out));
    store(original);
    CHECK(saving.save().has_value());
}
