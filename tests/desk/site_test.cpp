// SPDX-License-Identifier: AGPL-3.0-or-later
// Signing the site's manifest, and the parts of verify-site that need no network: pages, policies, headers, memory, saved sites.
// What a hostile server can do is in tests/flow/verify_site.mjs.
#include "desk/site_check.hpp"
#include "desk/site_headers.hpp"
#include "desk/site_page.hpp"
#include "desk/site_signing.hpp"
#include "tests/desk/session.hpp"

#include <algorithm>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

namespace {

// A desk, and a manifest of a site with its keys.
class Signing : public Session {
public:
    Signing()
    {
        REQUIRE(run(run_init).has_value());
        const auto own = read_public_keys({line.directory}).value();
        site.deployment = own.keys.deployment;
        site.serial = 1;
        site.root = own.keys.root;
        site.headers = {{"page", "Content-Security-Policy", "default-src 'none'"}};
        site.pages = {{crypto::page_hash(as_bytes("<p>form</p>")), "page", "/ar/"}, {crypto::page_hash(own.file), "text", "/keys"}};
        line.manifest = path("site.txt");
        line.out = path("site.note");
        line.yes = true;
    }

    crypto::SiteManifest site;

    void put() { put_text(site.text().value()); }
    void put_text(const std::string& text) { REQUIRE(write_durable(line.manifest, as_bytes(text), 0600, DurableFile::Existing::replace).has_value()); }
    [[nodiscard]] Result<void> sign()
    {
        put();
        return run(run_sign_site);
    }
    [[nodiscard]] std::string fingerprint() const { return read_text(DeskPaths{line.directory}.fingerprint()).substr(0, 64); }
};

// What anybody may keep of a site: its manifests, its keys, and what is put beside them.
class SavedSite {
public:
    // Signs the site as it stands, with a release of its own.
    explicit SavedSite(Signing& desk) : folder_(desk.path("saved"))
    {
        fs::create_directories(folder_ / "manifest");
        fs::create_directories(folder_ / "ar");
        const crypto::ReleaseManifest release{1, "1", {{crypto::Hash{}, "exit.js"}}};
        desk.site.release = crypto::sha256(as_bytes(release.text().value()));
        REQUIRE(desk.sign().has_value());
        crypto::Note note{release.text().value(), {}};
        note.sign(std::string(crypto::release_signer), Bytes(32, 7));
        put("manifest/site", read_text(desk.line.out));
        put("manifest/release", note.encode());
        put("keys", read_text(DeskPaths{desk.line.directory}.public_keys()));
        desk.line.site = folder_.string();
    }
    void put(const char* name, std::string_view text) const
    {
        REQUIRE(write_durable(folder_ / name, as_bytes(text), 0600, DurableFile::Existing::replace).has_value());
    }

private:
    fs::path folder_;
};

std::vector<PageUse> uses(std::string_view html)
{
    return uses_of_page(as_bytes(html)).value();
}

bool has(const std::vector<PageUse>& all, PageUse::What what, std::string_view where, std::string_view value)
{
    return std::any_of(all.begin(), all.end(), [&](const PageUse& use) { return use.what == what && use.where == where && use.value == value; });
}

}  // namespace

TEST_CASE("the root signs a site's manifest, and each serial once", "[site]")
{
    Signing desk;
    REQUIRE(desk.sign().has_value());
    CHECK_THAT(desk.said, Catch::Contains("Nothing was signed before. This is serial 1."));
    const auto note = crypto::Note::parse(as_bytes(read_text(desk.line.out)), crypto::max_site_manifest_bytes).value();
    CHECK(crypto::SiteManifest::open(note, desk.fingerprint()).value() == desk.site);

    const auto again = desk.sign();
    REQUIRE_FALSE(again.has_value());
    CHECK_THAT(again.error().message, Catch::Contains("serial 1 is not higher than the last one that was signed, 1"));
    desk.site.serial = 3;
    desk.site.pages[0].hash[0] ^= 1;
    desk.site.pages.insert(desk.site.pages.begin() + 1, {{}, "page", "/ar/help"});
    desk.site.headers[0].value = "default-src *";
    REQUIRE(desk.sign().has_value());
    CHECK_THAT(desk.said, Catch::Contains("Serial 3; serial 1 was signed before. What changed:") && Catch::Contains("  changed page /ar/\n") &&
                              Catch::Contains("  new page /ar/help\n") && Catch::Contains("  changed header page Content-Security-Policy\n") &&
                              Catch::Contains("page Content-Security-Policy: default-src *\n"));
    CHECK_THAT(desk.said, !Catch::Contains("page /keys"));
    desk.site.serial = 2;
    CHECK_FALSE(desk.sign().has_value());
    desk.site.serial = 4;
    desk.site.pages.erase(desk.site.pages.begin() + 1);
    REQUIRE(desk.sign().has_value());
    CHECK_THAT(desk.said, Catch::Contains("  removed page /ar/help\n"));
}

