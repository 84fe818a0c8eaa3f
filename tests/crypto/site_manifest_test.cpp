// SPDX-License-Identifier: AGPL-3.0-or-later
// The manifests of release and site: each line, each order, each bound, and whose signature counts.
#include "crypto/keyset.hpp"
#include "crypto/site_manifest.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

namespace amana::crypto::testing {

namespace {

Hash hash_of(std::string_view text)
{
    return sha256(as_bytes(text));
}

ReleaseManifest release()
{
    return {7, "0.5.0~rc1+b-2", {{hash_of("exit"), "exit.js"}, {hash_of("check"), "log/check.js"}, {hash_of("page"), "script/page.js"}}};
}

SiteManifest site()
{
    SiteManifest manifest;
    manifest.deployment = "jordan";
    manifest.serial = 12;
    manifest.root = signing_public_key(seeded_bytes("root", ed25519_seed_bytes));
    manifest.release = hash_of(release().text().value());
    manifest.headers = {{"*", "Referrer-Policy", "no-referrer"},
                        {"page", "Content-Security-Policy", "default-src 'none'; script-src 'sha256-abc'"},
                        {"text", "Content-Security-Policy", "default-src 'none'"}};
    manifest.pages = {{hash_of("/"), "page", "/"}, {hash_of("/ar/"), "page", "/ar/"}, {hash_of("help"), "page", "/ar/help"}, {hash_of("keys"), "text", "/keys"}};
    return manifest;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string lines(const char* what, std::size_t count, const std::string& hash, const char* before)
{
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += std::string(what) + " " + hash + " " + before + std::to_string(10'000 + i) + "\n";
    return out;
}

}  // namespace

TEST_CASE("a release manifest is read as it was written")
{
    const auto text = release().text().value();
    CHECK(text.starts_with("amana release v1\nserial 7\nversion 0.5.0~rc1+b-2\nfile "));
    const auto read = ReleaseManifest::parse(text);
    REQUIRE(read.has_value());
    CHECK(*read == release());
    CHECK(read->text().value() == text);
    CHECK(read->find("log/check.js")->hash == hash_of("check"));
    CHECK(read->find("log/check") == nullptr);
}

TEST_CASE("a site manifest is read as it was written")
{
    const auto text = site().text().value();
    const auto read = SiteManifest::parse(text);
    REQUIRE(read.has_value());
    CHECK(*read == site());
    CHECK(read->text().value() == text);
    CHECK(read->find("/ar/")->kind == "page");
    CHECK(read->find("/ar") == nullptr);
}

TEST_CASE("a release manifest otherwise than it is written is refused")
{
    const auto text = release().text().value();
    const auto refused = [](const std::string& changed) { return !ReleaseManifest::parse(changed).has_value(); };
    for (std::size_t size = 0; size < text.size(); ++size) {
        const auto cut = text.substr(0, size);
        // What ends behind a whole line of a file is a shorter manifest; nothing else is one.
        CHECK((ReleaseManifest::parse(cut).has_value() == (cut.ends_with('\n') && cut.find("\nfile ") != std::string::npos)));
    }
    CHECK(refused(text + "\n"));
    CHECK(refused(text + "file\n"));
    CHECK(refused(replaced(text, "v1", "v2")));
    CHECK(refused(replaced(text, "serial 7", "serial 0")));
    CHECK(refused(replaced(text, "serial 7", "serial 07")));
    CHECK(refused(replaced(text, "serial 7", "serial 9223372036854775808")));
    CHECK(refused(replaced(text, "serial 7", "serial 7 ")));
    CHECK(refused(replaced(text, "version 0", "version 0 ")));
    CHECK(refused(replaced(text, "file ", "file  ")));
    CHECK(refused(replaced(text, "exit.js", "exit.js\r")));
    CHECK(refused(replaced(text, "exit.js", "exit .js")));
    CHECK(refused(replaced(text, "exit.js", "/exit.js")));
    CHECK(refused(replaced(text, "exit.js", "../exit.js")));
    CHECK(refused(replaced(text, "exit.js", "zzz.js")));       // order
    CHECK(refused(replaced(text, "exit.js", "log/check.js")));  // twice
    CHECK(refused(replaced(text, "log/check.js", "log//check.js")));
    CHECK(refused(replaced(text, "log/check.js", "log/./check.js")));
    CHECK(refused(replaced(text, "log/check.js", "log/")));
    CHECK(refused(replaced(text, to_hex(hash_of("exit")), to_hex(hash_of("exit")).substr(1))));
    CHECK(refused(replaced(text, to_hex(hash_of("exit")), std::string(64, 'A'))));

    auto disordered = release();
    std::swap(disordered.files[0], disordered.files[1]);
    CHECK_FALSE(disordered.text().has_value());
    auto newline = release();
    newline.version = "1\nfile x";
    CHECK_FALSE(newline.text().has_value());
}

TEST_CASE("a site manifest otherwise than it is written is refused")
{
    const auto text = site().text().value();
    const auto refused = [](const std::string& changed) { return !SiteManifest::parse(changed).has_value(); };
    CHECK(refused(""));
    CHECK(refused(text.substr(0, text.size() - 1)));
    CHECK(refused(text.substr(0, text.find("page "))));
    CHECK(refused(text + "header * X-Late: 1\n"));
    CHECK(refused(replaced(text, "deployment jordan", "deployment jor dan")));
    CHECK(refused(replaced(text, "serial 12", "serial -1")));
    CHECK(refused(replaced(text, "root ", "root A")));
    CHECK(refused(replaced(text, "release ", "release 0")));
    CHECK(refused(replaced(text, "header * Referrer-Policy: ", "header * Referrer-Policy:")));
    CHECK(refused(replaced(text, "header * ", "header ** ")));
    CHECK(refused(replaced(text, "Referrer-Policy:", "Referrer Policy:")));
    CHECK(refused(replaced(text, "no-referrer", "no-referrer ")));
    CHECK(refused(replaced(text, "no-referrer", "no-\treferrer")));
    CHECK(refused(replaced(text, "header * Referrer", "header zzz Referrer")));
    CHECK(refused(replaced(text, "header text ", "header page ")));                              // twice
    CHECK(refused(replaced(text, "* Referrer-Policy", "* Content-security-policy")));            // twice, spelt otherwise
    CHECK(refused(replaced(text, "page " + to_hex(hash_of("/")) + " page", "page " + to_hex(hash_of("/")) + " Page")));
    CHECK(refused(replaced(text, " /ar/\n", " /ar/../\n")));
    CHECK(refused(replaced(text, " /ar/\n", " //\n")));
    CHECK(refused(replaced(text, " /ar/\n", " ar\n")));
    CHECK(refused(replaced(text, " /ar/\n", " /ar/?x\n")));
    CHECK(refused(replaced(text, " /ar/\n", " /zz\n")));
    CHECK(refused(replaced(text, " /keys\n", " /" + std::string(max_site_path_bytes, 'k') + "\n")));
    CHECK_FALSE(refused(replaced(text, " /keys\n", " /" + std::string(max_site_path_bytes - 1, 'k') + "\n")));
    CHECK_FALSE(refused(replaced(text, "no-referrer", std::string(max_header_value_bytes, 'x'))));
    CHECK(refused(replaced(text, "no-referrer", std::string(max_header_value_bytes + 1, 'x'))));
}

TEST_CASE("manifests have bounds")
{
    const auto hash = to_hex(Hash{});
    const std::string head = "amana release v1\nserial 1\nversion 1\n";
    CHECK(ReleaseManifest::parse(head + lines("file", max_manifest_files, hash, "")).has_value());
    CHECK_FALSE(ReleaseManifest::parse(head + lines("file", max_manifest_files + 1, hash, "")).has_value());
    const auto text = site().text().value();
    const auto before = text.substr(0, text.find("header "));
    CHECK(SiteManifest::parse(before + lines("page", max_site_pages, hash + " page", "/")).has_value());
    CHECK_FALSE(SiteManifest::parse(before + lines("page", max_site_pages + 1, hash + " page", "/")).has_value());
    std::string headers;
    for (std::size_t i = 0; i <= max_site_headers; ++i) headers += "header * H" + std::to_string(1000 + i) + ": 1\n";
    CHECK_FALSE(SiteManifest::parse(before + headers + lines("page", 1, hash + " page", "/")).has_value());
    CHECK(SiteManifest::parse(before + headers.substr(headers.find('\n') + 1) + lines("page", 1, hash + " page", "/")).has_value());
}

TEST_CASE("only the root that was asked for opens a site's manifest")
{
    const auto seed = seeded_bytes("root", ed25519_seed_bytes);
    const auto fingerprint = root_fingerprint(signing_public_key(seed));
    Note note{site().text().value(), {}};
    CHECK_FALSE(SiteManifest::open(note, fingerprint).has_value());
    note.sign("amana-rook", seed);
    CHECK_FALSE(SiteManifest::open(note, fingerprint).has_value());
    note.sign(std::string(site_signer), seed);
    REQUIRE(SiteManifest::open(note, fingerprint).has_value());
    CHECK(SiteManifest::open(note, fingerprint)->serial == 12);
    auto other = fingerprint;
    other[0] = other[0] == '0' ? '1' : '0';
    CHECK_FALSE(SiteManifest::open(note, other).has_value());
    auto later = note;
    later.text = replaced(later.text, "serial 12", "serial 13");
    CHECK_FALSE(SiteManifest::open(later, fingerprint).has_value());
    // Another's own manifest, signed by its own root, says so.
    const auto thief = seeded_bytes("thief", ed25519_seed_bytes);
    auto theirs = site();
    theirs.root = signing_public_key(thief);
    Note stolen{theirs.text().value(), {}};
    stolen.sign(std::string(site_signer), thief);
    const auto opened = SiteManifest::open(stolen, fingerprint);
    REQUIRE_FALSE(opened.has_value());
    CHECK_THAT(opened.error().message, Catch::Contains("another root"));
}

TEST_CASE("a form has several bodies, in ascending order of their hashes, and nothing else has")
{
    auto manifest = site();
    auto& pages = manifest.pages;
    pages[1].kind = "form";
    pages.insert(pages.begin() + 2, pages[1]);
    pages[1].hash = Hash{1};
    pages[2].hash = Hash{2};
    const auto text = manifest.text().value();
    const auto read = SiteManifest::parse(text).value();
    CHECK(read == manifest);
    CHECK(read.find("/ar/")->hash == Hash{1});
    CHECK(read.lists("/ar/", Hash{1}));
    CHECK(read.lists("/ar/", Hash{2}));
    CHECK_FALSE(read.lists("/ar/", Hash{3}));
    CHECK_FALSE(read.lists("/", Hash{1}));
    const auto refused = [&](auto change) {
        auto changed = manifest;
        change(changed.pages);
        return !changed.text().has_value();
    };
    CHECK(refused([](auto& all) { std::swap(all[1], all[2]); }));
    CHECK(refused([](auto& all) { all[2].hash = all[1].hash; }));
    CHECK(refused([](auto& all) { all[1].kind = "page"; }));
    CHECK(refused([](auto& all) { all[2].kind = "page"; }));
    CHECK(refused([](auto& all) { all[1].kind = all[2].kind = "page"; }));
}

TEST_CASE("in a form the token counts for nothing, and nothing but the token does")
{
    const std::string token(43, 'A');
    const std::string other = "Zz09-_" + std::string(37, 'q');
    const auto form = [](const std::string& sent, const std::string& framed) {
        return "<form method=\"post\" action=\"/ar/report?" + sent + "\" x><iframe src=\"/ar/line?" + framed + "\"></iframe></form>\n";
    };
    const auto hash = [](const std::string& body) { return page_hash(as_bytes(body), form_kind); };
    const auto signed_hash = sha256(as_bytes(form(token, token).substr(0, form(token, token).size() - 1)));
    CHECK(hash(form(token, token)) == signed_hash);
    CHECK(hash(form(other, other)) == signed_hash);
    CHECK(page_hash(as_bytes(form(other, other)), "page") != signed_hash);
    CHECK(page_hash(as_bytes(form(other, other))) != signed_hash);
    CHECK(hash(form(other, token)) == signed_hash);  // what was signed stands there
    CHECK(hash(form(token, other)) != signed_hash);
    CHECK(hash(form(other, "Y" + other.substr(1))) != signed_hash);
    for (const auto& wrong : {other.substr(1), other + "A", other.substr(1) + "=", other.substr(1) + "\"", other.substr(1) + "<", std::string("\"><script>x()</script><a href=\""),
                              other.substr(1) + "\n", std::string()}) {
        INFO(wrong);
        CHECK(hash(form(wrong, wrong)) != signed_hash);
        CHECK(hash(form(wrong, token)) != signed_hash);
        CHECK(hash(form(other, wrong)) != signed_hash);
    }
    // The first of each alone.
    CHECK(hash(form(other, other) + "<a href=\"/ar/report?" + other + "\">") != hash(form(other, other) + "<a href=\"/ar/report?" + token + "\">"));
    CHECK(hash(form(other, other) + "<a href=\"/ar/line?" + other + "\">") != hash(form(other, other) + "<a href=\"/ar/line?" + token + "\">"));
    const auto calm = [](const std::string& sent) { return "<form action=\"/ar/report?" + sent + "\">"; };
    CHECK(hash(calm(other)) == hash(calm(token)));
    CHECK(hash(calm(other) + "x") != hash(calm(token)));
    CHECK(hash("/report?") == sha256(as_bytes("/report?")));
    CHECK(hash("/report?" + other) == sha256(as_bytes("/report?" + other)));
}

TEST_CASE("padding behind a body counts for nothing, anything else does")
{
    const auto body = as_bytes("<p>x</p>\n");
    CHECK(page_hash(body) == page_hash(as_bytes("<p>x</p>")));
    CHECK(page_hash(body) == page_hash(as_bytes("<p>x</p>\n\n  \n")));
    CHECK(page_hash(body) != page_hash(as_bytes("<p>x</p>\t")));
    CHECK(page_hash(body) != page_hash(as_bytes(" <p>x</p>")));
    CHECK(page_hash(as_bytes("  \n")) == sha256({}));
}

}  // namespace amana::crypto::testing
