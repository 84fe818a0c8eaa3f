// SPDX-License-Identifier: AGPL-3.0-or-later
// Updates of the desk's machine: made where the release key is, taken at a desk whole or not at all.
#include "tests/desk/updating.hpp"

#include <fcntl.h>
#include <sys/stat.h>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

TEST_CASE("an update is made, taken, and told to root", "[update]")
{
    Updating desk;
    desk.begin();
    CHECK_THAT(desk.said, Catch::Contains("Nothing was signed before. This is serial 7.") && Catch::Contains("serial 7, amana-desk 0.9.1~deb12, 2 files, 701 kB") && Catch::Contains(desk.key));
    REQUIRE(desk.take().has_value());
    CHECK_THAT(desk.said, Catch::Contains("The fingerprint of this release key"));
    CHECK_THAT(desk.said, Catch::Contains("The update is as it was signed: serial 7, amana-desk 0.9.1~deb12, 2 files, 701 kB."));
    const auto taken = fs::canonical(desk.line.directory) / "update";
    CHECK_THAT(desk.said, Catch::Contains("\n    apt-get install " + taken.string() + "/*.deb\n"));
    CHECK(sorted_below(taken) == std::vector<fs::path>{taken / own, taken / library});
    CHECK(read_text(taken / own) == read_text(desk.path(own)));
    CHECK(read_text(taken / library) == read_text(desk.path("debian") / library));
    CHECK((fs::status(taken).permissions() & fs::perms(077)) == fs::perms::none);
    // The medium may go now.
    fs::remove_all(desk.line.update);
    CHECK(fs::exists(taken / own));

    // The next, with one package changed and the other gone. The key need not be told again.
    desk.line.release_key.clear();
    Updating::put(desk.path(own), package("a later program"));
    desk.line.packages = {desk.path(own)};
    REQUIRE(desk.make(8).has_value());
    CHECK_THAT(desk.said, Catch::Contains("Serial 8; serial 7 was signed before. What changed:") && Catch::Contains("  changed file amana-desk_") && Catch::Contains("  removed file libsodium23_"));
    REQUIRE(desk.take().has_value());
    CHECK_THAT(desk.said, !Catch::Contains("fingerprint"));
    CHECK(sorted_below(taken) == std::vector<fs::path>{taken / own});
    CHECK(read_text(taken / own) == package("a later program"));
}

TEST_CASE("nothing older is taken, nor the same again", "[update]")
{
    Updating desk;
    desk.begin();
    REQUIRE(desk.take().has_value());
    desk.refused("serial 7, was taken already", "apt-get install");
    fs::rename(desk.line.update, desk.path("seven"));
    REQUIRE(desk.make(9).has_value());
    REQUIRE(desk.take().has_value());
    desk.line.update = desk.path("seven");
    desk.refused("an older one: serial 7, and this desk has taken serial 9");
    fs::remove_all(fs::canonical(desk.line.directory) / "update");
    // Where its copies are not whole, the same can be taken again, and no older one.
    desk.refused("an older one: serial 7");
    desk.line.update = desk.path("usb");
    REQUIRE(desk.take().has_value());
    desk.refused("serial 9, was taken already");
    fs::resize_file(fs::canonical(desk.line.directory) / "update" / own, 3);
    REQUIRE(desk.take().has_value());
    fs::remove(desk.path("key.last-update"));
    Updating::put(desk.path(own), package("another"));
    REQUIRE(desk.make(9, "second").has_value());
    desk.refused("another update of the serial that this desk has taken");
    // What is remembered is not forgotten because it is damaged.
    Updating::put(desk.line.directory / "update.note", "x");
    desk.refused("update.note is damaged");
}

TEST_CASE("what was cut off while it was copied is taken anew", "[update]")
{
    Updating desk;
    desk.begin();
    fs::create_directories(desk.line.directory / "update.partial" / own);
    fs::create_directories(desk.line.directory / "update");
    Updating::put(desk.line.directory / "update" / "old.deb", "of an update whose serial was not remembered");
    REQUIRE(desk.take().has_value());
    CHECK(files_below(desk.line.directory / "update").size() == 2);
    CHECK_FALSE(fs::exists(desk.line.directory / "update.partial"));
}