TEST_CASE("of a form's variants the one that is served is looked at, without its token", "[site]")
{
    Signing desk;
    const auto form = [](const std::string& words, const std::string& token) {
        return "<form action=\"/ar/report?" + token + "\">" + words + "<noscript><iframe src=\"/ar/line?" + token + "\"></iframe></noscript></form>";
    };
    const std::string none(43, 'A');
    const std::string token = "-_9" + std::string(40, 'z');
    const auto keys = desk.site.pages[1];
    desk.site.headers = {{"form", "Content-Type", "text/html"}};
    desk.site.pages = {{crypto::page_hash(as_bytes(form("with files", none))), "form", "/ar/"}, {crypto::page_hash(as_bytes(form("without", none))), "form", "/ar/"}};
    if (desk.site.pages[1].hash < desk.site.pages[0].hash) std::swap(desk.site.pages[0], desk.site.pages[1]);
    desk.site.pages.push_back(keys);
    const SavedSite saved(desk);
    desk.line.root = desk.fingerprint();
    const auto as_signed = [&](const std::string& body) {
        saved.put("ar/index.html", body);
        return desk.run(run_verify_site).value();
    };
    CHECK(as_signed(form("with files", token)));
    CHECK_THAT(desk.said, Catch::Contains("2 pages and files"));
    CHECK(as_signed(form("without", token)));
    CHECK(as_signed(form("without", none) + "\n\n"));
    CHECK_FALSE(as_signed(form("otherwise", token)));
    CHECK_THAT(desk.said, Catch::Contains("an altered page") && Catch::Contains("signed were 2 others"));
    CHECK_FALSE(as_signed(form("without", "\"><script>x()</script><a id=\"")));
    CHECK_THAT(desk.said, Catch::Contains("runs a script that stands in the page"));
    // A change of one variant is told once.
    desk.site.serial = 2;
    desk.site.pages[1].hash = crypto::Hash{};
    std::swap(desk.site.pages[0], desk.site.pages[1]);
    REQUIRE(desk.sign().has_value());
    CHECK_THAT(desk.said, Catch::Contains("  changed page /ar/\n"));
    CHECK(desk.said.find("changed page /ar/") == desk.said.rfind("changed page /ar/"));
}

TEST_CASE("the root signs nothing that is not its own site", "[site]")
{
    Signing desk;
    const auto refused = [&](std::string_view words) {
        const auto done = desk.sign();
        REQUIRE_FALSE(done.has_value());
        CHECK_THAT(done.error().text(), Catch::Contains(std::string(words)));
        CHECK_FALSE(fs::exists(desk.line.out));
        CHECK_FALSE(fs::exists(DeskPaths{desk.line.directory}.signed_site()));
    };
    const auto good = desk.site;
    desk.site.deployment = "elsewhere";
    refused("not of this desk");
    desk.site = good;
    desk.site.root[0] ^= 1;
    refused("not of this desk");
    desk.site = good;
    desk.site.pages[1].hash[0] ^= 1;
    refused("another key set than this desk's latest");
    desk.site.pages.pop_back();
    refused("another key set than this desk's latest");
    desk.site = good;
    desk.put_text(good.text().value() + "page x\n");
    CHECK_FALSE(desk.run(run_sign_site).has_value());
    desk.line.root_secret = DeskPaths{desk.line.directory}.desk_secret();
    refused("of another kind");
    desk.line.root_secret.clear();
    desk.line.passphrase_file = desk.path("missing");
    refused("missing");
}

