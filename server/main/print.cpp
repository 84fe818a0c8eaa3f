// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/print.hpp"

#include "server/main/commands.hpp"
#include "server/main/machine.hpp"
#include "server/main/spawn.hpp"

#include <cerrno>
#include <iostream>

#include <sys/wait.h>
#include <unistd.h>

namespace amana::server {

namespace {

Result<int> run_to_end(const PrintJob& job)
{
    const auto path = find_program("amana-print");
    if (!path) return path.error();
    std::cout << std::flush;
    const auto child = spawn({*path, print_arguments(job), Lifetime::bound, STDOUT_FILENO, false}, {});
    if (!child) return child.error();
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status)) return Error{"amana-print " + describe_end(status), ""};
    return WEXITSTATUS(status);
}

}  // namespace

std::vector<std::string> print_arguments(const PrintJob& job)
{
    std::vector<std::string> arguments;
    // Name and value in one, so that no value is ever taken for an option.
    const auto option = [&](const std::string& name, const std::string& value) {
        if (!value.empty()) arguments.push_back("--" + name + "=" + value);
    };
    const auto texts = [&](const std::string& name, const std::map<std::string, std::string>& by_language) {
        for (const auto& language : job.languages)
            if (const auto text = by_language.find(language); text != by_language.end() && !text->second.empty())
                option(name, language + "=" + text->second);
    };
    option("data", job.data.string());
    for (const auto& language : job.languages) option("language", language);
    option("form", job.form.string());
    texts("name", job.names);
    texts("numbers", job.numbers);
    option("address", job.address);
    option("onion", job.onion);
    option("root", job.root);
    option("colour", job.colour);
    option("logo", job.logo.string());
    option("out", job.out.string());
    option("only", job.only);
    if (job.force) arguments.emplace_back("--force");
    return arguments;
}

int run_print(const PrintJob& job)
{
    const auto code = run_to_end(job);
    // What the loader ends with when a library is not there: the package only recommends those that print.
    if (code && *code == 127)
        std::cerr << "amana-server: what prints is not installed; install the package with what it recommends: apt install --reinstall "
                     "--install-recommends ./amana-server_....deb\n";
    if (code) return *code;
    std::cerr << "amana-server: " << code.error().text() << "\n";
    return 1;
}

int run_print(const Path& file, const PrintOptions& options)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (config && config->address.empty())
        findings.error({}, "'address' in [site] is missing: what would be printed", "Write the form's own address, for example: address = \"https://report.example.org/\"");
    if (report(findings, file) || !config) return 1;
    PrintJob job;
    job.data = config->data.value;
    for (std::size_t i = 0; i < config->languages.size(); ++i) {
        const auto& language = job.languages.emplace_back(config->languages[i].value);
        job.names[language] = config->texts[i].name;
        job.numbers[language] = config->texts[i].numbers;
    }
    job.form = config->form.value;
    job.address = config->address;
    job.onion = config->onion;
    job.root = config->root_fingerprint.value;
    job.colour = config->colour;
    job.logo = config->logo.value;
    job.out = std::filesystem::absolute(options.out);
    job.only = options.only;
    job.force = options.force;
    return run_print(job);
}

}  // namespace amana::server