TEST_CASE("a desk is told its release key once, and another only on purpose", "[update]")
{
    Updating desk;
    REQUIRE(desk.make(7).has_value());
    desk.line.release_key.clear();
    desk.refused("does not know the release key yet", "--release-key");
    for (const char* bad : {"x", "amana-release+00000000+AAAA", "amana-releasf"}) {
        desk.line.release_key = bad;
        desk.refused("not a release key");
    }
    desk.line.release_key = crypto::NoteVerifier{"amana.example/log", crypto::signing_public_key(Bytes(32, 7))}.text();
    desk.refused("not a release key");
    // Nobody is there to compare: nothing is trusted.
    desk.line.release_key = desk.key;
    desk.line.yes = false;
    if (!UniqueFd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC))) desk.refused("no terminal");
    desk.line.yes = true;
    REQUIRE(desk.take().has_value());
    CHECK_THAT(desk.said, Catch::Contains(grouped(crypto::root_fingerprint(crypto::NoteVerifier::parse(desk.key)->key)).substr(0, 39)));

    const auto first = desk.key;
    desk.make_key("other-key");
    desk.line.release_key = desk.key;
    REQUIRE(desk.make(3, "other").has_value());
    desk.refused("already trusts another release key: " + first, "--replace");
    // Its serials are its own: a thief's highest one does not outlive the key.
    desk.line.replace = true;
    REQUIRE(desk.take().has_value());
    desk.line.update = desk.path("usb");
    desk.refused("is not signed by the release key that this desk trusts");
    desk.line.release_key.clear();
    desk.line.update = desk.path("other");
    desk.refused("serial 3, was taken already");
    Updating::put(desk.line.directory / "release.key", "amana-release+x");
    desk.refused("release.key is damaged");
}

TEST_CASE("an update is made whole or not at all", "[update]")
{
    Updating desk;
    const auto not_made = [&](std::string_view words) {
        const auto done = desk.make(7);
        REQUIRE_FALSE(done.has_value());
        CHECK_THAT(done.error().text(), Catch::Contains(std::string(words)));
        CHECK_FALSE(fs::exists(desk.path("usb")));
    };
    const auto all = desk.line.packages;
    desk.line.packages = {desk.path("debian")};
    not_made("no package of amana-desk");
    desk.line.packages = {desk.path("nowhere.deb"), desk.path(own)};
    not_made("nowhere.deb is not there");
    desk.line.packages = {desk.path(own), desk.path(own)};
    not_made("is there twice");
    desk.line.packages = {desk.path("pass"), desk.path(own)};
    not_made("pass is not a package's name");
    desk.line.packages = all;
    Updating::put(desk.path("debian/amana-desk_0.9.0_amd64.deb"), package("older"));
    not_made("two packages of amana-desk");
    fs::remove(desk.path("debian/amana-desk_0.9.0_amd64.deb"));
    Updating::put(desk.path("debian/x y.deb"), package("x"));
    not_made("x y.deb is not a package's name");
    fs::remove(desk.path("debian/x y.deb"));
    Updating::put(desk.path("debian/x.deb"), "no package");
    not_made("x.deb is not a Debian package");
    fs::remove(desk.path("debian/x.deb"));
    fs::create_symlink(desk.path(own), desk.path("debian/x.deb"));
    not_made("x.deb is a link");
    fs::remove(desk.path("debian/x.deb"));
    Updating::put(desk.path("wrong"), "another passphrase altogether");
    desk.line.passphrase_file = desk.path("wrong");
    not_made("the release key stays closed");
    desk.line.passphrase_file = desk.path("pass");
    REQUIRE(desk.make(7).has_value());
    CHECK_FALSE(desk.make(8).has_value());  // the folder is there already
    CHECK(fs::exists(desk.path("usb") / update_list_name));
    fs::remove_all(desk.path("usb"));
    not_made("serial 7 is not higher than the last one that was signed, 7");
    // Without a serial, the minute.
    desk.time = 1'796'021'100;
    REQUIRE(desk.make(0).has_value());
    CHECK(desk.manifest().serial == 202611300645);
}

TEST_CASE("a desk whose folder has an odd name is given a command that a shell reads", "[update]")
{
    CHECK(install_command({"/srv/desk"}) == "apt-get install /srv/desk/update/*.deb");
    CHECK(install_command({"/srv/the desk's"}) == "apt-get install '/srv/the desk'\\''s/update'/*.deb");
    CHECK(install_command({"/srv/$(x)"}) == "apt-get install '/srv/$(x)/update'/*.deb");
}