TEST_CASE("an extended key set has to be signed for again", "[site]")
{
    Signing desk;
    REQUIRE(desk.sign().has_value());
    REQUIRE(desk.run(run_extend).has_value());
    desk.site.serial = 2;
    CHECK_FALSE(desk.sign().has_value());
    desk.site.pages[1].hash = crypto::page_hash(read_public_keys({desk.line.directory}).value().file);
    CHECK(desk.sign().has_value());
}

TEST_CASE("a saved site is looked at, by its address on paper", "[site]")
{
    Signing desk;
    const SavedSite saved(desk);
    saved.put("ar/index.html", "<p>form</p>\n\n");
    desk.line.root = grouped(desk.fingerprint());
    desk.line.seen = desk.path("seen");
    CHECK(desk.run(run_verify_site).value());
    CHECK_THAT(desk.said, Catch::StartsWith("AS SIGNED: amana, site 1, release 1 (1): 2 pages and files"));
    CHECK(read_seen(desk.line.seen).value()->site.serial == 1);
    desk.line.release_key = crypto::NoteVerifier{"amana-release", crypto::signing_public_key(Bytes(32, 8))}.text();
    CHECK_FALSE(desk.run(run_verify_site).value());
    desk.line.release_key = crypto::NoteVerifier{"amana-release", crypto::signing_public_key(Bytes(32, 7))}.text();
    desk.line.quiet = true;
    CHECK(desk.run(run_verify_site).value());
    CHECK(desk.said.empty());
    desk.time = now + 52 * one_week;
    CHECK_FALSE(desk.run(run_verify_site).value());
    CHECK_THAT(desk.said, Catch::Contains("the keys have run out"));
    desk.time = now;
    saved.put("ar/index.html", "<p>form</p><script src=//evil.example/\u202e></script>");
    CHECK_FALSE(desk.run(run_verify_site).value());
    CHECK_THAT(desk.said, Catch::Contains("DIFFERS /ar/: an altered page") && Catch::Contains("evil.example/⟨U+202E⟩"));
    CHECK_THAT(desk.said, !Catch::Contains("\u202e"));
}

TEST_CASE("what a browser would load, run or send is found", "[site]")
{
    using What = PageUse::What;
    const auto all = uses("<!DOCTYPE html><meta http-equiv=' REFRESH ' content='0;url=/x'><base href=/y><link rel=preload href=/z><script src=' /a\n.js ' integrity=b>"
                          "</script><script>c()</script><form action=/d><button formaction=/e></form><img src=/f srcset='/g 2x'><a href=JavaScript:h() ping=/i>j</a>"
                          "<a href=https://news.example/>k</a><p onclick=l() style='background:url(/m)'><svg><a xlink:href=/n></a><image href=/o /></svg>"
                          "<iframe srcdoc=p></iframe><script data-worker=/q src=/r></script><x-y ONLOAD=s()>");
    CHECK(has(all, What::moves, "meta refresh", "0;url=/x"));
    CHECK(has(all, What::forbidden, "<base>", ""));
    CHECK(has(all, What::loads, "base href", "/y"));
    CHECK(has(all, What::loads, "link href", "/z"));
    CHECK(has(all, What::script_from, "script src", "/a.js"));
    CHECK(has(all, What::script_inline, "<script>", "c()"));
    CHECK(has(all, What::sends, "form action", "/d"));
    CHECK(has(all, What::sends, "button formaction", "/e"));
    CHECK(has(all, What::loads, "img src", "/f"));
    CHECK(has(all, What::loads, "img srcset", "/g 2x"));
    CHECK(has(all, What::forbidden, "a href", "JavaScript:h()"));
    CHECK(has(all, What::sends, "a ping", "/i"));
    CHECK(std::none_of(all.begin(), all.end(), [](const PageUse& use) { return use.value.find("news.example") != std::string::npos; }));
    CHECK(has(all, What::forbidden, "p onclick", "l()"));
    CHECK(has(all, What::forbidden, "p style with url", "background:url(/m)"));
    CHECK(has(all, What::loads, "a xlink:href", "/n"));
    CHECK(has(all, What::loads, "image href", "/o"));
    CHECK(has(all, What::frames, "<iframe>", ""));
    CHECK(has(all, What::forbidden, "iframe srcdoc", "p"));
    CHECK(has(uses("<noscript><iframe src=' /ar/line?x\n'></iframe></noscript>"), What::frames, "<iframe>", "/ar/line?x"));
    CHECK(has(uses("<noscript><img src=/t></noscript>"), What::loads, "img src", "/t"));
    CHECK(has(all, What::names, "script data-worker", "/q"));
    CHECK(has(all, What::forbidden, "x-y onload", "s()"));
    CHECK(uses("<!DOCTYPE html><p>nothing <b>here</b><a href=/ar/>link</a></p>").empty());
    std::string many(max_page_tags, '<');
    CHECK(uses_of_page(as_bytes(many)).has_value());
    CHECK_FALSE(uses_of_page(as_bytes(many + "<")).has_value());
}

