// SPDX-License-Identifier: AGPL-3.0-or-later
// Every way in which a config's own text can be wrong is named with its line, in words that say what to do.
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/units.hpp"

namespace amana::server::test {

namespace {

struct Case {
    std::string what;      // in the good config
    std::string by;
    std::string expected;  // "LINE:COLUMN: ..." as it begins, then " // " and a part of the remedy
};

const std::vector<Case>& cases()
{
    static const std::vector<Case> all{
        {"[listen]", "[listn]", "4:2: error: unknown section 'listn' // Did you mean 'listen'?"},
        {"[listen]", "[listn]", "error: 'address' in [listen] is missing // address = \"127.0.0.1:8443\""},
        {"threads = 2", "thread = 2", "6:1: error: unknown key 'thread' in [listen] // Did you mean 'threads'?"},
        {"threads = 2", "colour = 2", "6:1: error: unknown key 'colour' in [listen] // Known here: address, threads."},
        {"threads = 2", "threads = \"2\"", "6:11: error: 'threads' in [listen] must be a whole number, not string // threads = 2"},
        {"threads = 2", "threads = 0", "6:11: error: 'threads' in [listen] is 0, out of range // from 1 to 64"},
        {"threads = 2", "threads = 65", "6:11: error: 'threads' in [listen] is 65, out of range // from 1 to 64"},
        {"threads = 2", "threads = 2\nthreads = 3", "7:11: error: not TOML // correct it"},
        {"[::1]:8443", "localhost:8443", "5:30: error: 'localhost:8443' is not an address to listen on // numeric address"},
        {"[::1]:8443", "127.0.0.1:8443", "5:30: error: address 127.0.0.1:8443 is listed twice // Remove one"},
        {"[::1]:8443", "::1:8443", "5:30: error: '::1:8443' is not an address to listen on // [::1]:8443"},
        {"[::1]:8443", "127.0.0.1:65536", "5:30: error: '127.0.0.1:65536' is not an address // numeric address"},
        {"\"en\"", "\"e/n\"", "2:20: error: this is not a language code // pt-BR"},
        {"\"en\"", "\"ar\"", "2:20: error: language 'ar' is listed twice // Remove one"},
        {"\"en\"", "7", "2:20: error: 'languages' in [site] must be a string in quotes, not integer // [\"ar\", \"en\"]"},
        {"[\"ar\", \"en\"]", "[]", "2:13: error: 'languages' in [site] is an empty list // [\"ar\", \"en\"]"},
        {"data = \"data\"", "exit = \"http://example.org/\"", "3:8: error: 'exit' in [site] is not an address that begins with https:// // exit = \"https://www.wikipedia.org/\""},
        {"data = \"data\"", "exit = \"https://\"", "3:8: error: 'exit' in [site] is not an address // Write for example"},
        {"data = \"data\"", "exit = \"https://a.example/ b\"", "3:8: error: 'exit' in [site] is not an address // Write for example"},
        {"data = \"data\"", "exit = \"javascript:x\"", "3:8: error: 'exit' in [site] is not an address // Write for example"},
        {"data = \"data\"", "exit = \"https://" + std::string(493, 'x') + "\"", "3:8: error: 'exit' in [site] is not an address // Write for example"},
        {"data = \"data\"", "address = \"report.example.org\"", "3:11: error: 'address' in [site] is not an address that begins with https:// // report.example.org"},
        {"data = \"data\"", "onion = \"https://example.onion/\"", "3:9: error: 'onion' in [site] is not an address that begins with http:// // example.onion"},
        {"data = \"data\"", "form = \"forms/mine\"", "3:8: error: 'form' in [site] is neither a shipped questionnaire's name nor a .toml file // recruitment-2"},
        {"data = \"data\"", "data = \"data\"\nform = \"recruitment-99\"", "4:8: error: // names a shipped questionnaire"},
        {"data = \"data\"", "data = \"data\"\nform = \"mine.toml\"", "mine.toml // names a shipped questionnaire"},
        {"data = \"data\"", "data = \"data\"\nlogo = \"none.png\"", "4:8: error: // names a small PNG"},
        {"data = \"data\"", "read_every = \"30m\"", "3:14: error: 'read_every' in [site] is 30m, out of range // from "},
        {"data = \"data\"", "read_every = \"31d\"", "3:14: error: 'read_every' in [site] is 31d, out of range // from "},
        {"data = \"data\"", "cover = \"61m\"", "3:9: error: 'cover' in [site] is 61m, out of range // from "},
        {"data = \"data\"", "cover = 45", "3:9: error: 'cover' in [site] must be a duration in quotes, not integer // cover = "},
        {"data = \"data\"", "security_contact = \"security@example.org\"", "3:20: error: 'security_contact' in [site] is not an address that begins with mailto: // mailto:security@example.org"},
        {"data = \"data\"", "security_contact = \"mailto:a\\nb\"", "3:20: error: 'security_contact' in [site] is not an address // Write for example"},
        {"data = \"data\"", "data = \"data\"\nmanifest = \"none.note\"", "4:12: error: // names the file that 'amana-desk sign-site' wrote"},
        {"data = \"data\"", "data = \"data\"\nrelease = \"none.note\"", "4:11: error: // that came with this version"},
        {"data = \"data\"", "colours = \"#0b5c63\"", "3:1: error: unknown key 'colours' in [site] // Did you mean 'colour'?"},
        {"[listen]", "[texts.ar]\nnmae = \"x\"\n[listen]", "5:1: error: unknown key 'nmae' in [texts.ar] // Did you mean 'name'?"},
        {"[listen]", "[texts]\nar = 5\n[listen]", "5:6: error: 'ar' in [texts] must be a section, not integer // Write [texts.ar]"},
        {"[listen]", "[texts.fr]\nname = \"x\"\n[listen]", "error: unknown section 'fr' in [texts] // Its language is none of 'languages' in [site]"},
        {"[listen]", "[texts.ar]\nlaw = \"one\\ntwo\"\n[listen]", "5:7: error: 'law' is longer than 2000 bytes, or of several lines // one line"},
        {"[listen]", "[texts.ar]\nlaw = \"" + std::string(2001, 'x') + "\"\n[listen]", "5:7: error: 'law' is longer than 2000 bytes // one line"},
        {"certificate = \"certificate.pem\"\n", "", "7:1: error: 'certificate' in [tls] is missing // certificate = "},
        {"certificate = \"certificate.pem\"", "certificate = \"\"", "8:15: error: 'certificate' in [tls] is empty // certificate = "},
        {"reserve = \"64 MiB\"", "reserve = \"64 MB\"", "15:11: error: 'reserve' in [storage] is not a size // KiB, MiB"},
        {"reserve = \"64 MiB\"", "reserve = 64", "15:11: error: 'reserve' in [storage] must be a size in quotes, not integer // \"64 MiB\""},
        {"reserve = \"64 MiB\"", "reserve = \"1 B\"", "15:11: error: 'reserve' in [storage] is 1 B, out of range // from 1 MiB"},
        {"reserve = \"64 MiB\"", "reserve = \"99999999999 TiB\"", "15:11: error: 'reserve' in [storage] is not a size // KiB"},
        {"reports.example.org", "a b", "17:10: error: 'origin' in [log] is not fit // without spaces"},
        {"tick = \"15m\"", "tick = \"2d\"", "18:8: error: 'tick' in [log] is 2d, out of range // from 1s to 1d"},
        {"tick = \"15m\"", "tick = \"15 minutes\"", "18:8: error: 'tick' in [log] is not a duration // \"15m\""},
        {"max_files = \"64 MiB\"", "max_files = \"1 GiB\"", "20:13: error: 'max_files' in [limits] is 1 GiB, out of range // 127 MiB"},
        {"max_uploads = 64", "max_uploads = -1", "21:15: error: 'max_uploads' in [limits] is -1, out of range // from 1"},
        {"idle_timeout = \"60s\"", "idle_timout = \"60s\"", "22:1: error: unknown key 'idle_timout' in [limits] // 'idle_timeout'?"},
        {"[site]", "site = 5\n[sites]", "1:8: error: 'site' must be a section, not integer // [site]"},
        {"[limits]", "[metrics]\naddress = \"0.0.0.0:9464\"\n[limits]", "20:11: error: metrics are served to this machine alone // unix:/run/amana"},
        {"[limits]", "[metrics]\naddress = \"unix:metrics.sock\"\n[limits]", "20:11: error: 'unix:metrics.sock' is not an address // unix:/run/amana"},
        {"[limits]", "[metrics]\naddres = \"unix:/x\"\n[limits]", "20:1: error: unknown key 'addres' in [metrics] // 'address'?"},
        {"[limits]", "[notice]\ncommand = \"sendmail\"\n[limits]", "20:11: error: 'command' in [notice] begins with no program's whole path // /usr/sbin/sendmail"},
        {"[limits]", "[notice]\ncommand = \"/bin/cat\"\nat = \"7:00\"\n[limits]", "21:6: error: 'at' in [notice] is no time of day // in UTC"},
        {"[limits]", "[notice]\ncommand = \"/bin/cat\"\nat = \"24:00\"\n[limits]", "21:6: error: 'at' in [notice] is no time of day // in UTC"},
        {"[limits]", "[notice]\nat = \"07:00\"\n[limits]", "20:6: error: 'at' in [notice] says when, and 'command' is missing // command ="},
        {"[limits]", "[limits", "19:8: error: not TOML // correct it"},
    };
    return all;
}

}  // namespace

TEST_CASE("a config that is right has no finding, and means what it says")
{
    Site site;
    CHECK(site.findings_of(site.config(), site.now()).empty());

    Findings findings;
    const auto config = parse_config(site.config(), site.at("amana.toml"), findings);
    REQUIRE(config);
    REQUIRE(config->listeners.size() == 2);
    CHECK(config->listeners[1].address.text() == "[::1]:8443");
    CHECK((config->listeners[1].tls && !config->listeners[1].proxy && config->listeners[1].peers.empty()));
    CHECK(config->listeners[1].serves == std::vector<std::uint32_t>{0});
    CHECK(config->threads == 2);
    CHECK(config->storage.value == site.at("storage"));
    CHECK(config->tick == std::chrono::minutes(15));
    CHECK(config->reserve_bytes == 64u * 1024 * 1024);
    CHECK(config->limits.max_uploads == 64);
    CHECK(config->limits.idle_timeout == std::chrono::seconds(60));
    CHECK(config->limits.drain_timeout == wire::Limits{}.drain_timeout);
    CHECK(config->root_fingerprint.value == site.fingerprint());
}

TEST_CASE("what the pages are made of is read")
{
    Site site;
    const auto parsed = [&](const std::string& keys, const std::string& sections = "") {
        auto text = replaced(site.config(), "data = \"data\"\n", "data = \"data\"\n" + keys);
        Findings findings;
        auto config = parse_config(text + sections, site.at("amana.toml"), findings);
        CAPTURE(findings.text("amana.toml"));
        CHECK(findings.all().empty());
        REQUIRE(config);
        return *std::move(config);
    };
    auto config = parsed("");
    CHECK(config.form.value == site.at("data/forms/recruitment-2.toml"));
    CHECK(config.exit == "https://www.wikipedia.org/");
    CHECK(config.read_every == std::chrono::hours(24));
    CHECK((config.logo.value.empty() && config.colour.empty() && config.address.empty() && config.onion.empty()));
    CHECK(config.cover == std::chrono::seconds(45));
    CHECK((config.security_contact.empty() && config.manifest.value.empty() && config.release.value.empty()));
    REQUIRE(config.texts.size() == 2);
    CHECK((config.texts[0].name.empty() && config.texts[1].law.empty()));

    config = parsed("form = \"mine.toml\"\nlogo = \"logo.png\"\ncolour = \"#0b5c63\"\nexit = \"https://example.org/?a=b\"\n"
                    "address = \"https://report.example.org/\"\nonion = \"http://example.onion/\"\nread_every = \"150m\"\n"
                    "cover = \"0s\"\nsecurity_contact = \"tel:+962-6-1234567\"\nmanifest = \"site.note\"\nrelease = \"/opt/release.note\"\n",
                    "[texts.en]\nname = \"Ministry\"\nnumbers = \"112\"\n[texts.ar]\nlaw = \"القانون\"\nembassy = \"السفارة\"\n");
    CHECK(config.form.value == site.at("mine.toml"));
    CHECK(config.logo.value == site.at("logo.png"));
    CHECK(config.colour == "#0b5c63");
    CHECK(config.exit == "https://example.org/?a=b");
    CHECK(config.address == "https://report.example.org/");
    CHECK(config.onion == "http://example.onion/");
    CHECK(config.read_every == std::chrono::hours(2));  // in whole hours
    CHECK(config.cover == std::chrono::seconds(0));
    CHECK(config.security_contact == "tel:+962-6-1234567");
    CHECK(config.manifest.value == site.at("site.note"));
    CHECK(config.release.value == "/opt/release.note");
    CHECK((config.texts[0].law == "القانون" && config.texts[0].embassy == "السفارة" && config.texts[0].name.empty()));
    CHECK((config.texts[1].name == "Ministry" && config.texts[1].numbers == "112"));
    CHECK(parsed("form = \"recruitment-1\"\n").form.value == site.at("data/forms/recruitment-1.toml"));
    CHECK(parsed("form = \"../forms/labour.toml\"\n").form.value == site.at("../forms/labour.toml").lexically_normal());
}

TEST_CASE("what is wrong in a config is named with its line and the remedy")
{
    Site site;
    for (const auto& [what, by, expected] : cases()) {
        INFO("'" << what << "' replaced by '" << by << "'");
        const auto findings = site.findings_of(replaced(site.config(), what, by), site.now());
        const auto cut = expected.find(" // ");
        CAPTURE(findings);
        CHECK_THAT(findings, Catch::Contains(expected.substr(0, cut)));
        CHECK_THAT(findings, Catch::Contains(expected.substr(cut + 4)));
    }
}

TEST_CASE("metrics and the notice are off unless they are written down")
{
    Site site;
    Findings findings;
    auto config = parse_config(site.config(), site.at("amana.toml"), findings);
    REQUIRE(config);
    CHECK_FALSE(config->metrics);
    CHECK((config->notice.empty() && !config->notice_at));
    config = parse_config(site.config() + "[metrics]\naddress = \"unix:/run/amana/metrics.sock\"\n[notice]\ncommand = [\"/bin/mail\", \"a b\"]\nat = \"23:59\"\n", site.at("amana.toml"), findings);
    REQUIRE(config);
    CHECK(findings.all().empty());
    CHECK(config->metrics->path == "/run/amana/metrics.sock");
    CHECK(config->notice == std::vector<std::string>{"/bin/mail", "a b"});
    CHECK(config->notice_at == std::chrono::minutes(24 * 60 - 1));
}

TEST_CASE("Arabic first is the default, and the fingerprint may be in groups and capitals")
{
    Site site;
    auto text = replaced(site.config(), "languages = [\"ar\", \"en\"]\n", "");
    std::string grouped;
    for (std::size_t i = 0; i < site.fingerprint().size(); ++i) {
        if (i != 0 && i % 4 == 0) grouped += ' ';
        grouped += static_cast<char>(std::toupper(site.fingerprint()[i]));
    }
    text = replaced(text, site.fingerprint(), grouped);
    Findings findings;
    const auto config = parse_config(text, site.at("amana.toml"), findings);
    REQUIRE(config);
    CHECK(findings.all().empty());
    REQUIRE(config->languages.size() == 2);
    CHECK(config->languages[0].value == "ar");
    CHECK(config->root_fingerprint.value == site.fingerprint());
}

TEST_CASE("all that is wrong is reported at once, in the order of the file")
{
    Site site;
    auto text = replaced(site.config(), "threads = 2", "threads = 0");
    text = replaced(text, "key.pem", "missing.pem");
    text = replaced(text, "tick = \"15m\"", "tock = \"15m\"");
    const auto findings = site.findings_of(text, site.now());
    CAPTURE(findings);
    const auto threads = findings.find("amana.toml:6:11: error:");
    const auto key = findings.find("amana.toml:9:7: error:");
    const auto tock = findings.find("amana.toml:18:1: error:");
    REQUIRE(threads != std::string::npos);
    REQUIRE(key != std::string::npos);
    REQUIRE(tock != std::string::npos);
    CHECK((threads < key && key < tock));
}

TEST_CASE("an unreadable config is one finding")
{
    Findings findings;
    CHECK_FALSE(load_config("/nonexistent/amana.toml", findings));
    CHECK_THAT(findings.text("amana.toml"), Catch::Contains("No such file"));
}

TEST_CASE("sizes and durations")
{
    CHECK(*parse_size("64 MiB") == 64u << 20);
    CHECK(*parse_size("64MiB") == 64u << 20);
    CHECK(*parse_size("0 B") == 0);
    for (const auto* bad : {"", "64", "MiB", "-1 B", "64  MiB", "64 MiB ", "1.5 GiB", "18446744073709551616 B", "9223372036854775807 KiB"})
        CHECK(!parse_size(bad).has_value());
    CHECK(parse_duration("15m")->count() == 900);
    CHECK(!parse_duration("15").has_value());
    CHECK(format_size(64u << 20) == "64 MiB");
    CHECK(format_size(1000) == "1000 B");
    CHECK(format_duration(std::chrono::seconds(5400)) == "90m");
}

}  // namespace amana::server::test
