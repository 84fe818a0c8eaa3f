// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server backup`, `restore` and `drill`: the keeper does them; here stands what a backup does not hold.
#include "server/main/commands.hpp"

#include "server/main/storage_lock.hpp"
#include "server/main/warden_directory.hpp"

#include <iostream>

namespace amana::server {

namespace {

// What an admin wrote or was given, and must keep by themselves.
void tell_what_else(const Config& config)
{
    std::vector<Path> paths{config.file, config.keyset.value, config.form.value, config.logo.value, config.manifest.value, config.release.value};
    for (const auto& address : config.site_addresses) paths.push_back(address.manifest.value);
    const auto add = [&](const std::vector<CertificateFiles>& files) {
        for (const auto& [certificate, key] : files) paths.insert(paths.end(), {certificate.value, key.value});
    };
    add(config.certificates);
    for (const auto& address : config.site_addresses) add(address.certificates);
    std::cout << "Not in it, so keep them as well:\n";
    for (const auto& path : paths)
        if (!path.empty()) std::cout << "  " << std::filesystem::absolute(path).lexically_normal().string() << "\n";
    std::cout << "A backup keeps what is erased later: keep none for longer than reports are kept ('retention' in [log]).\n";
}

std::string whole_path(const Path& path)
{
    const auto whole = std::filesystem::absolute(path).lexically_normal();
    // A folder may be named with a slash at its end.
    return (whole.has_filename() ? whole : whole.parent_path()).string();
}

}  // namespace

int run_backup(const Path& file, const BackupOptions& options)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    if (options.handover) {
        if (const auto running = running_server(warden_directory(config->storage.value))) {
            std::cerr << "amana-server: the server runs (process " << running->process << "): what it takes after the backup would be lost\n"
                      << "  Stop it first; after a handover it does not start again.\n";
            return 1;
        }
    }
    std::vector<std::string> arguments{"--backup", whole_path(options.out)};
    if (options.handover) arguments.emplace_back("--handover");
    const int code = run_keeper(*config, {}, std::move(arguments), nullptr);
    if (code == 0) tell_what_else(*config);
    return code;
}

int run_restore(const Path& file, const RestoreOptions& options)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    std::vector<std::string> arguments{"--restore", whole_path(options.backup)};
    if (options.after_loss) arguments.emplace_back("--after-loss");
    return run_keeper(*config, {}, std::move(arguments), nullptr);
}

// Needs no config: whoever keeps backups need not be who serves.
int run_drill(const Path& backup, const Path& scratch)
{
    Config config;
    config.storage.value = whole_path(scratch.empty() ? Path(whole_path(backup)).parent_path() : scratch);
    config.origin = "drill";
    return run_keeper(config, {}, {"--drill", whole_path(backup)}, nullptr);
}

}  // namespace amana::server
