// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/proxies.hpp"

#include "server/main/doctor/checks.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace amana::server::doctor {

namespace {

constexpr std::uint16_t https_port = 443;

struct Known {
    const char* name;
    const char* configuration;
    bool (*look)(const Facing&);
};
constexpr std::array known{
    Known{"nginx", "/etc/nginx/nginx.conf", look_at_nginx},      Known{"haproxy", "/etc/haproxy/haproxy.cfg", look_at_haproxy},
    Known{"apache2", "/etc/apache2/apache2.conf", look_at_apache}, Known{"caddy", "/etc/caddy/Caddyfile", look_at_caddy},
    Known{"tor", "/etc/tor/torrc", look_at_tor},
};

bool is_local(const Deployment& deployment, std::string host)
{
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host == "localhost" || host.starts_with("127.") || host == "::1" || host == "*" || host.empty()) return true;
    return host == deployment.host || std::any_of(deployment.endpoints.begin(), deployment.endpoints.end(), [&](const auto& endpoint) {
        const auto text = endpoint.address.text();
        return text.starts_with(host + ":") || text.starts_with("[" + host + "]:");
    });
}

}  // namespace

bool leads_here(const Deployment& deployment, const std::string& target)
{
    auto rest = target;
    if (const auto scheme = rest.find("://"); scheme != std::string::npos && !rest.starts_with("unix")) rest = rest.substr(scheme + 3);
    // "unix:/a/b", "unix:/a/b:", "unix@/a/b", "unix//a/b", "unix:/a/b|http://x/"
    if (rest.starts_with("unix")) {
        auto path = rest.substr(rest.find('/') == std::string::npos ? rest.size() : rest.find('/'));
        if (path.starts_with("//")) path.erase(0, 1);
        path = path.substr(0, path.find_first_of("|:"));
        return std::any_of(deployment.endpoints.begin(), deployment.endpoints.end(),
                           [&](const auto& endpoint) { return endpoint.address.text() == "unix:" + path; });
    }
    rest = rest.substr(0, rest.find('/'));
    if (rest.empty()) return false;
    const auto colon = rest.rfind(':');
    const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
    // tor's "HiddenServicePort 80 8080" names a port alone.
    const bool alone = !rest.empty() && rest.find_first_not_of("0123456789") == std::string::npos;
    const auto port = alone ? rest : has_port ? rest.substr(colon + 1) : std::to_string(https_port);
    const auto host = alone ? std::string() : rest.substr(0, has_port ? colon : rest.size());
    return is_local(deployment, host) && std::any_of(deployment.endpoints.begin(), deployment.endpoints.end(), [&](const auto& endpoint) {
        return std::to_string(endpoint.address.port) == port;
    });
}

void look_at_proxies(const Subject& subject, Diagnosis& diagnosis)
{
    const MachineFiles files(subject.root);
    for (const auto& each : known) {
        if (files.refused(each.configuration)) diagnosis.unknown(std::string(each.configuration) + " may not be read by this user: run doctor as root");
        (void)each.look({subject, files, diagnosis});
    }
}

std::vector<std::string> proxies_here(const Subject& subject)
{
    const MachineFiles files(subject.root);
    Diagnosis nothing;
    nothing.begin("");
    std::vector<std::string> names;
    for (const auto& each : known)
        if (each.look({subject, files, nothing})) names.emplace_back(each.name);
    return names;
}

}  // namespace amana::server::doctor
