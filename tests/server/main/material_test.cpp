// SPDX-License-Identifier: AGPL-3.0-or-later
// The files a config names: each wrong one is refused with the config's line, the file, what is wrong and the remedy; and
// nothing of a secret is ever printed.
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "crypto/secret_file.hpp"
#include "server/main/material.hpp"
#include "server/wire/serial.hpp"

#include <cstdlib>

#include <sys/stat.h>

namespace amana::server::test {

namespace {

using Catch::Contains;

void run(const std::string& command)
{
    INFO(command);
    REQUIRE(std::system(("( " + command + " ) 2>/dev/null").c_str()) == 0);
}

}  // namespace

TEST_CASE("the key set must be public, of this root, and valid now")
{
    Site site;
    const auto findings = [&] { return site.findings_of(site.config(), site.now()); };
    const auto put = [&](const SignedKeys& keys) { write_text(site.at("keys.public"), keys.note); };

    SECTION("a secret file of the desk") {
        write_text(site.at("keys.public"), std::string(crypto::secret_file_magic) + "SECRETSECRETSECRET");
        CHECK_THAT(findings(), Contains("amana.toml:11:10: error: ") && Contains("is a private key; only the public key set belongs"));
        CHECK_THAT(findings(), !Contains("SECRETSECRET"));
    }
    SECTION("a PEM private key") {
        write_text(site.at("keys.public"), read_text(site.at("key.pem")));
        CHECK_THAT(findings(), Contains("amana.toml:11:10: error: ") && Contains("is a private key"));
    }
    SECTION("missing") {
        std::filesystem::remove(site.at("keys.public"));
        CHECK_THAT(findings(), Contains("amana.toml:11:10: error: can't open") && Contains("'amana-desk public'"));
    }
    SECTION("of another root") {
        put(make_keys(site.now() - one_week, site.now() + 10 * one_week, 5, 8));
        CHECK_THAT(findings(), Contains("amana.toml:11:10: error: ") && Contains("root"));
    }
    SECTION("altered after signing") {
        auto note = read_text(site.at("keys.public"));
        write_text(site.at("keys.public"), replaced(note, "serial 5", "serial 6"));
        CHECK_THAT(findings(), Contains("amana.toml:11:10: error: "));
    }
    SECTION("expired") {
        put(make_keys(site.now() - 9 * one_week, site.now() - one_day, 5));
        CHECK_THAT(findings(), Contains("recipient 'desk' has no key that is valid now") &&
                                   Contains("recipient 'partner'") &&
                                   Contains("the last expired on " + to_rfc3339(site.now() - one_day)) && Contains("amana-desk extend"));
    }
    SECTION("not yet valid") {
        const auto begin = crypto::epoch_start(site.now()) + 3 * one_week;
        put(make_keys(begin, begin + 5 * one_week, 5));
        CHECK_THAT(findings(), Contains("the next is not yet valid before " + to_rfc3339(begin)) && Contains("clock"));
    }
    SECTION("nearly run out: a warning") {
        put(make_keys(site.now() - 2 * one_week, site.now() + 5 * one_day + 60, 5));
        CHECK_THAT(findings(), Contains("warning") && Contains("keys are left for 5 days") && !Contains("error"));
    }
}

TEST_CASE("a generation that starts later may find its keys expired: the front then says that it is closed")
{
    Site site;
    write_text(site.at("keys.public"), make_keys(site.now() - 9 * one_week, site.now() - one_day, 5).note);
    Findings findings;
    const auto config = parse_config(site.config(), site.at("amana.toml"), findings);
    CHECK(!load_material(*config, site.now(), Moment::start, findings).has_value());
    Findings later;
    CHECK(load_material(*config, site.now(), Moment::restart, later).has_value());
    CHECK(later.errors() == 0);
    CHECK_THAT(later.text("c"), Contains("warning") && Contains("closed"));
}

TEST_CASE("a key set's serial may only rise, for one root")
{
    Site site;
    const auto storage = site.at("storage");
    const auto keys_of = [&](std::uint64_t serial, Byte root) {
        const auto made = make_keys(site.now() - one_week, site.now() + 10 * one_week, serial, root);
        return *crypto::KeySet::parse(as_bytes(made.note), made.fingerprint);
    };
    CHECK(wire::check_serial(storage, keys_of(5, 7)).has_value());
    REQUIRE(wire::remember_serial(storage, keys_of(5, 7)).has_value());
    CHECK(wire::check_serial(storage, keys_of(5, 7)).has_value());
    CHECK(wire::check_serial(storage, keys_of(6, 7)).has_value());
    CHECK(!wire::check_serial(storage, keys_of(4, 7)).has_value());
    CHECK(wire::check_serial(storage, keys_of(1, 8)).has_value());

    REQUIRE(wire::remember_serial(storage, keys_of(6, 7)).has_value());
    CHECK_THAT(site.findings_of(site.config(), site.now()),
               Contains("amana.toml:11:10: error: ") && Contains("serial 5 is older than serial 6"));
    struct stat about {};
    REQUIRE(::stat((storage / "keys.serial").c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);

    for (const auto* damaged : {"", "x", "abc 5", "abc x\n", "abc 5 \n"}) {
        INFO("'" << damaged << "'");
        write_text(storage / "keys.serial", damaged);
        CHECK(!wire::check_serial(storage, keys_of(6, 7)).has_value());
    }
}

TEST_CASE("certificate and key must be what they should be, belong together and be valid")
{
    Site site;
    const auto findings = [&] { return site.findings_of(site.config(), site.now()); };
    const auto certificate = site.at("certificate.pem").string();
    const auto key = site.at("key.pem").string();

    SECTION("the wrong way round") {
        const auto text = replaced(replaced(site.config(), "\"certificate.pem\"", "\"x\""), "\"key.pem\"", "\"certificate.pem\"");
        const auto both = site.findings_of(replaced(text, "\"x\"", "\"key.pem\""), site.now());
        CHECK_THAT(both, Contains("amana.toml:8:15: error: ") && Contains("holds a private key where only certificates belong"));
        CHECK_THAT(both, Contains("amana.toml:9:7: error: ") && Contains("holds a certificate where the private key belongs"));
    }
    SECTION("certificate and key in one file") {
        run("cat " + key + " >>" + certificate);
        CHECK_THAT(findings(), Contains("amana.toml:8:15: error: ") && Contains("holds a private key"));
    }
    SECTION("not of one pair") {
        TemporaryDirectory other;
        make_certificate(other.path(), 365);
        run("cp " + (other.path() / "key.pem").string() + " " + key);
        CHECK_THAT(findings(), Contains("amana.toml:9:7: error: ") && Contains("is not the key of"));
    }
    SECTION("a key that others may read") {
        ::chmod(key.c_str(), 0644);
        CHECK_THAT(findings(), Contains("amana.toml:9:7: error: ") && Contains("every user of this machine") && Contains("chmod o= "));
    }
    SECTION("a key under a passphrase") {
        run("openssl pkcs8 -topk8 -passout pass:secret -in " + key + " -out " + key + ".new && mv " + key + ".new " + key + " && chmod 600 " + key);
        CHECK_THAT(findings(), Contains("amana.toml:9:7: error: ") && Contains("is under a passphrase"));
    }
    SECTION("no PEM at all") {
        write_text(certificate, "hello");
        write_text(key, "hello", 0600);
        CHECK_THAT(findings(), Contains("holds no certificate in PEM form") && Contains("holds no private key in PEM form"));
    }
    SECTION("a chain that is damaged") {
        run("printf -- '-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n' >>" + certificate);
        CHECK_THAT(findings(), Contains("amana.toml:8:15: error: ") && Contains("damaged after its first certificate"));
    }
    SECTION("a chain that is whole") {
        run("cat " + certificate + " " + certificate + " >" + certificate + ".2 && mv " + certificate + ".2 " + certificate);
        CHECK(findings().empty());
    }
    SECTION("expired") {
        const auto later = site.now() + 366 * one_day;
        CHECK_THAT(site.findings_of(site.config(), later), Contains("amana.toml:8:15: error: ") && Contains("expired on"));
    }
    SECTION("not yet valid") {
        CHECK_THAT(site.findings_of(site.config(), site.now() - 2 * one_day),
                   Contains("amana.toml:8:15: error: ") && Contains("is not valid before") && Contains("clock"));
    }
    SECTION("soon to expire: a warning") {
        make_certificate(site.at(""), 5);
        CHECK(findings().empty());  // five days of five is plenty
        make_certificate(site.at(""), 365);
        write_text(site.at("keys.public"), make_keys(site.now(), site.now() + 52 * one_week, 5).note);
        CHECK_THAT(site.findings_of(site.config(), site.now() + 352 * one_day),
                   Contains("warning") && Contains("expires on") && !Contains("certificate.pem expired"));
    }
    SECTION("a short key") {
        run("openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=x -keyout " + key + " -out " + certificate + " && chmod 600 " + key);
        CHECK_THAT(findings(), Contains("amana.toml:9:7: error: ") && Contains("too short a key (1024 bits)"));
    }
    SECTION("no secret is in what is said") {
        const auto secret = read_text(key).substr(40, 20);
        write_text(site.at("keys.public"), read_text(key));
        write_text(certificate, read_text(key));
        CHECK_THAT(findings(), !Contains(secret));
    }
}

}  // namespace amana::server::test
