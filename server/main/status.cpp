// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server status`: what is configured, what runs, which keys are in use and until when; then what the keeper knows
// (how much is stored, and the log's verifier key, which the desk must trust). Nothing in it dates or counts single reports.
#include "server/main/commands.hpp"

#include "server/main/courier.hpp"
#include "server/main/doctor/catalogue.hpp"
#include "server/main/machine.hpp"
#include "server/main/storage_lock.hpp"
#include "server/main/units.hpp"
#include "server/main/warden_directory.hpp"
#include "server/main/ways_in.hpp"

#include <boost/json.hpp>

#include <array>
#include <functional>
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

// What the keeper said of the courier, held to the promise.
std::string lateness(const Facts& facts, const std::function<std::string(const char* name)>& said)
{
    return courier_lateness({parse_day(said("courier-day")), parse_day(said("log-day"))}, facts.now, facts.config.read_every);
}

// The exit code: as with keys that are not in order, what is said is said, and is not well.
int close_with(int code, const std::string& late, const Path& file)
{
    if (code != 0 || late.empty()) return code;
    Findings findings;
    findings.error({}, late, std::string(doctor::ailment(courier_late).remedy));
    report(findings, file);
    return 1;
}

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

int print_json(const Facts& facts, const Path& file)
{
    std::string captured;
    const int code = run_keeper(facts.config, facts.material.keyset_note, {"--status", "--json"}, &captured);
    boost::json::array addresses;
    for (const auto& listener : facts.config.listeners) addresses.emplace_back(text_of(listener));
    boost::json::array sites;
    for (const auto& address : facts.config.site_addresses) sites.emplace_back(address.url.text());
    boost::json::object all{{"running", facts.running.has_value()},
                            {"listen", std::move(addresses)},
                            {"site-addresses", std::move(sites)},
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
    const auto* told = broken ? nullptr : storage.if_object();
    const auto late = lateness(facts, [&](const char* name) {
        const auto* value = told != nullptr ? told->if_contains(name) : nullptr;
        return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
    });
    all[courier_late] = told != nullptr ? boost::json::value(!late.empty()) : nullptr;
    all["storage"] = broken ? boost::json::value(nullptr) : std::move(storage);
    std::cout << boost::json::serialize(all) << "\n" << std::flush;
    return close_with(code, late, file);
}

// Of the keeper's lines, "name: value", the one of this name.
std::string value_in(const std::string& lines, const std::string& name)
{
    const auto begin = lines.find("\n" + name + ": ");
    if (begin == std::string::npos) return {};
    const auto value = begin + name.size() + 3;
    return lines.substr(value, lines.find('\n', value) - value);
}

// "name: value" lines, as the keeper's own that follow are.
int print_text(const Facts& facts, const Path& file)
{
    const auto row = [](const char* name, const std::string& text) { std::cout << name << ": " << text << "\n"; };
    row("server", facts.running ? "running (process " + facts.running->process + ")" : "not running");
    if (facts.running) {
        const auto& told = facts.running->told;
        row("pressure", told.pressure == 0 ? "none" : std::to_string(told.pressure) + " of " + std::to_string(highest_pressure));
        row("takes", std::string(described.at(told.storage)));
    }
    for (const auto& listener : facts.config.listeners) row("address", text_of(listener));
    for (const auto& address : facts.config.site_addresses) row("site-address", address.url.text());
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
    std::string captured;
    const int code = run_keeper(facts.config, facts.material.keyset_note, {"--status"}, &captured);
    std::cout << captured;
    const auto late = lateness(facts, [&](const char* name) { return value_in("\n" + captured, name); });
    if (code == 0) row(courier_late, late.empty() ? "no" : "yes, " + late);
    std::cout << std::flush;
    return close_with(code, late, file);
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
    const Facts facts{*config, material, memory, running_server(warden_directory(config->storage.value)), known, now};
    const int code = json ? print_json(facts, file) : print_text(facts, file);
    return code != 0 ? code : (key_findings.errors() != 0 ? 1 : 0);
}

}  // namespace amana::server
