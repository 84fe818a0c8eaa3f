// SPDX-License-Identifier: AGPL-3.0-or-later
// What the doctor reads with: addresses in a line, the configurations of proxies, what the outsider tells.
#include "server/main/doctor/addresses_in.hpp"
#include "server/main/doctor/blocks.hpp"
#include "server/main/doctor/proxies.hpp"
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

namespace amana::server::test {

using namespace doctor;

TEST_CASE("Addresses are found in a line, and only those")
{
    const std::set<std::string> own{"192.0.2.1", "2001:db8::1"};
    for (const auto* line : {"192.0.2.7", "client: 192.0.2.7, server", "[192.0.2.7]:443", "192.0.2.7:51234 GET", "from=192.0.2.7.", "\"2001:db8::7\"", "[2001:db8::7]:443", "SRC=fe80:0000:0000:0000:0202:b3ff:fe1e:8329 DST",
                             "::ffff:192.0.2.7", "(192.0.2.7)", "src=192.0.2.7,dst=127.0.0.1"})
    {
        CAPTURE(line);
        CHECK(names_an_address(line, own));
    }
    for (const auto* line : {"", "127.0.0.1:8443", "[::1]:8443", "0.0.0.0:443 and [::]:443", "192.0.2.1", "listens on [2001:db8::1]:443", "at 12:30:45", "2026-11-29T22:00:00Z", "version 1.2.3.4-5", "1.2.3", "1.2.3.4.5",
                             "300.1.2.3", "sha256 deadbeef:cafe", "std::string", "openssl 3.0.19", "::", "::ffff:127.0.0.1", "v1.2.3.4"})
    {
        CAPTURE(line);
        CHECK_FALSE(names_an_address(line, own));
    }
}

TEST_CASE("What a proxy passes to is told apart from others")
{
    Deployment deployment;
    deployment.host = "report.example.org";
    for (const auto* address : {"127.0.0.1:8443", "192.0.2.1:443"}) {
        Endpoint endpoint;
        endpoint.address = *SocketAddress::parse(address);
        deployment.endpoints.push_back(endpoint);
    }
    for (const auto* target : {"127.0.0.1:8443", "https://127.0.0.1:8443/", "localhost:8443", "http://[::1]:8443/x", "192.0.2.1:443", "https://192.0.2.1/", "https://report.example.org", "8443"})
    {
        CAPTURE(target);
        CHECK(leads_here(deployment, target));
    }
    for (const auto* target : {"127.0.0.1:9000", "198.51.100.1:8443", "https://other.example.org", "", "/path", "unix:/run/other.sock", "80", "$upstream"})
    {
        CAPTURE(target);
        CHECK_FALSE(leads_here(deployment, target));
    }
}

TEST_CASE("Configurations are read with quotes, comments, variables and what they include")
{
    const TemporaryDirectory root;
    const MachineFiles files(root.path());
    std::filesystem::create_directories(root.path() / "etc/nginx/conf.d");
    write_text(root.path() / "etc/nginx/nginx.conf", "a \"x;{ y\" 'z'; # b 1;\nhttp {\n  c ${v}w;\n  include conf.d/*.conf;\n  d#e 1;\n}\ninclude nginx.conf;\nf 1;\n");
    write_text(root.path() / "etc/nginx/conf.d/1.conf", "server { g 1; }\n");
    const auto read = Directives::read(files, "/etc/nginx/nginx.conf", Grammar::nginx);
    const auto& all = read.all();
    REQUIRE(all.size() > 6);
    CHECK(all[0].words == std::vector<std::string>{"x;{ y", "z"});
    CHECK(read.named("b").empty());
    CHECK(all[read.named("c").front()].words == std::vector<std::string>{"${v}w"});
    CHECK(all[read.named("g").front()].place() == "/etc/nginx/conf.d/1.conf:1");
    CHECK(read.lies_in_named(read.named("g").front(), "http"));
    CHECK(read.named("d#e").size() >= 1);
    CHECK_FALSE(read.named("f").empty());  // one that includes itself ends, too
    CHECK(all[read.named("f").back()].line == 8);

    write_text(root.path() / "x", "<A b>\nC \\\n d\n</A>\nE\n");
    const auto lines = Directives::read(files, "/x", Grammar::apache);
    REQUIRE(lines.all().size() == 3);
    CHECK(lines.all()[1].words == std::vector<std::string>{"d"});
    CHECK(lines.all()[1].block == 0);
    CHECK(lines.all()[2].block == no_block);
    // Bytes that are no configuration are read to their end.
    for (const auto* text : {"}}}}", "{{{{", "\"", "'\\", "${", "<", "</x>", "\\", "a {"})
        for (const auto grammar : {Grammar::nginx, Grammar::caddy, Grammar::apache, Grammar::haproxy, Grammar::torrc}) {
            write_text(root.path() / "x", text);
            CHECK(Directives::read(files, "/x", grammar).all().size() <= 4);
        }
}

TEST_CASE("What the outsider tells is read, whatever it is")
{
    Seen seen;
    REQUIRE(!read_seen(R"({"reached": true, "protocol": "TLSv1.3", "old-protocols": ["TLS 1.1", 5], "ends": 7, "answers": [{"path": "/", "status": 200, "headers": [["server", "x"], ["y"], 3]}, 4]})", seen).has_error());
    CHECK(seen.reached);
    CHECK(seen.old_protocols == std::vector<std::string>{"TLS 1.1"});
    CHECK(seen.ends == 7);
    REQUIRE(seen.answers.size() == 1);
    CHECK(seen.answers[0].header("server") == "x");
    CHECK(seen.answers[0].headers.size() == 1);
    for (const auto* text : {"", "[]", "{", "null", "{\"a\":1} x"}) {
        Seen none;
        CHECK(read_seen(text, none).has_error());
    }
}

}  // namespace amana::server::test
