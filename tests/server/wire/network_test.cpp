// SPDX-License-Identifier: AGPL-3.0-or-later
// Networks by their prefix, and the site's addresses.
#include "tests/support/catch.hpp"

#include "server/wire/network.hpp"
#include "server/wire/site_url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace amana::wire {

namespace {

sockaddr_storage address(const std::string& text)
{
    sockaddr_storage out{};
    out.ss_family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
    void* const at = out.ss_family == AF_INET ? static_cast<void*>(&reinterpret_cast<sockaddr_in&>(out).sin_addr) : &reinterpret_cast<sockaddr_in6&>(out).sin6_addr;
    REQUIRE(::inet_pton(out.ss_family, text.c_str(), at) == 1);
    return out;
}

bool contains(const std::string& network, const std::string& one)
{
    return Network::parse(network).value().contains(address(one));
}

}  // namespace

TEST_CASE("A network has those of its prefix, and no others")
{
    CHECK((contains("10.0.0.0/8", "10.255.1.2") && !contains("10.0.0.0/8", "11.0.0.0")));
    CHECK((contains("192.0.2.128/25", "192.0.2.200") && !contains("192.0.2.128/25", "192.0.2.127")));
    CHECK((contains("192.0.2.1", "192.0.2.1") && !contains("192.0.2.1", "192.0.2.2")));
    CHECK((contains("0.0.0.0/0", "203.0.113.1") && !contains("0.0.0.0/0", "2001:db8::1")));
    CHECK((contains("2001:db8::/33", "2001:db8:7fff::1") && !contains("2001:db8::/33", "2001:db8:8000::1")));
    CHECK((contains("::1", "::1") && !contains("::1", "::2")));
    CHECK((contains("::/0", "2001:db8::1") && !contains("::/0", "192.0.2.1")));
    CHECK((contains("192.0.2.0/24", "::ffff:192.0.2.7") && !contains("192.0.2.0/24", "::ffff:192.0.3.7")));
    sockaddr_storage local{};
    local.ss_family = AF_UNIX;
    CHECK(!Network::parse("0.0.0.0/0")->contains(local));
    CHECK(Network::parse("2001:db8::/32")->text() == "2001:db8::/32");
}

TEST_CASE("What is no network is said")
{
    for (const auto* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0/8", "localhost", "2001:db8::/129", "10.0.0.0/8/8"})
        CHECK(!Network::parse(bad).has_value());
    CHECK_THAT(Network::parse("10.0.0.1/8").error().message, Catch::Contains("bits behind its prefix"));
}

TEST_CASE("The site's addresses")
{
    const auto text = [](std::string_view written) { return SiteUrl::parse(written).value().text(); };
    CHECK(text("https://Report.Example.org") == "https://report.example.org/");
    CHECK(text("https://report.example.org:443/") == "https://report.example.org/");
    CHECK(text("https://report.example.org:8443/") == "https://report.example.org:8443/");
    CHECK(text("https://[2001:DB8::1]:8443/") == "https://[2001:db8::1]:8443/");
    CHECK(text("http://abc.onion/") == "http://abc.onion/");
    CHECK((SiteUrl::parse("http://abc.onion/")->onion() && !SiteUrl::parse("https://onion.example/")->onion()));
    CHECK((SiteUrl::parse("https://192.0.2.1/")->literal() && SiteUrl::parse("https://[::1]/")->literal() && !SiteUrl::parse("https://a1.example/")->literal()));
    for (const auto* bad : {"", "report.example.org", "ftp://a/", "https://", "https:///", "https://a/b", "https://a/?q", "https://u@a/", "https://a.:443/", "https://a:/", "https://a b/", "//a/"})
        CHECK(!SiteUrl::parse(bad).has_value());
    CHECK_THAT(SiteUrl::parse("http://report.example.org/").error().message, Catch::Contains("neither https nor an onion"));
}

TEST_CASE("A Host is a name or an address, and may have a port")
{
    CHECK(host_of("Report.Example.org") == "report.example.org");
    CHECK(host_of("report.example.org:8443") == "report.example.org");
    CHECK(host_of("[2001:db8::1]:443") == "[2001:db8::1]");
    CHECK(host_of("192.0.2.1") == "192.0.2.1");
    CHECK(host_of("amana_front") == "amana_front");
    CHECK(host_of(std::string(255, 'a')).size() == 255);
    for (const auto& bad : {std::string(), std::string("a."), std::string(".a"), std::string("a..b"), std::string("a:"), std::string("a:b"), std::string("a:123456"), std::string("u@a"),
                            std::string("a b"), std::string("a/b"), std::string("a,b"), std::string("[::1"), std::string("[::1]x"), std::string("[]"), std::string("[x]"), std::string("::1"), std::string(256, 'a')})
        CHECK(host_of(bad).empty());
}

}  // namespace amana::wire