TEST_CASE("policies are compared directive by directive", "[site]")
{
    const auto policy = "default-src 'none'; script-src 'self' 'sha256-a'";
    CHECK(policy_differences(policy, "default-src 'none'; script-src 'self' 'sha256-a' *") ==
          std::vector<std::string>{"a weaker Content-Security-Policy: script-src also allows *"});
    CHECK(policy_differences(policy, "script-src 'self' 'sha256-a'") == std::vector<std::string>{"a weaker Content-Security-Policy: default-src is missing"});
    CHECK(policy_differences(policy, "default-src 'none'; script-src 'self'; SCRIPT-SRC 'sha256-a'") ==
          std::vector<std::string>{"another Content-Security-Policy: script-src lacks 'sha256-a'"});
    CHECK(policy_differences(policy, "default-src 'none'; script-src 'self' 'sha256-a'; img-src *") ==
          std::vector<std::string>{"another Content-Security-Policy: it has img-src * too"});
    CHECK(policy_differences(policy, "script-src 'sha256-a' 'self'; default-src 'none'").size() == 1);
}

TEST_CASE("headers are those that were signed, each once, and no others", "[site]")
{
    crypto::SiteManifest site;
    site.headers = {{"*", "Referrer-Policy", "no-referrer"}, {"page", "Content-Type", "text/html"}};
    const auto differences = [&](std::vector<std::pair<std::string, std::string>> headers, std::string_view kind = "page") {
        SiteAnswer answer;
        answer.headers = std::move(headers);
        return header_differences(site, kind, answer).size();
    };
    CHECK(differences({{"referrer-policy", "no-referrer"}, {"content-type", "text/html"}, {"date", "today"}, {"content-encoding", "gzip"}}) == 0);
    CHECK(differences({{"referrer-policy", "no-referrer"}}, "text") == 0);
    CHECK(differences({{"referrer-policy", "no-referrer"}}) == 1);
    CHECK(differences({{"referrer-policy", "no-referrer"}, {"referrer-policy", "no-referrer"}}, "text") == 1);
    CHECK(differences({{"referrer-policy", "origin"}}, "text") == 1);
    CHECK(differences({{"referrer-policy", "no-referrer"}, {"content-type", "text/html"}}, "text") == 1);
    CHECK(differences({{"referrer-policy", "no-referrer"}, {"content-encoding", "br"}}, "text") == 1);
    CHECK(differences({{"referrer-policy", "no-referrer"}, {"etag", "x"}, {"set-cookie", "y"}}, "text") == 2);
}

TEST_CASE("a fingerprint is read as it stands on paper, and what was seen as it was written", "[site]")
{
    const std::string hex(64, 'a');
    CHECK(parse_fingerprint(hex).value() == hex);
    CHECK(parse_fingerprint("AAAA aaaa\n" + hex.substr(8)).value() == hex);
    CHECK_FALSE(parse_fingerprint(hex.substr(1)).has_value());
    CHECK_FALSE(parse_fingerprint(hex + "a").has_value());
    CHECK_FALSE(parse_fingerprint(hex.substr(1) + "g").has_value());
    const SeenSite seen{hex, {12, crypto::Hash{1}}, {7, crypto::Hash{2}}};
    CHECK(SeenSite::parse(seen.text()).value() == seen);
    for (std::size_t size = 0; size < seen.text().size(); ++size) CHECK_FALSE(SeenSite::parse(seen.text().substr(0, size)).has_value());
    CHECK_FALSE(SeenSite::parse(seen.text() + "\n").has_value());
}
