// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/command_parts.hpp"

#include "desk/keys.hpp"
#include "desk/passphrase.hpp"
#include "desk/terminal.hpp"

#include <fmt/format.h>

#include <chrono>

namespace amana::desk {

Result<SecretText> passphrase_of(const CommandLine& line)
{
    if (!line.passphrase_file.empty()) return passphrase_from_file(line.passphrase_file);
    return ask_passphrase("Passphrase of the desk: ");
}

Progress progress_on_stderr(std::string what)
{
    using SteadyClock = std::chrono::steady_clock;
    return [what = std::move(what), next = SteadyClock::now() + std::chrono::seconds(2)](std::uint64_t done,
                                                                                         std::uint64_t total) mutable {
        if (SteadyClock::now() < next || total == 0) return;
        next = SteadyClock::now() + std::chrono::seconds(1);
        say(fmt::format("{}: {} %", what, done * 100 / total));
    };
}

Result<OpenDesk> open_desk(const CommandLine& line, DeskDirectory::Use use)
{
    auto directory = DeskDirectory::open(line.directory, use);
    if (!directory) return directory.error();
    auto casebook = Casebook::open(directory->paths().database());
    if (!casebook) return casebook.error();
    const auto root = read_fingerprint(directory->paths());
    if (!root) return root.error();
    const auto passphrase = passphrase_of(line);
    if (!passphrase) return passphrase.error();
    auto vault = Vault::open(directory->paths(), passphrase->view());
    if (!vault) return vault.error();
    return OpenDesk{std::move(*directory), std::move(*vault), std::move(*casebook), *root};
}

Result<Forms> load_forms(const CommandLine& line)
{
    const auto data = find_data(line.data);
    if (!data) return data.error();
    auto forms = Forms::load(*data, DeskPaths{line.directory}, line.language);
    if (forms)
        for (const auto& error : forms->unusable()) say(error.text());
    return forms;
}

std::string fingerprint_lines(const crypto::SigningPublicKey& key)
{
    const auto groups = grouped(crypto::root_fingerprint(key));
    return "    " + groups.substr(0, 39) + "\n    " + groups.substr(40) + "\n";
}

std::string counted(std::uint64_t count, const char* one, const char* many)
{
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

Error filed(const DeskPaths& paths, const NewEvidence& evidence, const Error& accusation)
{
    const auto id = file_evidence(paths, evidence);
    if (!id) return Error{accusation.message + " (The evidence could not be filed: " + id.error().message + ")", accusation.hint};
    return Error{accusation.message + " Evidence " + *id + ".", accusation.hint};
}

}  // namespace amana::desk
