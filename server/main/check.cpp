// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server check`: everything that serve would refuse, and what it would only warn of, without starting anything.
#include "server/main/commands.hpp"

#include "server/main/machine.hpp"
#include "server/main/units.hpp"
#include "server/main/ways_in.hpp"

#include <iostream>

#include <sys/statvfs.h>

namespace amana::server {

namespace {

template <typename T, typename ToText>
std::string joined(const std::vector<T>& items, ToText to_text)
{
    std::string all;
    for (const auto& item : items) all += (all.empty() ? "" : ", ") + to_text(item);
    return all;
}

std::string days_left(UnixTime until, UnixTime now)
{
    return "until " + to_rfc3339(until) + " (" + std::to_string((until - now) / one_day) + " days)";
}

void print_verified(const Config& config, const Material& material, const MemoryProtection& memory, UnixTime now)
{
    struct statvfs space {};
    const bool has_space = ::statvfs(config.storage.value.c_str(), &space) == 0;
    const auto row = [](const char* what, const std::string& text) { std::cout << "  " << what << text << "\n"; };
    row("listens on   ", joined(config.listeners, [](const auto& listener) { return text_of(listener); }) + ", " +
                             std::to_string(config.threads) + " threads");
    row("is           ", config.site_addresses.empty() ? "whatever name it is called by: no [[site_address]] says which"
                                                       : joined(config.site_addresses, [](const auto& address) { return address.url.text(); }));
    row("languages    ", joined(config.languages, [](const auto& language) { return language.value; }));
    row("form         ", config.form.value.string());
    row("certificate  ", material.certificate_ends == 0 ? "none: no listener ends TLS" : days_left(material.certificate_ends, now) + ", its key fits");
    row("keys         ", "serial " + std::to_string(material.keyset.serial) + " of '" + material.keyset.deployment +
                             "', signed by the configured root, for " +
                             joined(material.keyset.recipients(), [](const auto& name) { return name; }));
    row("             ", days_left(material.keyset.sealing_ends(now), now));
    row("storage      ", config.storage.value.string() +
                             (has_space ? ", " + std::to_string((std::uint64_t{space.f_bavail} * space.f_frsize) >> 20) + " MiB free"
                                        : "") +
                             ", reserve " + format_size(config.reserve_bytes));
    row("memory       ", describe(memory));
}

}  // namespace

int run_check(const Path& file, const MemoryProtection& memory)
{
    const auto now = system_clock()();
    Findings findings;
    const auto config = load_config(file, findings);
    std::optional<Material> material;
    if (config) {
        material = load_material(*config, now, Moment::start, findings);
        check_machine(*config, memory, findings);
    }
    report(findings, file);
    if (findings.errors() != 0 || !config || !material) {
        std::cout << file.string() << ": " << findings.count() << "\n";
        return 1;
    }
    // What is wrong with the questionnaire, a catalogue or a template, the front alone can tell.
    if (!front_can_begin(*config, *material)) {
        std::cout << file.string() << ": " << findings.count() << ", but the form's pages can't be made\n";
        return 1;
    }
    std::cout << file.string() << ": " << findings.count() << "\n";
    print_verified(*config, *material, memory, now);
    return 0;
}

bool report(const Findings& findings, const Path& config)
{
    std::cerr << findings.text(config.string()) << std::flush;
    return findings.errors() != 0;
}

}  // namespace amana::server
