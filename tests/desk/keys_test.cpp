// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/keys.hpp"

#include "tests/desk/fixture.hpp"

#include <sys/stat.h>

#include <algorithm>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

namespace {

struct NewDesk {
    TemporaryFolder folder;
    fs::path directory = folder.path() / "desk";
    DeskPaths paths{directory};

    [[nodiscard]] Result<Ceremony> init(UnixTime at = now, std::string_view words = passphrase) const
    {
        return init_desk(directory, "test", 3, as_bytes(words), quick, at);
    }
    [[nodiscard]] Result<Ceremony> extend(unsigned weeks, UnixTime at = now, std::string_view words = passphrase) const
    {
        const auto desk = DeskDirectory::open(directory, DeskDirectory::Use::write).value();
        return extend_desk(desk, paths.root_secret(), weeks, as_bytes(words), at);
    }
};

}  // namespace

TEST_CASE("a new desk has a signed key set, and a secret for every epoch in it", "[keys]")
{
    const NewDesk desk;
    const auto made = desk.init();
    REQUIRE(made.has_value());
    const auto& keys = made->keys;
    CHECK(keys.serial == 1);
    CHECK(keys.deployment == "test");
    REQUIRE(keys.epochs.size() == 4);
    CHECK(keys.epochs[0].validity.not_before == crypto::epoch_start(now));
    CHECK(keys.epochs[3].validity.not_before == crypto::epoch_start(now) + 3 * one_week);
    CHECK(keys.sealing_ends(now) == crypto::epoch_start(now) + 5 * one_week);
    CHECK(keys.courier.validity.contains(keys.sealing_ends(now) - 1));

    const auto read = read_public_keys(desk.paths);
    REQUIRE(read.has_value());
    CHECK(read->keys.serial == 1);
    CHECK(crypto::KeySet::parse(read->file, made->fingerprint).has_value());

    const auto vault = Vault::open(desk.paths, as_bytes(passphrase)).value();
    const auto epochs = vault.epochs(now).value();
    REQUIRE(epochs.size() == keys.epochs.size());
    for (const auto& epoch : keys.epochs)
        CHECK(std::any_of(epochs.begin(), epochs.end(), [&](const auto& secret) { return secret.public_key == epoch.key; }));
    CHECK(epochs.front().start == crypto::epoch_start(now));
}

TEST_CASE("nobody else can enter a desk or read its files", "[keys]")
{
    const NewDesk desk;
    REQUIRE(desk.init().has_value());
    for (const auto& entry : fs::recursive_directory_iterator(desk.directory)) {
        struct stat about {};
        REQUIRE(::stat(entry.path().c_str(), &about) == 0);
        INFO(entry.path());
        CHECK((about.st_mode & 07777) == (entry.is_directory() ? 0700 : 0600));
    }
    REQUIRE(::chmod(desk.directory.c_str(), 0750) == 0);
    CHECK_FALSE(DeskDirectory::open(desk.directory, DeskDirectory::Use::read).has_value());
}

TEST_CASE("a desk is never made over anything", "[keys]")
{
    const NewDesk desk;
    REQUIRE(desk.init().has_value());
    const auto before = read_text(desk.paths.public_keys());
    const auto again = desk.init();
    REQUIRE_FALSE(again.has_value());
    CHECK_THAT(again.error().text(), Catch::Contains("is a desk already") && Catch::Contains("extend"));
    CHECK(read_text(desk.paths.public_keys()) == before);

    const auto other = desk.folder.path() / "other";
    fs::create_directory(other);
    CHECK(init_desk(other.string() + "/", "test", 1, as_bytes(passphrase), quick, now).has_value());  // empty, with a slash
    const auto full = desk.folder.path() / "full";
    fs::create_directory(full);
    REQUIRE(write_durable(full / "x", {}, 0600, DurableFile::Existing::refuse).has_value());
    CHECK_FALSE(init_desk(full, "test", 1, as_bytes(passphrase), quick, now).has_value());
    // Nothing half made is left beside them.
    CHECK(std::distance(fs::directory_iterator(desk.folder.path()), fs::directory_iterator()) == 3);
}

TEST_CASE("a failed ceremony leaves nothing behind", "[keys]")
{
    const NewDesk desk;
    const auto made = desk.init(now, "too short");
    REQUIRE_FALSE(made.has_value());
    CHECK(fs::is_empty(desk.folder.path()));
    CHECK_FALSE(init_desk(desk.directory, "two words", 3, as_bytes(passphrase), quick, now).has_value());
}

TEST_CASE("the wrong passphrase opens nothing", "[keys]")
{
    const NewDesk desk;
    REQUIRE(desk.init().has_value());
    const auto vault = Vault::open(desk.paths, as_bytes("correct horse battery stapler"));
    REQUIRE_FALSE(vault.has_value());
    CHECK_THAT(vault.error().text(), Catch::Contains("passphrase is wrong"));
    CHECK_FALSE(desk.extend(1, now, "correct horse battery stapler").has_value());
}

