// SPDX-License-Identifier: AGPL-3.0-or-later
// tor: an onion service that leads to this server.
#include "server/main/doctor/proxies.hpp"

#include <algorithm>

namespace amana::server::doctor {

bool look_at_tor(const Facing& facing)
{
    const auto directives = Directives::read(facing.files, "/etc/tor/torrc", Grammar::torrc);
    const auto ports = directives.in(no_block, "hiddenserviceport");
    const auto* port = ports.empty() ? nullptr : *std::find_if(ports.begin(), ports.end() - 1, [&](const auto* each) { return leads_here(facing.subject.deployment, each->word(1)); });
    if (port == nullptr || !leads_here(facing.subject.deployment, port->word(1))) return false;
    const auto value = [&](std::string_view name) {
        const auto found = directives.in(no_block, name);
        return found.empty() ? std::string() : found.back()->word(0);
    };
    if (value("safelogging") == "0") facing.diagnosis.found("onion-logs", "/etc/tor/torrc: 'SafeLogging 0' writes addresses unscrubbed");
    for (const auto* log : directives.in(no_block, "log"))
        if (const auto level = lower(log->word(0)); level.starts_with("debug") || level.starts_with("info"))
            facing.diagnosis.found("onion-logs", log->place() + ": tor writes down every circuit ('Log " + log->word(0) + "')");
    if (!value("heartbeatperiod").starts_with("0"))
        facing.diagnosis.found("onion-logs", "/etc/tor/torrc: without 'HeartbeatPeriod 0' tor writes down every six hours how many came and how much they sent");
    if (value("hiddenservicesinglehopmode") == "1") facing.diagnosis.found("onion-single-hop", "/etc/tor/torrc: 'HiddenServiceSingleHopMode 1'");
    if (value("hiddenservicepowdefensesenabled") != "1") facing.diagnosis.found("onion-no-pow", port->place() + ": tor's proof of work is off for this service");
    return true;
}

}  // namespace amana::server::doctor
