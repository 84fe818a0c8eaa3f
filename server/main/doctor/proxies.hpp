// SPDX-License-Identifier: AGPL-3.0-or-later
// The proxies of this machine that lead to this server, by their configuration: what they write down, what they keep, what they see.
// Of a proxy on another machine only what an outsider sees can be told.
#pragma once

#include "server/main/doctor/blocks.hpp"
#include "server/main/doctor/diagnosis.hpp"
#include "server/main/doctor/subject.hpp"

namespace amana::server::doctor {

// Whether what a proxy passes to ("127.0.0.1:8443", "https://127.0.0.1:8443/", "unix:/run/amana/front.sock") is one of the
// server's listeners.
[[nodiscard]] bool leads_here(const Deployment& deployment, const std::string& target);

struct Facing {
    const Subject& subject;
    const MachineFiles& files;
    Diagnosis& diagnosis;
};

// Each says whether it is in front of this server; only then does it find anything.
bool look_at_nginx(const Facing& facing);
bool look_at_haproxy(const Facing& facing);
bool look_at_apache(const Facing& facing);
bool look_at_caddy(const Facing& facing);
bool look_at_tor(const Facing& facing);

// Which of them are: "nginx", "haproxy", "apache2", "caddy", "tor".
[[nodiscard]] std::vector<std::string> proxies_here(const Subject& subject);

}  // namespace amana::server::doctor
