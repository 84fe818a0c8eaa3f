// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server status`: what is configured, what runs, which keys are in use and until when; then what the keeper knows
// (how much is stored, and the log's verifier key, which the desk must trust). Nothing in it dates or counts single reports.
#include "server/main/commands.hpp"

#include "server/main/machine.hpp"
#include "server/main/storage_lock.hpp"
#include "server/main/units.hpp"

#include <boost/json.hpp>

#include <array>
#include <iostream>

namespace amana::server {

namespace {

struct Facts {
    const Config& config;
    const Material& material;
    const MemoryProtection& memory;
    std::optional<Running> running;
    bool keys_known;
    UnixTime now;
};

std::string in_groups(const std::string& fingerprint)
{
    std::string grouped;
    for (std::size_t i = 0; i < fingerprint.size(); i += 4) grouped += (i == 0 ? "" : " ") + fingerprint.substr(i, 4);
    return grouped;
}

// By step, what storage has room for.
constexpr std::array<std::string_view, storage_steps.size()> described{"everything", "files of 8 MiB in all, and text", "text only",
                                                                       "nothing: there is no room"};

boost::json::object keys_json(const Facts& facts)
{
    boost::json::object keys{{"root", facts.config.root_fingerprint.value}};
    if (!facts.keys_known) return keys;
    const auto& keyset = facts.material.keyset;
    keys["deployment"] = keyset.deployment;
    keys["key-serial"] = keyset.serial;
    keys["keys-until"] = to_rfc3339(keyset.sealing_ends(facts.now));
    boost::json::array recipients;
    for (const auto& recipient : keyset.recipients()) recipients.emplace_back(recipient);
    keys["recipients"] = std::move(recipients);
    return keys;
}

boost::json::object limits_json(const Config& config)
{
    const auto& limits = config.limits;
    return {{"max-files", limits.max_files_bytes},
            {"max-connections", limits.max_connections},
            {"max-uploads", limits.max_uploads},
            {"pace", limits.pace},
            {"header-timeout", limits.header_timeout.count()},
            {"idle-timeout", limits.idle_timeout.count()},
            {"body-timeout", limits.body_timeout.count()},
            {"drain-timeout", limits.drain_timeout.count()},
            {"max-handshakes", limits.max_handshakes},
            {"max-requests", limits.max_requests},
            {"slowest", limits.slowest}};
}

int print_json(const Facts& facts)
{
    std::string captured;
    const int code = run_keeper(facts.config, facts.material.keyset_note, {"--status", "--json"}, &captured);
    boost::json::array addresses;
    for (const auto& address : facts.config.addresses) addresses.emplace_back(address.value.text());
    boost::json::object all{{"running", facts.running.has_value()},
                            {"listen", std::move(addresses)},
                            {"threads", facts.config.threads},
                            {"keys", keys_json(facts)},
                            {"memory", {{"everything-locked", facts.memory.everything_locked}}},
                            {"limits", limits_json(facts.config)}};
    if (facts.running) {
        all["process"] = facts.running->process;
        all["pressure"] = facts.running->told.pressure;
        all["takes"] = storage_steps.at(facts.running->told.storage);
    }
    if (!facts.memory.everything_locked) all["memory"].as_object()["lockable-bytes"] = facts.memory.lockable_bytes;
    boost::system::error_code broken;
    auto storage = boost::json::parse(captured, broken);
    all["storage"] = broken ? boost::json::value(nullptr) : std::move(storage);
    std::cout << boost::json::serialize(all) << "\n" << std::flush;
    return code;
}

// "name: value" lines, as the keeper's own that follow are.
int print_text(const Facts& facts)
{
    const auto row = [](const char* name, const std::string& text) { std::cout << name << ": " << text << "\n"; };
    row("server", facts.running ? "running (process " + facts.running->process + ")" : "not running");
    if (facts.running) {
        const auto& told = facts.running->told;
        row("pressure", told.pressure == 0 ? "none" : std::to_string(told.pressure) + " of " + std::to_string(highest_pressure));
        row("takes", std::string(described.at(told.storage)));
    }
    for (const auto& address : facts.config.addresses) row("address", "https://" + address.value.text());
    row("threads", std::to_string(facts.config.threads));
    row("root", in_groups(facts.config.root_fingerprint.value));
    if (facts.keys_known) {
        const auto& keyset = facts.material.keyset;
        const auto ends = keyset.sealing_ends(facts.now);
        row("deployment", keyset.deployment);
        row("key-serial", std::to_string(keyset.serial));
        for (const auto& recipient : keyset.recipients()) row("recipient", recipient);
        row("keys-until", ends > facts.now ? to_rfc3339(ends) : "no key is valid now: the form is closed");
    }
    row("memory", describe(facts.memory));
    const auto& limits = facts.config.limits;
    row("max-files", format_size(limits.max_files_bytes));
    row("max-connections", std::to_string(limits.max_connections));
    row("max-uploads", std::to_string(limits.max_uploads));
    row("pace", limits.pace == 0 ? "as the room allows" : std::to_string(limits.pace) + " a second");
    row("header-timeout", format_duration(limits.header_timeout));
    row("idle-timeout", format_duration(limits.idle_timeout));
    row("body-timeout", format_duration(limits.body_timeout));
    row("drain-timeout", format_duration(limits.drain_timeout));
    row("max-handshakes", std::to_string(limits.max_handshakes));
    row("max-requests", std::to_string(limits.max_requests));
    row("slowest", format_size(limits.slowest));
    return run_keeper(facts.config, facts.material.keyset_note, {"--status"}, nullptr);
}

}  // namespace

int run_status(const Path& file, const MemoryProtection& memory, bool json)
{
    Findings config_findings;
    const auto config = load_config(file, config_findings);
    if (report(config_findings, file) || !config) return 1;
    const auto now = system_clock()();
    // What is wrong with the keys is told, but status answers all the same.
    Findings key_findings;
    Material material;
    const bool known = load_keyset(*config, now, Moment::restart, key_findings, material);
    report(key_findings, file);
    const Facts facts{*config, material, memory, running_server(config->storage.value), known, now};
    const int code = json ? print_json(facts) : print_text(facts);
    return code != 0 ? code : (key_findings.errors() != 0 ? 1 : 0);
}

}  // namespace amana::server
