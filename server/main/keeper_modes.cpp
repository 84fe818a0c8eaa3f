// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands that the keeper answers: it alone knows the database, also when no server runs.
#include "server/main/commands.hpp"

#include "server/main/ask.hpp"
#include "server/main/machine.hpp"

#include <algorithm>
#include <iostream>

namespace amana::server {

namespace {

// Of its own command line, what names a file or folder.
bool names_a_path(const std::vector<std::string>& arguments)
{
    return std::any_of(arguments.begin(), arguments.end(), [](const auto& argument) { return argument.starts_with('/'); });
}

}  // namespace

int run_keeper(const Config& config, const Bytes& keyset, std::vector<std::string> arguments, std::string* capture)
{
    const auto user = keeper_user(config.storage.value);
    const bool with_path = names_a_path(arguments);
    const auto code = user ? ask("amana-keeper", wire::encode(keeper_slice(config, keyset)), std::move(arguments), capture, *user) : Result<int>(user.error());
    if (code && *code != 0 && *user && with_path)
        std::cerr << "amana-server: it was done as " + (*user)->name + ", whose the store is: what is read and written must be open to that user, as /var/lib/amana-courier is\n";
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

// What the courier brings, which the keeper takes by what the desk's keys have signed.
int run_taking(const Path& file, const char* mode, const Path& brought)
{
    Findings findings;
    const auto config = load_config(file, findings);
    Material material;
    if (config) (void)load_keyset(*config, system_clock()(), Moment::restart, findings, material);
    if (report(findings, file) || !config) return 1;
    return run_keeper(*config, material.keyset_note, {mode, std::filesystem::absolute(brought).string()}, nullptr);
}

int run_witness(const Path& file, const Path& note)
{
    return run_taking(file, "--witness", note);
}

int run_import(const Path& file, const Path& outbox)
{
    return run_taking(file, "--import", outbox);
}

int run_fsck(const Path& file)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    // What is wrong with the keys is told; of the store only the outbox can't be checked without them.
    Findings key_findings;
    Material material;
    (void)load_keyset(*config, system_clock()(), Moment::restart, key_findings, material);
    report(key_findings, file);
    return run_keeper(*config, material.keyset_note, {"--fsck"}, nullptr);
}

}  // namespace amana::server
