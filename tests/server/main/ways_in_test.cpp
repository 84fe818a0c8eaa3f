// SPDX-License-Identifier: AGPL-3.0-or-later
// How the site is reached: what a config means, and what in it can't be.
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/ways_in.hpp"

namespace amana::server::test {

namespace {

struct Parsed {
    Config config;
    std::string findings;
};

// The good config with these sections behind [listen], which is left out unless it is wanted.
Parsed parsed(const Site& site, const std::string& sections, bool listen = false)
{
    auto text = site.config();
    if (!listen) text = replaced(text, "address = [\"127.0.0.1:8443\", \"[::1]:8443\"]\n", "");
    Findings findings;
    auto config = parse_config(text + sections, site.at("amana.toml"), findings);
    REQUIRE(config);
    return {*std::move(config), findings.text("amana.toml")};
}

const std::string clearnet = "[[site_address]]\nurl = \"https://report.example.org/\"\n";
const std::string onion = "[[site_address]]\nurl = \"http://abc.onion/\"\n";
const std::string tls = "[[listener]]\naddress = \"127.0.0.1:8443\"\n";

}  // namespace

TEST_CASE("Listeners mean what they say")
{
    const Site site;
    const auto [config, findings] = parsed(site,
                                           "[[listener]]\naddress = \"10.0.0.1:8443\"\nproxy = \"required\"\npeers = [\"10.0.0.2\", \"10.1.0.0/16\"]\n"
                                           "[[listener]]\naddress = \"unix:/run/amana/onion.sock\"\ntls = false\nsite = \"http://abc.onion\"\nmode = \"0600\"\n"
                                           "[[listener]]\naddress = \"unix:/run/amana/front.sock\"\ntls = false\nforwarded = \"X-Forwarded-For\"\ngroup = \"www-data\"\n"
                                           "[[listener]]\naddress = \"127.0.0.1:8080\"\ntls = false\nforwarded = \"X-Real-IP\"\n"
                                           "[[listener]]\naddress = \"0.0.0.0:80\"\nredirect = true\n" + clearnet + onion + "onion_location = \"http://abc.onion/\"\n");
    // An onion address can lead to no other.
    CHECK_THAT(findings, Catch::Contains("'onion_location' leads from a clearnet address"));
    REQUIRE(config.listeners.size() == 5);
    const auto &proxied = config.listeners[0], &to_onion = config.listeners[1], &terminated = config.listeners[2], &plain = config.listeners[3],
               &redirect = config.listeners[4];
    CHECK((proxied.tls && proxied.proxy && proxied.peers.size() == 2 && proxied.peers[1].text() == "10.1.0.0/16"));
    CHECK(proxied.serves == std::vector<std::uint32_t>{0});
    CHECK((!to_onion.tls && to_onion.address.path == "/run/amana/onion.sock" && to_onion.access.mode == 0600 && to_onion.peers.empty()));
    CHECK(to_onion.serves == std::vector<std::uint32_t>{1});
    CHECK((terminated.forwarded == "X-Forwarded-For" && terminated.access.group == "www-data" && terminated.serves == std::vector<std::uint32_t>{0}));
    // Nobody is believed but from this machine, where nobody is named.
    CHECK((plain.peers == loopback_networks() && plain.forwarded == "X-Real-IP"));
    CHECK((redirect.redirect && !redirect.tls && redirect.peers.empty() && redirect.serves == std::vector<std::uint32_t>{0}));
    CHECK(text_of(proxied) == "https://10.0.0.1:8443 (PROXY header)");
    CHECK(text_of(to_onion) == "unix:/run/amana/onion.sock");
    CHECK(text_of(redirect) == "http://0.0.0.0:80 (redirect)");
}

TEST_CASE("Addresses of the site have certificates, exits and manifests of their own")
{
    const Site site;
    const auto [config, findings] = parsed(site, tls + clearnet + "onion_location = \"http://abc.onion\"\nexit = \"https://example.org/\"\nmanifest = \"one.note\"\n"
                                                 "[[site_address]]\nurl = \"https://mirror.example.net:8443/\"\ncertificate = [\"ec.pem\", \"rsa.pem\"]\nkey = [\"ec.key\", \"rsa.key\"]\n");
    CHECK(findings.empty());
    REQUIRE(config.site_addresses.size() == 2);
    CHECK(config.site_addresses[0].onion_location == "http://abc.onion/");
    CHECK((config.site_addresses[0].exit == "https://example.org/" && config.site_addresses[0].manifest.value == site.at("one.note")));
    CHECK(config.site_addresses[0].certificates.empty());
    REQUIRE(config.site_addresses[1].certificates.size() == 2);
    CHECK(config.site_addresses[1].certificates[1].key.value == site.at("rsa.key"));
    CHECK(config.listeners[0].serves == std::vector<std::uint32_t>{0, 1});
    CHECK(config.certificates.size() == 1);
}

TEST_CASE("Without TLS there need be no certificate")
{
    const Site site;
    auto text = replaced(site.config(), "address = [\"127.0.0.1:8443\", \"[::1]:8443\"]\n", "");
    text = replaced(text, "[tls]\ncertificate = \"certificate.pem\"\nkey = \"key.pem\"\n", "");
    Findings findings;
    const auto config = parse_config(text + "[[listener]]\naddress = \"unix:/run/amana/onion.sock\"\ntls = false\n" + onion, site.at("amana.toml"), findings);
    CHECK(findings.text("amana.toml").empty());
    REQUIRE(config);
    CHECK((config->certificates.empty() && config->listeners[0].serves == std::vector<std::uint32_t>{0}));
}

TEST_CASE("What can't be of listeners and addresses is said, with what to do")
{
    const Site site;
    struct Case {
        std::string sections;
        std::string expected;  // a part of what is found, " // ", and a part of the remedy
    };
    const std::string plain = "[[listener]]\naddress = \"127.0.0.1:8080\"\ntls = false\n";
    for (const auto& [sections, expected] : std::vector<Case>{
             {"[[listener]]\n", "'address' in [[listener]] is missing // [[listener]]"},
             {"[listener]\naddress = \"127.0.0.1:1\"\n", "'listener' must be a list of sections // Write [[listener]]"},
             {tls + tls, "address 127.0.0.1:8443 is listed twice // Remove one"},
             {tls + "tsl = true\n", "unknown key 'tsl' in [[listener]] // Did you mean 'tls'?"},
             {tls + "tls = \"yes\"\n", "'tls' in [[listener]] must be true or false, not string // tls = false"},
             {tls + "proxy = true\n", "'proxy' in [[listener]] must be a string in quotes // \"required\""},
             {tls + "proxy = \"v2\"\n", "'proxy' in [[listener]] is neither \"none\" nor \"required\" // PROXY header"},
             {tls + "proxy = \"required\"\nforwarded = \"X-Forwarded-For\"\n", "both 'proxy' and 'forwarded' // where it ends TLS"},
             {tls + "forwarded = \"X Forwarded\"\n", "'forwarded' in [[listener]] is no header's name // X-Forwarded-For"},
             {tls + "peers = \"localhost\"\n", "'localhost' is not a network // 10.0.0.0/8"},
             {tls + "peers = \"10.0.0.1/8\"\n", "it has bits behind its prefix // Write 0"},
             {tls + "mode = \"0660\"\n", "'mode' and 'group' are of a Unix socket // 'peers'"},
             {"[[listener]]\naddress = \"unix:/run/a.sock\"\npeers = \"::1\"\n", "'peers' means nothing for a Unix socket // 'mode' and 'group'"},
             {"[[listener]]\naddress = \"unix:/run/a.sock\"\nmode = \"rw\"\n", "'mode' in [[listener]] is no file mode // \"0660\""},
             {"[[listener]]\naddress = \"unix:/run/a.sock\"\nmode = \"0666\"\n", "warning: every user of this machine may connect // group"},
             {"[[listener]]\naddress = \"unix:run/a.sock\"\n", "'unix:run/a.sock' is not an address to listen on // unix:/run/amana/front.sock"},
             {"[[listener]]\naddress = \"unix:/" + std::string(110, 'x') + "\"\n", "is not an address to listen on // unix:/run/amana/front.sock"},
             {"[[listener]]\naddress = \"10.0.0.1:8080\"\ntls = false\nforwarded = \"X-Forwarded-For\"\n", "10.0.0.1:8080 would take reports in the clear // loopback"},
             {plain, "nothing says which address 127.0.0.1:8080 serves // [[site_address]]"},
             {tls + "redirect = true\ntls = true\n", "a listener with 'redirect' speaks plain HTTP // 'tls'"},
             {"[[listener]]\naddress = \"0.0.0.0:80\"\nredirect = true\nforwarded = \"X-Forwarded-For\"\n", "'forwarded' is of no use // Remove it"},
             {"[[listener]]\naddress = \"0.0.0.0:80\"\nredirect = true\n", "nothing says which address 0.0.0.0:80 serves // [[site_address]]"},
             {plain + clearnet + onion, "'site' in [[listener]] is missing // site = [\"http://abc.onion/\"]"},
             {tls + onion, "no [[site_address]] with https is there for 127.0.0.1:8443 // Add one"},
             {tls + "site = \"http://abc.onion/\"\n" + onion, "http://abc.onion/ is not https // tls = false"},
             {tls + "site = \"https://other.example/\"\n" + clearnet, "'site' in [[listener]] names none of [[site_address]] // https://report.example.org/"},
             {tls + "[[site_address]]\n", "'url' in [[site_address]] is missing // url = "},
             {tls + "[[site_address]]\nurl = \"http://report.example.org/\"\n", "it is neither https nor an onion address // redirect = true"},
             {tls + "[[site_address]]\nurl = \"https://report.example.org/ar/\"\n", "is not an address of the site // host alone"},
             {tls + clearnet + clearnet, "host report.example.org is listed twice // Remove one"},
             {tls + clearnet + "exit = \"javascript:x\"\n", "'exit' in [[site_address]] is not an address // https://www.wikipedia.org/"},
             {tls + clearnet + "onion_location = \"https://example.org/\"\n", "'onion_location' in [[site_address]] is no onion address // .onion"},
             {tls + clearnet + "onion_location = \"http://" + std::string(120, 'a') + ".onion/\"\n", "'onion_location' in [[site_address]] is longer than 128 bytes // version 3"},
             {tls + clearnet + "certificate = \"a.pem\"\n", "'key' in [[site_address]] is missing // key = "},
             {tls + clearnet + "certificate = [\"a.pem\", \"b.pem\"]\nkey = \"a.key\"\n", "'certificate' in [[site_address]] names 2 and 'key' 1 // as many keys"},
         }) {
        const auto found = parsed(site, sections).findings;
        INFO(sections);
        CAPTURE(found);
        const auto cut = expected.find(" // ");
        CHECK_THAT(found, Catch::Contains(expected.substr(0, cut)));
        CHECK_THAT(found, Catch::Contains(expected.substr(cut + 4)));
    }
}

}  // namespace amana::server::test
