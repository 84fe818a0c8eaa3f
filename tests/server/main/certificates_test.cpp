// SPDX-License-Identifier: AGPL-3.0-or-later
// Several certificates, the folders in which Certbot and Caddy keep them, and their renewal.
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/certificate_watch.hpp"
#include "server/main/tls_files.hpp"

#include <cstdlib>

#include <sys/stat.h>

namespace amana::server::test {

namespace {

using Catch::Contains;
namespace fs = std::filesystem;

void make_pair(const fs::path& chain, const fs::path& key, const std::string& kind, const std::string& name = "report.example.org")
{
    const auto command = "openssl req -x509 -newkey " + kind + " -nodes -subj /CN=x -addext subjectAltName=DNS:" + name + " -days 365 -keyout " + key.string() + " -out " +
                         chain.string() + " 2>/dev/null && chmod 0600 " + key.string();
    REQUIRE(std::system(command.c_str()) == 0);
}
const std::string ecdsa = "ec -pkeyopt ec_paramgen_curve:P-256";
const std::string rsa = "rsa:2048";

struct Loaded {
    bool good;
    Material material;
    std::string findings;
};

std::optional<Config> config_of(const Site& site, const std::string& tls, const std::string& sections = "")
{
    auto text = replaced(site.config(), "certificate = \"certificate.pem\"\nkey = \"key.pem\"\n", tls);
    Findings findings;
    return parse_config(text + sections, site.at("amana.toml"), findings);
}

Loaded load(const Site& site, const std::string& tls, const std::string& sections = "")
{
    const auto config = config_of(site, tls, sections);
    REQUIRE(config);
    Loaded loaded{};
    Findings findings;
    loaded.good = load_tls_files(*config, site.now(), Moment::start, findings, loaded.material);
    loaded.findings = findings.text("amana.toml");
    return loaded;
}

}  // namespace

TEST_CASE("ECDSA and RSA stand side by side, each with its own key")
{
    const Site site;
    make_pair(site.at("ec.pem"), site.at("ec.key"), ecdsa);
    make_pair(site.at("rsa.pem"), site.at("rsa.key"), rsa);
    const std::string lists = "certificate = [\"ec.pem\", \"rsa.pem\"]\nkey = [\"ec.key\", \"rsa.key\"]\n";
    const auto loaded = load(site, lists);
    CHECK(loaded.findings.empty());
    CHECK(loaded.good);
    REQUIRE((loaded.material.tls.certificates.size() == 1 && loaded.material.tls.certificates[0].size() == 2));
    CHECK(as_text(loaded.material.tls.certificates[0][1].chain.view()) == read_text(site.at("rsa.pem")));
    const auto crossed = load(site, "certificate = [\"ec.pem\", \"rsa.pem\"]\nkey = [\"rsa.key\", \"ec.key\"]\n");
    CHECK((!crossed.good && crossed.findings.find("is not the key of") != std::string::npos));
    make_pair(site.at("rsa.pem"), site.at("rsa.key"), ecdsa);
    const auto same = load(site, lists);
    CHECK(!same.good);
    CHECK_THAT(same.findings, Contains("has a key of the same kind as one before it"));
}

TEST_CASE("Certbot's and Caddy's folders are taken as they are")
{
    const Site site;
    const auto archive = site.at("letsencrypt/archive/report.example.org");
    const auto live = site.at("letsencrypt/live/report.example.org");
    const auto caddy = site.at("caddy/certificates/acme-v02.api.letsencrypt.org-directory/report.example.org");
    for (const auto& folder : {archive, live, caddy}) fs::create_directories(folder);
    make_pair(archive / "fullchain1.pem", archive / "privkey1.pem", ecdsa);
    for (const auto* name : {"fullchain", "privkey"})
        fs::create_symlink(fs::path("../../archive/report.example.org") / (std::string(name) + "1.pem"), live / (std::string(name) + ".pem"));
    make_pair(caddy / "report.example.org.crt", caddy / "report.example.org.key", rsa);
    write_text(caddy / "report.example.org.json", "{}");

    const auto loaded = load(site, "certificate = [\"letsencrypt/live/report.example.org/\", \"" + caddy.string() + "\"]\n");
    CHECK(loaded.findings.empty());
    REQUIRE((loaded.good && loaded.material.tls.certificates[0].size() == 2));
    CHECK(as_text(loaded.material.tls.certificates[0][0].private_key.view()) == read_text(archive / "privkey1.pem"));
    CHECK(as_text(loaded.material.tls.certificates[0][1].private_key.view()) == read_text(caddy / "report.example.org.key"));
    fs::create_directories(site.at("empty"));
    const auto empty = load(site, "certificate = \"empty\"\n");
    CHECK(!empty.good);
    CHECK_THAT(empty.findings, Contains("holds neither fullchain.pem nor empty.crt") && Contains("Certbot's live/NAME"));
}

TEST_CASE("Each address of the site has its own, or that of [tls]; one that is for another name is a warning")
{
    const Site site;
    make_pair(site.at("ec.pem"), site.at("ec.key"), ecdsa, "mirror.example.net");
    const std::string sections = "[[site_address]]\nurl = \"https://localhost/\"\n[[site_address]]\nurl = \"https://mirror.example.net/\"\ncertificate = \"ec.pem\"\nkey = \"ec.key\"\n"
                                 "[[site_address]]\nurl = \"http://abc.onion/\"\n";
    const std::string common = "certificate = \"certificate.pem\"\nkey = \"key.pem\"\n";
    const auto loaded = load(site, common, sections);
    CHECK(loaded.findings.empty());
    REQUIRE((loaded.good && loaded.material.tls.certificates.size() == 3));
    CHECK(as_text(loaded.material.tls.certificates[0].at(0).chain.view()) == read_text(site.at("certificate.pem")));
    CHECK(as_text(loaded.material.tls.certificates[1].at(0).chain.view()) == read_text(site.at("ec.pem")));
    CHECK(loaded.material.tls.certificates[2].empty());
    const auto wrong = load(site, common, replaced(sections, "https://mirror.example.net/", "https://other.example.net/"));
    CHECK(wrong.good);
    CHECK_THAT(wrong.findings, Contains("warning: a certificate of https://other.example.net/ is not for that name"));
}

TEST_CASE("What was renewed is read once it is still; what is not in order is said once, and stays unread")
{
    const Site site;
    const auto config = config_of(site, "certificate = \"certificate.pem\"\nkey = \"key.pem\"\n");
    REQUIRE(config);
    std::vector<std::string> said;
    CertificateWatch watch(*config, [&](const std::string& line) { said.push_back(line); });
    watch.read_now();
    CHECK(!watch.look(false));
    const auto shown = [](const std::optional<SecretBuffer>& slice) {
        REQUIRE(slice);
        return std::string(as_text(wire::decode_tls(slice->view()).value().certificates.at(0).at(0).chain.view()));
    };
    // The key is yet to come.
    make_pair(site.at("certificate.pem"), site.at("new.key"), ecdsa);
    CHECK(!watch.look(false));
    fs::rename(site.at("new.key"), site.at("key.pem"));
    CHECK(!watch.look(false));
    CHECK(shown(watch.look(false)) == read_text(site.at("certificate.pem")));
    CHECK(said.empty());
    CHECK(!watch.look(false));
    // Asked for, it is read whether it has changed or not.
    CHECK(shown(watch.look(true)) == read_text(site.at("certificate.pem")));

    write_text(site.at("certificate.pem"), "not a certificate");
    CHECK((!watch.look(false) && !watch.look(false) && !watch.look(false)));
    REQUIRE(said.size() == 1);
    CHECK_THAT(said[0], Contains("warning: certificates were not taken, and the old ones are still served: ") && Contains("holds no certificate in PEM form"));
    CHECK(!watch.look(true));
    CHECK(said.size() == 2);
    make_certificate(site.at(""), 365);
    CHECK(!watch.look(false));
    CHECK(shown(watch.look(false)) == read_text(site.at("certificate.pem")));
}

TEST_CASE("A link that leads to another file is seen")
{
    const Site site;
    make_pair(site.at("2.pem"), site.at("2.key"), ecdsa);
    fs::create_symlink("certificate.pem", site.at("live.pem"));
    fs::create_symlink("key.pem", site.at("live.key"));
    const auto config = config_of(site, "certificate = \"live.pem\"\nkey = \"live.key\"\n");
    REQUIRE(config);
    CertificateWatch watch(*config, [](const std::string& line) { FAIL(line); });
    watch.read_now();
    for (const auto* name : {"pem", "key"}) {
        fs::remove(site.at(std::string("live.") + name));
        fs::create_symlink(std::string("2.") + name, site.at(std::string("live.") + name));
    }
    CHECK(!watch.look(false));
    CHECK(watch.look(false));
}

}  // namespace amana::server::test
