// SPDX-License-Identifier: AGPL-3.0-or-later
// Every mistake on the command line that would be printed is refused, in words that say which it is.
#include "server/print/job.hpp"
#include "tests/support/catch.hpp"

#include <functional>

namespace amana::print::test {

namespace {

const std::string onion = "http://vatdtnxyyotoknwyzrlcyo4g75fqcleevmrqyhs34ze2vgwsnuqr7iqd.onion";

Arguments good()
{
    Arguments arguments;
    arguments.data = "data";
    arguments.languages = {"en", "ar"};
    arguments.address = "https://reports.example.org";
    arguments.onion = onion;
    arguments.root = std::string(64, 'a');
    arguments.out = "out";
    return arguments;
}

struct Case {
    std::function<void(Arguments&)> spoil;
    std::string expected;  // in the message
};

const std::vector<Case>& cases()
{
    static const std::vector<Case> all{
        {[](Arguments& a) { a.languages.emplace_back("en"); }, "--language en is given twice"},
        {[](Arguments& a) { a.address = "http://reports.example.org"; }, "it does not begin with https://"},
        {[](Arguments& a) { a.address = "https://Reports.example.org"; }, "its host is not one of lower-case letters"},
        {[](Arguments& a) { a.address = "https://reports..org"; }, "its host is not one of"},
        {[](Arguments& a) { a.address = "https://.org"; }, "its host is not one of"},
        {[](Arguments& a) { a.address = "https://localhost"; }, "its host is not one of"},
        {[](Arguments& a) { a.address = "https://отчёты.example.org"; }, "its host is not one of"},
        {[](Arguments& a) { a.address += "/?x"; }, "a character that nobody should have to type"},
        {[](Arguments& a) { a.address += "/'>"; }, "a character that nobody should have to type"},
        {[](Arguments& a) { a.address += "/" + std::string(80, 'a'); }, "longer than 100 characters"},
        {[](Arguments& a) { a.onion = onion.substr(7); }, "it does not begin with http://"},
        {[](Arguments& a) { a.onion += "/ar"; }, "it is not 56 characters and .onion"},
        {[](Arguments& a) { a.onion.erase(10, 1); }, "it is not 56 characters and .onion"},
        {[](Arguments& a) { a.onion[10] = '1'; }, "not one of a to z and 2 to 7"},
        {[](Arguments& a) { a.onion[10] = 'V'; }, "not one of a to z and 2 to 7"},
        {[](Arguments& a) { a.onion[10] = 'e'; }, "its checksum is wrong"},
        {[](Arguments& a) { a.root.pop_back(); }, "is not a fingerprint"},
        {[](Arguments& a) { a.root[3] = 'A'; }, "is not a fingerprint"},
        {[](Arguments& a) { a.colour = "0b5c63"; }, "is not a colour"},
        {[](Arguments& a) { a.colour = "#0b5c6"; }, "is not a colour"},
        {[](Arguments& a) { a.colour = "#0b5c6g"; }, "is not a colour"},
        {[](Arguments& a) { a.only = "posters"; }, "--only posters: there is no such thing"},
        {[](Arguments& a) { a.names = {"Ministry"}; }, "--name Ministry: no language"},
        {[](Arguments& a) { a.headlines = {"fr=Oui"}; }, "--headline is given for fr, which is not printed"},
        {[](Arguments& a) { a.numbers = {"en=1", "en=2"}; }, "--numbers is given twice for en"},
        {[](Arguments& a) { a.names = {"en="}; }, "--name en: this is empty"},
        {[](Arguments& a) { a.names = {"en=a\nb"}; }, "--name en: this is empty, longer"},
        {[](Arguments& a) { a.names = {"en=\xff"}; }, "--name en: this is empty, longer"},
        {[](Arguments& a) { a.names = {"en=" + std::string(201, 'a')}; }, "longer than 200 characters"},
    };
    return all;
}

}  // namespace

TEST_CASE("what is right is taken as it stands")
{
    auto arguments = good();
    arguments.names = {"ar=وزارة الخارجية", "en=A = B"};
    arguments.colour = "#FF8000";
    arguments.only = "sheet";
    arguments.address = "https://reports.example.org:8443/ar";
    const auto job = check(arguments);
    REQUIRE(job.has_value());
    CHECK(job->onion_host == onion.substr(7));
    CHECK(job->names.at("en") == "A = B");
    CHECK(job->colour.red == 1);
    CHECK(job->colour.green == Approx(128 / 255.0));
    CHECK(job->colour.blue == 0);
    CHECK(job->only == Kind::sheet);
    CHECK_FALSE(job->logo.has_value());
}

TEST_CASE("an onion address may be missing, or end in a slash")
{
    auto arguments = good();
    arguments.onion.clear();
    CHECK(check(arguments)->onion_host.empty());
    CHECK(onion_host(onion + "/").value() == onion.substr(7));
    CHECK(onion_host("https" + onion.substr(4)).value() == onion.substr(7));
    // Onion addresses that others made: the Tor Project's, and one of its own specification's examples.
    CHECK(onion_host("http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion").has_value());
    CHECK(onion_host("http://pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion").has_value());
}

TEST_CASE("what would be wrong on paper is refused and named")
{
    for (const auto& [spoil, expected] : cases()) {
        auto arguments = good();
        spoil(arguments);
        const auto job = check(arguments);
        INFO(expected);
        REQUIRE_FALSE(job.has_value());
        CHECK(job.error().message.find(expected) != std::string::npos);
        CHECK_FALSE(job.error().hint.empty());
    }
}

TEST_CASE("no other character at any place of an onion address passes")
{
    for (std::size_t at = 7; at < 7 + 56; ++at)
        for (const char c : std::string("abcdefghijklmnopqrstuvwxyz234567")) {
            auto changed = onion;
            changed[at] = c;
            CHECK(onion_host(changed).has_value() == (changed == onion));
        }
}

}  // namespace amana::print::test
