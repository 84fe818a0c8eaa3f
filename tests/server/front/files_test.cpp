// SPDX-License-Identifier: AGPL-3.0-or-later
// What is served as it is: each address, its type and policy, packed and plain.
#include "crypto/site_manifest.hpp"
#include "server/front/site_text.hpp"
#include "tests/server/front/asking.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/made_scripts.hpp"
#include "tests/web/gunzip.hpp"

#include <iostream>

namespace amana::front::test {

namespace {

std::string field(const Client::Answer& answer, const std::string& name)
{
    const auto at = answer.head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return answer.head.substr(begin, answer.head.find("\r\n", begin) - begin);
}

Front::Options scripted()
{
    Front::Options options;
    options.scripts = true;
    return options;
}

}  // namespace

TEST_CASE("Scripts and what they are told, by their addresses")
{
    Front front(scripted());
    const auto page = front.ask(get("/script/page.js"));
    CHECK(page.head.starts_with("HTTP/1.1 200 "));
    CHECK(page.body == amana::test::made_script("page.js"));
    CHECK(field(page, "Content-Type") == "text/javascript; charset=utf-8");
    CHECK(field(page, "Content-Encoding").empty());
    CHECK(field(page, "Cross-Origin-Embedder-Policy") == "require-corp");
    CHECK(field(page, "Content-Security-Policy") == "default-src 'none'; connect-src 'self'; form-action 'none'; base-uri 'none'; "
                                                    "require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'");
    const auto packed = front.ask(get("/script/worker.js", "Accept-Encoding: gzip\r\n"));
    CHECK(field(packed, "Content-Encoding") == "gzip");
    CHECK(amana::test::gunzipped(packed.body) == amana::test::made_script("worker.js"));
    const auto map = front.ask(get("/script/worker.js.map", "Accept-Encoding: gzip\r\n"));
    CHECK(map.body == "{\"version\":3}");
    CHECK(field(map, "Content-Type") == "application/json");
    const auto told = front.ask(get("/en/sealing.json?x"));
    CHECK(told.body.starts_with("{\"v\":1,"));
    CHECK(field(told, "Content-Type") == "application/json");
    const auto small = front.ask(get("/en/sealing.json", "Accept-Encoding: gzip\r\n"));
    CHECK(small.body.size() % 512 == 0);
    CHECK(small.body.size() < told.body.size());
    CHECK(front.ask(get("/script/page.js", "", "HEAD"), true).head.find("Content-Length: " + std::to_string(page.body.size())) != std::string::npos);
    const auto posted = front.ask(get("/script/page.js", "", "POST"));
    CHECK(posted.head.starts_with("HTTP/1.1 405 "));
    CHECK(field(posted, "Allow") == "GET, HEAD");
}

TEST_CASE("Only the form may load a script")
{
    Front front(scripted());
    const auto form = front.ask(get("/en/"));
    const auto policy = field(form, "Content-Security-Policy");
    CHECK(policy.find("script-src '" + front.site().pages.script_hash() + "' 'self'; worker-src 'self'; connect-src 'self'; ") != std::string::npos);
    CHECK(policy.find("require-trusted-types-for 'script'; trusted-types amana; ") != std::string::npos);
    CHECK(form.head.size() == page_head_bytes);
    for (const auto* other : {"/", "/en/help", "/en/received-1", "/nowhere", "/log/"}) {
        INFO(other);
        const auto answer = front.ask(get(other));
        CHECK(field(answer, "Content-Security-Policy").find("'self'; worker-src") == std::string::npos);
        CHECK(answer.body.find("<script ") == std::string::npos);
    }
}

TEST_CASE("Key set, manifests and security.txt")
{
    {
        Front bare;
        const auto keys = bare.ask(get("/keys"));
        CHECK(keys.body == keyset_note);
        CHECK(field(keys, "Content-Type") == "text/plain; charset=utf-8");
        CHECK(amana::test::gunzipped(bare.ask(get("/keys", "Accept-Encoding: gzip\r\n")).body) == std::string(keyset_note));
        for (const auto* none : {"/manifest/site", "/manifest/release", "/.well-known/security.txt", "/keys/", "/script/", "/xx/sealing.json"}) {
            INFO(none);
            CHECK(bare.ask(get(none)).head.starts_with("HTTP/1.1 404 "));
        }
    }
    Front::Options options;
    append(options.site.manifest, as_bytes("amana site v1\n"));
    append(options.site.release, as_bytes("amana release v1\n"));
    options.site.security_contact = "mailto:security@example.org";
    Front front(options);
    CHECK(front.ask(get("/manifest/site")).body == "amana site v1\n");
    CHECK(front.ask(get("/manifest/release")).body == "amana release v1\n");
    // The last key of the test's set is good for two weeks from 1970.
    CHECK(front.ask(get("/.well-known/security.txt")).body == "Contact: mailto:security@example.org\nExpires: 1970-01-15T00:00:00Z\n");
}

TEST_CASE("The site's manifest is what is served: every body, and every header line")
{
    Front::Options options;
    options.scripts = true;
    options.site.security_contact = "mailto:security@example.org";
    append(options.site.manifest, as_bytes("amana site v1\n"));
    options.log = [](const wire::Ask&) { return Bytes{'k', 'e', 'y'}; };
    Front front(options);
    const std::string release_text = "amana release v1\nserial 1\nversion 1\nfile " + std::string(64, 'a') + " exit.js\n";
    crypto::Note release{release_text, {}};
    release.sign(std::string(crypto::release_signer), Bytes(32, 7));
    const auto note = release.encode();
    auto keys = front.site().common.keys;
    keys.deployment = "jordan";
    keys.root = crypto::signing_public_key(Bytes(32, 9));
    const auto text = site_text(front.site().pages, front.site().files, front.site().responses, keys, {12, "key", as_bytes(note)}).value();
    const auto manifest = crypto::SiteManifest::parse(text).value();
    CHECK(manifest.deployment == "jordan");
    CHECK(manifest.serial == 12);
    CHECK(manifest.root == keys.root);
    CHECK(manifest.release == crypto::sha256(as_bytes(release_text)));
    std::size_t lines = 0;
    for (const auto& page : manifest.pages) {
        INFO(page.path);
        const auto answer = front.ask(get(page.path));
        CHECK(answer.head.starts_with("HTTP/1.1 200 "));
        CHECK(manifest.lists(page.path, crypto::page_hash(as_bytes(answer.body), page.kind)));
        const auto packed = front.ask(get(page.path, "Accept-Encoding: gzip\r\n"));
        if (field(packed, "Content-Encoding") == "gzip")
            CHECK(manifest.lists(page.path, crypto::page_hash(as_bytes(amana::test::gunzipped(packed.body).value_or("")), page.kind)));
        std::size_t told = 0;
        for (const auto& header : manifest.headers) {
            if (header.kind != crypto::every_kind && header.kind != page.kind) continue;
            CHECK(field(answer, header.name) == header.value);
            ++told;
        }
        // All that it sends but what differs from one answer to another.
        std::size_t sent = 0;
        for (auto at = answer.head.find("\r\n"); at + 4 < answer.head.size(); at = answer.head.find("\r\n", at + 2)) {
            const auto name = answer.head.substr(at + 2, answer.head.find(": ", at) - at - 2);
            if (name != "Date" && name != "Content-Length" && name != "Padding") ++sent;
        }
        CHECK(told == sent);
        lines += told;
    }
    CHECK(manifest.pages.size() == 24);
    std::cout << manifest.pages.size() << " addresses, " << lines << " header lines held to\n";
    for (const auto* present : {"/", "/en/", "/en/sealing.json", "/keys", "/script/page.js", "/script/worker.js.map", "/log/check.html", "/.well-known/security.txt"}) {
        INFO(present);
        CHECK(manifest.find(present) != nullptr);
    }
    CHECK(manifest.find("/manifest/site") == nullptr);
    CHECK(!site_text(front.site().pages, front.site().files, front.site().responses, keys, {12, "key", as_bytes("no note")}).has_value());
}

}  // namespace amana::front::test
