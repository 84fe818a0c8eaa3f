// SPDX-License-Identifier: AGPL-3.0-or-later
// The list of an update of the desk's machine: each line, each order, each bound, and what a file may be called.
#include "crypto/site_manifest.hpp"
#include "crypto/update_manifest.hpp"
#include "tests/support/catch.hpp"

namespace amana::crypto::testing {

namespace {

Hash hash_of(std::string_view text)
{
    return sha256(as_bytes(text));
}

UpdateManifest update()
{
    return {7, "0.9.1~deb12", {{hash_of("desk"), 1'234'567, "amana-desk_0.9.1~deb12_amd64.deb"}, {hash_of("c"), max_package_bytes, "libc6_2.36-9+deb12u10_amd64.deb"}, {hash_of("v"), 1, "vim_2%3a9.0.1378-2_amd64.deb"}}};
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string files(std::size_t count, std::uint64_t size)
{
    std::string out = "amana desk update v1\nserial 1\nversion 1\n";
    for (std::size_t i = 0; i < count; ++i) out += "file " + to_hex(Hash{}) + " " + std::to_string(size) + " p" + std::to_string(10'000 + i) + ".deb\n";
    return out;
}

}  // namespace

TEST_CASE("an update's list is read as it was written")
{
    const auto text = update().text().value();
    CHECK(text.starts_with("amana desk update v1\nserial 7\nversion 0.9.1~deb12\nfile "));
    const auto read = UpdateManifest::parse(text);
    REQUIRE(read.has_value());
    CHECK(*read == update());
    CHECK(read->text().value() == text);
    CHECK(read->bytes() == 1'234'567 + max_package_bytes + 1);
    CHECK(read->find("vim_2%3a9.0.1378-2_amd64.deb")->size == 1);
    CHECK(read->find("vim") == nullptr);
}

TEST_CASE("what the release key signed as one thing is never read as the other")
{
    const ReleaseManifest release{7, "1", {{hash_of("x"), "x.deb"}}};
    CHECK_FALSE(UpdateManifest::parse(release.text().value()).has_value());
    CHECK_FALSE(ReleaseManifest::parse(update().text().value()).has_value());
}

TEST_CASE("an update's list otherwise than it is written is refused")
{
    const auto text = update().text().value();
    const auto refused = [](const std::string& changed) { return !UpdateManifest::parse(changed).has_value(); };
    for (std::size_t size = 0; size < text.size(); ++size) {
        const auto cut = text.substr(0, size);
        CHECK((UpdateManifest::parse(cut).has_value() == (cut.ends_with('\n') && cut.find("\nfile ") != std::string::npos)));
    }
    for (const auto* more : {"\n", "file\n", "x\n"}) CHECK(refused(text + more));
    const std::pair<const char*, const char*> changes[] = {
        {"v1", "v2"}, {"serial 7", "serial 0"}, {"serial 7", "serial 07"}, {"serial 7", "serial -7"}, {"serial 7", "serial 9223372036854775808"}, {"serial 7", "serial 7 "},
        {"version 0", "version  0"}, {"version 0", "version 0/"}, {"file ", "file  "}, {" 1234567 ", " 0 "}, {" 1234567 ", " 01 "}, {" 1234567 ", " 1e3 "}, {" 1234567 ", " "},
        {" 1234567 ", " 1073741825 "}, {" 1234567 ", " 18446744073709551616 "}, {" amana-desk_", "  amana-desk_"}, {" amana-desk_", " ../amana-desk_"}, {" amana-desk_", " /amana-desk_"},
        {" amana-desk_", " -amana-desk_"}, {" amana-desk_", " .amana-desk_"}, {" amana-desk_", " zmana-desk_"}, {"amd64.deb\n", "amd64.deb\r\n"}, {"amd64.deb\n", "amd64.deb \n"}, {"amd64.deb\n", "amd64.dsc\n"},
        {"amana-desk", "amana\x1b[2Jdesk"}, {"amana-desk", "amana\\desk"}, {"amana-desk", "amana$desk"}, {"amana-desk", "amana'desk"}, {"amana-desk", "\xd8\xa7"}};
    for (const auto& [from, to] : changes) {
        CAPTURE(from, to);
        CHECK(refused(replaced(text, from, to)));
    }
    auto disordered = update();
    std::swap(disordered.files[0], disordered.files[1]);
    CHECK_FALSE(disordered.text().has_value());
    auto twice = update();
    twice.files[1] = twice.files[0];
    CHECK_FALSE(twice.text().has_value());
    auto newline = update();
    newline.version = "1\nfile x";
    CHECK_FALSE(newline.text().has_value());
}

TEST_CASE("an update's list has bounds")
{
    CHECK(UpdateManifest::parse(files(max_update_files, 1)).has_value());
    CHECK_FALSE(UpdateManifest::parse(files(max_update_files + 1, 1)).has_value());
    CHECK(UpdateManifest::parse(files(8, max_package_bytes)).has_value());
    CHECK_FALSE(UpdateManifest::parse(files(9, max_package_bytes)).has_value());
    CHECK(is_package_name(std::string(max_package_name_bytes - 4, 'a') + ".deb"));
    CHECK_FALSE(is_package_name(std::string(max_package_name_bytes - 3, 'a') + ".deb"));
    CHECK_FALSE(is_package_name(".deb"));
    CHECK_FALSE(is_package_name(""));
    CHECK(is_package_name("a.deb"));
}

}  // namespace amana::crypto::testing
