// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/checks.hpp"

#include <array>

namespace amana::server::doctor {

namespace {

constexpr std::array all{
    Check{"processes", "that the server runs, as whom, and in which version", look_at_processes},
    Check{"proxies", "the configurations of nginx, HAProxy, Apache, Caddy and tor that lead here: what they write down, keep and see", look_at_proxies},
    Check{"logs", "log files and the journal, for lines of this service and its proxies that name an address; firewalls that log; logs that are sent on", look_at_logs},
    Check{"swap", "swap that is not encrypted, hibernation", look_at_swap},
    Check{"dumps", "core dumps, kernel dumps", look_at_dumps},
    Check{"clock", "that something sets it, and that it was not set back", look_at_clock},
    Check{"disk", "that the store's disk is encrypted", look_at_disk},
    Check{"permissions", "who may write config, programs and pages, and read the store", look_at_permissions},
    Check{"keys", "until when keys and certificate are good", look_at_keys},
    Check{"reach", "that every listener answers, and the public address", look_at_reach},
    Check{"TLS", "protocols, ciphers, certificate, as an outsider is shown them", look_at_tls},
    Check{"headers", "the headers of pages as they arrive", look_at_headers},
    Check{"plain HTTP", "that it is not served, and that port 80 redirects here", look_at_plain},
    Check{"room", "free space, and days until it is used up", look_at_room},
    Check{"backup", "how old the last one is", look_at_backup},
    Check{"courier", "when the courier was here last, and until when answers are served", look_at_courier},
};

}  // namespace

std::span<const Check> checks()
{
    return all;
}

void examine(const Subject& subject, Diagnosis& diagnosis)
{
    for (const auto& check : all) {
        diagnosis.begin(check.at);
        check.look(subject, diagnosis);
    }
}

}  // namespace amana::server::doctor
