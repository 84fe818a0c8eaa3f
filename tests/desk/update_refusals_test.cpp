// SPDX-License-Identifier: AGPL-3.0-or-later
// Updates that are refused. Each fault is planted on a medium that is good otherwise, and must be refused in words that say what to do,
// with nothing changed.
#include "tests/desk/updating.hpp"

#include <fcntl.h>
#include <sys/stat.h>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

TEST_CASE("a medium that is not as it was made is refused", "[update]")
{
    Updating desk;
    desk.begin();
    const auto usb = desk.line.update;
    // Told now, so that what a refusal leaves can be compared.
    REQUIRE(write_release_key({desk.line.directory}, crypto::NoteVerifier::parse(desk.key).value()).has_value());
    const auto list = read_text(usb / update_list_name);
    const auto content = read_text(usb / library);

    SECTION("no folder, no list")
    {
        fs::rename(usb / update_list_name, desk.path("aside"));
        desk.refused("update.list is not there", "wait for 'sync'");
        desk.line.update = desk.path("nowhere");
        const auto done = desk.take();
        REQUIRE_FALSE(done.has_value());
        CHECK_THAT(done.error().text(), Catch::Contains("can't open"));
    }
    SECTION("a list that was cut off anywhere")
    {
        for (std::size_t size = 0; size < list.size(); ++size) {
            Updating::put(usb / update_list_name, list.substr(0, size));
            CHECK_FALSE(desk.take().has_value());
        }
        desk.refused("update.list");
    }
    SECTION("a list with any byte changed")
    {
        for (std::size_t i = 0; i < list.size(); i += 3) {
            auto changed = list;
            changed[i] = static_cast<char>(changed[i] ^ 1);
            Updating::put(usb / update_list_name, changed);
            CAPTURE(i);
            CHECK_FALSE(desk.take().has_value());
        }
        auto changed = list;
        changed.replace(changed.find("serial 7"), 8, "serial 8");
        Updating::put(usb / update_list_name, changed);
        desk.refused("was changed after it was signed", "keep the stick");
    }
    SECTION("unsigned")
    {
        Updating::put(usb / update_list_name, list.substr(0, list.find("\n\n") + 1));
        desk.refused("is not signed");
    }
    SECTION("another key, of the same name or another")
    {
        desk.sign_list(list.substr(0, list.find("\n\n") + 1), Bytes(32, 9));
        desk.refused("is not signed by the release key that this desk trusts");
    }
    SECTION("too long a list")
    {
        Updating::put(usb / update_list_name, list + std::string(crypto::max_update_manifest_bytes, '\n'));
        desk.refused("longer than a list may be");
    }
    SECTION("a file is missing")
    {
        fs::remove(usb / library);
        desk.refused(std::string(library) + " is not there", "wait for 'sync'");
    }
    SECTION("a file is cut off")
    {
        fs::resize_file(usb / library, 300'000);
        desk.refused("has 300000 bytes, and its list says 700024", "wait for 'sync'");
        fs::resize_file(usb / library, 0);
        desk.refused("has 0 bytes");
    }
    SECTION("a file is too long")
    {
        Updating::put(usb / library, content + "x");
        desk.refused("has 700025 bytes", "keep the stick");
    }
    SECTION("a byte of a file is changed, wherever it is")
    {
        for (const std::size_t at : {std::size_t{0}, std::size_t{262'143}, std::size_t{262'144}, content.size() - 1}) {
            auto changed = content;
            changed[at] = static_cast<char>(changed[at] ^ 1);
            Updating::put(usb / library, changed);
            desk.refused(std::string(library) + " is not the file that was signed", "keep the stick");
        }
    }
    SECTION("the files have each other's names")
    {
        fs::rename(usb / library, desk.path("aside"));
        fs::copy_file(usb / own, usb / library);
        desk.refused("bytes, and its list says");
    }
    SECTION("a file more, whatever it is called")
    {
        for (const char* name : {"more.deb", ".hidden", "update.list.partial", "\x1b[2Jx\n.deb", "\xff.deb"}) {
            Updating::put(usb / name, "");
            const auto done = desk.take();
            REQUIRE_FALSE(done.has_value());
            CHECK_THAT(done.error().message, Catch::Contains("is in the folder, and not on its list") && !Catch::Contains("\x1b") && !Catch::Contains("\n"));
            fs::remove(usb / name);
        }
        fs::create_directory(usb / "folder");
        desk.refused("folder is in the folder, and not on its list");
    }
    SECTION("a link, a folder or a pipe in a file's place")
    {
        fs::rename(usb / library, desk.path("aside"));
        fs::create_symlink(desk.path("aside"), usb / library);
        desk.refused("is a link, and not a file");
        fs::remove(usb / library);
        fs::create_directory(usb / library);
        desk.refused("is not a file");
        fs::remove(usb / library);
        REQUIRE(::mkfifo((usb / library).c_str(), 0600) == 0);
        desk.refused("is not a file");
        fs::remove(usb / library);
        fs::rename(desk.path("aside"), usb / library);
        fs::rename(usb / update_list_name, desk.path("aside"));
        fs::create_symlink(desk.path("aside"), usb / update_list_name);
        desk.refused("update.list is a link");
    }
    // Mended, it is taken: the refusals were of what was planted.
    fs::remove_all(usb);
    desk.line.update = usb;
    fs::remove(desk.path("key.last-update"));
    REQUIRE(desk.make(7).has_value());
    CHECK(desk.take().has_value());
}

TEST_CASE("a list that the key signed is held to its rules all the same", "[update]")
{
    Updating desk;
    desk.begin();
    const auto good = desk.manifest().text().value();
    const auto with = [&](std::string from, std::string to) {
        auto text = good;
        text.replace(text.find(from), from.size(), to);
        desk.sign_by_hand(text);
    };
    desk.sign_by_hand(good);
    REQUIRE(desk.take().has_value());
    for (const auto& [from, to] : {std::pair(library, "../../x.deb"), std::pair(library, "/etc/x.deb"), std::pair(library, "lib\\x.deb"), std::pair(library, "l/x.deb"), std::pair("serial 7", "serial 0"), std::pair(" 700024 ", " 99999999999 ")}) {
        with(from, to);
        desk.refused("is not what stands there");
    }
    const crypto::ReleaseManifest release{9, "1", {{crypto::Hash{}, "exit.js"}}};
    desk.sign_by_hand(release.text().value());
    desk.refused("update.list: line 1", "make-update");
}

TEST_CASE("a file that changes while it is read is not taken", "[update]")
{
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.deb";
    Updating::put(file, std::string(600'000, 'a'));
    const auto where = open_folder(folder.path()).value();
    const auto copy = folder.path() / "copy";
    for (const auto size : {std::uintmax_t{600'001}, std::uintmax_t{599'999}, std::uintmax_t{0}}) {
        const auto opened = open_in(where, "a.deb").value();
        fs::resize_file(file, size);
        const auto done = copy_hashed(opened, "a.deb", copy, 0600, [](std::uint64_t) {});
        REQUIRE_FALSE(done.has_value());
        CHECK_THAT(done.error().message, Catch::Contains("changed while it was read"));
        CHECK_FALSE(fs::exists(copy));
        fs::resize_file(file, 600'000);
    }
}
