// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/machine.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace amana::server::test {

using Catch::Contains;

TEST_CASE("what is wrong with storage, pages and memory is named with its line")
{
    Site site;
    auto text = site.config();
    MemoryProtection memory{true, SIZE_MAX};
    const auto findings = [&] {
        Findings all;
        const auto config = parse_config(text, site.at("amana.toml"), all);
        check_machine(*config, memory, all);
        return all.text("amana.toml");
    };
    // The programs are not beside a test; nothing else is wrong.
    CHECK_THAT(findings(), Contains("amana-front is neither in") && Contains("amana-keeper is neither in") && !Contains("storage") && !Contains("locale"));

    SECTION("no storage directory") {
        std::filesystem::remove_all(site.at("storage"));
        CHECK_THAT(findings(), Contains("amana.toml:14:13: error: can't use") && Contains("install -d -m 0700"));
    }
    SECTION("storage open to others") {
        for (const mode_t mode : {0701u, 0704u, 0720u}) {
            ::chmod(site.at("storage").c_str(), mode);
            CHECK_THAT(findings(), Contains("amana.toml:14:13: error: ") && Contains("open to other users") && Contains("chmod 0700"));
        }
    }
    SECTION("storage of another user, for root") {
        if (::geteuid() != 0) return;
        REQUIRE(::chown(site.at("storage").c_str(), 1, 1) == 0);
        CHECK_THAT(findings(), Contains("amana.toml:14:13: error: ") && Contains("runuser -u daemon"));
    }
    SECTION("storage is a file") {
        std::filesystem::remove_all(site.at("storage"));
        write_text(site.at("storage"), "");
        CHECK_THAT(findings(), Contains("amana.toml:14:13: error: ") && Contains("is not a directory"));
    }
    SECTION("a language without catalogue") {
        text = replaced(text, "\"en\"", "\"xx\"");
        CHECK_THAT(findings(), Contains("amana.toml:2:20: error: can't read") && Contains("Remove 'xx'"));
    }
    SECTION("no pages at all") {
        std::filesystem::remove_all(site.at("data/templates"));
        CHECK_THAT(findings(), Contains("amana.toml:3:8: error: ") && Contains("does not hold the pages"));
    }
    SECTION("little lockable memory") {
        memory = {false, 4u << 20};
        CHECK_THAT(findings(), Contains("warning: only 4 MiB of memory may be locked"));
    }
    SECTION("more connections than descriptors") {
        text = replaced(text, "max_uploads = 64", "max_connections = 1000000");
        CHECK_THAT(findings(), Contains("'max_connections' needs 100") && Contains("LimitNOFILE"));
    }
}

}  // namespace amana::server::test