TEST_CASE("extending adds weeks behind the last and raises the serial", "[keys]")
{
    const NewDesk desk;
    const auto made = desk.init().value();
    const auto extended = desk.extend(2).value();
    CHECK(extended.keys.serial == 2);
    CHECK(extended.fingerprint == made.fingerprint);
    REQUIRE(extended.keys.epochs.size() == 6);
    CHECK(extended.keys.epochs[5].validity.not_before == made.keys.epochs[3].validity.not_before + 2 * one_week);
    CHECK(extended.keys.courier.key == made.keys.courier.key);
    CHECK(extended.keys.courier.validity.not_after == extended.keys.epochs[5].validity.not_after);
    CHECK(Vault::open(desk.paths, as_bytes(passphrase)).value().epochs(now).value().size() == 6);

    // Long after: expired weeks leave the public set, their secrets stay, and the gap is not filled.
    const auto later = now + 52 * one_week;
    const auto revived = desk.extend(2, later).value();
    CHECK(revived.keys.serial == 3);
    REQUIRE(revived.keys.epochs.size() == 2);
    CHECK(revived.keys.epochs[0].validity.not_before == crypto::epoch_start(later));
    CHECK(Vault::open(desk.paths, as_bytes(passphrase)).value().epochs(later).value().size() == 8);
}

TEST_CASE("extending needs this desk's root", "[keys]")
{
    const NewDesk desk;
    const NewDesk stranger;
    REQUIRE(desk.init().has_value());
    REQUIRE(stranger.init().has_value());
    const auto held = DeskDirectory::open(desk.directory, DeskDirectory::Use::write).value();
    const auto foreign = extend_desk(held, stranger.paths.root_secret(), 1, as_bytes(passphrase), now);
    REQUIRE_FALSE(foreign.has_value());
    CHECK_THAT(foreign.error().text(), Catch::Contains("another desk"));
    fs::remove(desk.paths.root_secret());
    const auto missing = extend_desk(held, desk.paths.root_secret(), 1, as_bytes(passphrase), now);
    REQUIRE_FALSE(missing.has_value());
    CHECK_THAT(missing.error().text(), Catch::Contains("--root"));
    CHECK(read_public_keys(desk.paths).value().keys.serial == 1);
}

TEST_CASE("a key set that was changed is not handed out", "[keys]")
{
    const NewDesk desk;
    REQUIRE(desk.init().has_value());
    auto text = read_text(desk.paths.public_keys());
    text.replace(text.find("serial 1"), 8, "serial 2");
    REQUIRE(write_durable(desk.paths.public_keys(), as_bytes(text), 0600, DurableFile::Existing::replace).has_value());
    CHECK_FALSE(read_public_keys(desk.paths).has_value());
}

TEST_CASE("a damaged epoch is named; removed, the others still open", "[keys]")
{
    const NewDesk desk;
    REQUIRE(desk.init().has_value());
    const auto vault = Vault::open(desk.paths, as_bytes(passphrase)).value();
    fs::path epoch;
    for (const auto& entry : fs::directory_iterator(desk.paths.keys()))
        if (entry.path().filename().string().starts_with("epoch-")) epoch = entry.path();
    auto record = read_file(epoch, 1000).value();
    record.back() ^= 1;
    REQUIRE(write_durable(epoch, record, 0600, DurableFile::Existing::replace).has_value());
    const auto damaged = vault.epochs(now);
    REQUIRE_FALSE(damaged.has_value());
    CHECK_THAT(damaged.error().text(), Catch::Contains(epoch.filename().string()));
    fs::remove(epoch);
    CHECK(vault.epochs(now).value().size() == 3);
}

TEST_CASE("two programs do not work on one desk at once", "[keys]")
{
    const NewDesk desk;
    REQUIRE(desk.init().has_value());
    {
        const auto reading = DeskDirectory::open(desk.directory, DeskDirectory::Use::read).value();
        CHECK(DeskDirectory::open(desk.directory, DeskDirectory::Use::read).has_value());
        CHECK_FALSE(DeskDirectory::open(desk.directory, DeskDirectory::Use::write).has_value());
    }
    const auto writing = DeskDirectory::open(desk.directory, DeskDirectory::Use::write).value();
    CHECK_FALSE(DeskDirectory::open(desk.directory, DeskDirectory::Use::read).has_value());
    CHECK_FALSE(DeskDirectory::open(desk.folder.path(), DeskDirectory::Use::read).has_value());
}

TEST_CASE("a fingerprint is printed in groups of four", "[keys]")
{
    CHECK(grouped("0123456789abcdef") == "0123 4567 89ab cdef");
}
