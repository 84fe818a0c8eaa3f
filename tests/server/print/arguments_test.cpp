// SPDX-License-Identifier: AGPL-3.0-or-later
// What amana-server tells amana-print is what amana-print understands.
#include "server/main/print.hpp"
#include "server/print/command_line.hpp"
#include "tests/support/catch.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace amana::server::test {

namespace {

using Strings = std::vector<std::string>;

print::Arguments understood(const PrintJob& job)
{
    print::Arguments arguments;
    CLI::App app;
    print::declare(app, arguments);
    auto given = print_arguments(job);
    std::ranges::reverse(given);  // as CLI11 wants them
    app.parse(given);
    return arguments;
}

PrintJob smallest()
{
    PrintJob job;
    job.data = "/usr/share/amana";
    job.languages = {"ar"};
    job.address = "https://reports.example.org";
    job.root = std::string(64, '0');
    job.out = "paper";
    return job;
}

}  // namespace

TEST_CASE("what is not configured is not said")
{
    CHECK(print_arguments(smallest()) == Strings{"--data=/usr/share/amana", "--language=ar", "--address=https://reports.example.org",
                                                 "--root=" + std::string(64, '0'), "--out=paper"});
    const auto arguments = understood(smallest());
    CHECK(arguments.languages == Strings{"ar"});
    CHECK(arguments.colour == print::Arguments().colour);
    CHECK_FALSE(arguments.force);
}

TEST_CASE("all that is configured arrives, whatever it looks like")
{
    auto job = smallest();
    job.languages = {"ar", "en"};
    job.form = "/etc/amana/labour-1.toml";
    job.names = {{"ar", "وزارة \"الخارجية\""}, {"en", "--force = 'x'"}, {"fr", "Ministère"}};
    job.numbers = {{"en", "Police 999, +90 312"}, {"ar", ""}};
    job.onion = "http://x.onion";
    job.colour = "#ffffff";
    job.logo = "-logo.png";
    job.out = "--only=card";
    job.only = "sheet";
    job.force = true;
    const auto arguments = understood(job);
    CHECK(arguments.languages == job.languages);
    CHECK(arguments.form == "/etc/amana/labour-1.toml");
    CHECK(arguments.names == Strings{"ar=وزارة \"الخارجية\"", "en=--force = 'x'"});  // fr is not printed
    CHECK(arguments.numbers == Strings{"en=Police 999, +90 312"});
    CHECK(arguments.address == job.address);
    CHECK(arguments.onion == job.onion);
    CHECK(arguments.root == job.root);
    CHECK(arguments.colour == job.colour);
    CHECK(arguments.logo == job.logo);
    CHECK(arguments.out == job.out);
    CHECK(arguments.only == job.only);
    CHECK(arguments.force);
}

}  // namespace amana::server::test
