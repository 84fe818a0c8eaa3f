// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands that the keeper answers: it alone knows the database, also when no server runs.
#include "server/main/commands.hpp"

#include "server/main/ask.hpp"
#include "server/main/machine.hpp"

#include <iostream>

namespace amana::server {

int run_keeper(const Config& config, const Bytes& keyset, std::vector<std::string> arguments, std::string* capture)
{
    const auto code = ask("amana-keeper", wire::encode(keeper_slice(config, keyset)), std::move(arguments), capture);
    if (code) return *code;
    std::cerr << "amana-server: " << code.error().text() << "\n";
    return 1;
}

int run_export(const Path& file, const ExportOptions& options)
{
    Findings findings;
    const auto config = load_config(file, findings);
    Material material;
    // A batch is made first, and its decoys are sealed to these keys; that they have run out does not matter for decoys.
    if (config) (void)load_keyset(*config, system_clock()(), Moment::restart, findings, material);
    if (report(findings, file) || !config) return 1;
    std::vector<std::string> arguments{"--export", std::filesystem::absolute(options.out).string()};
    const auto number = [&](const char* name, std::uint64_t value) {
        if (value == 0) return;
        arguments.emplace_back(name);
        arguments.push_back(std::to_string(value));
    };
    number("--from", options.from);
    number("--part-size", options.part_bytes);
    return run_keeper(*config, material.keyset_note, std::move(arguments), nullptr);
}

int run_witness(const Path& file, const Path& note)
{
    Findings findings;
    const auto config = load_config(file, findings);
    Material material;
    if (config) (void)load_keyset(*config, system_clock()(), Moment::restart, findings, material);
    if (report(findings, file) || !config) return 1;
    return run_keeper(*config, material.keyset_note, {"--witness", std::filesystem::absolute(note).string()}, nullptr);
}

int run_fsck(const Path& file)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    return run_keeper(*config, {}, {"--fsck"}, nullptr);
}

}  // namespace amana::server
