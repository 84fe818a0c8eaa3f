// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/subject.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace amana::server::doctor {

namespace {

// "https://NAME[:PORT]/..."
void name_of(Deployment& deployment)
{
    constexpr std::string_view scheme = "https://";
    std::string_view rest = deployment.site;
    if (!rest.starts_with(scheme)) return;
    rest.remove_prefix(scheme.size());
    rest = rest.substr(0, rest.find('/'));
    const auto colon = rest.rfind(':');
    const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
    deployment.host = rest.substr(0, has_port ? colon : rest.size());
    if (has_port) std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), deployment.port);
}

// The public halves, as they lie there; of a folder of Certbot's or Caddy's the one that it has.
void add_certificates(std::vector<Path>& certificates, const std::vector<CertificateFiles>& files)
{
    for (const auto& [certificate, key] : files) {
        if (!key.value.empty()) {
            certificates.push_back(certificate.value);
            continue;
        }
        const auto name = certificate.value.filename().string() + ".crt";
        for (const auto& path : {certificate.value / "fullchain.pem", certificate.value / name})
            if (std::error_code unseen; std::filesystem::exists(path, unseen)) certificates.push_back(path);
    }
}

}  // namespace

Deployment deployment_of(const Config& config)
{
    Deployment deployment;
    for (const auto& listener : config.listeners) {
        deployment.endpoints.push_back({listener.address, listener.tls && !listener.redirect, listener.proxy, listener.redirect, listener.forwarded});
        deployment.takes_forwarded = deployment.takes_forwarded || !listener.forwarded.empty();
    }
    add_certificates(deployment.certificates, config.certificates);
    for (const auto& address : config.site_addresses) add_certificates(deployment.certificates, address.certificates);
    deployment.site = config.address;
    const auto& addresses = config.site_addresses;
    const auto site = std::ranges::find_if(addresses, [](const auto& address) { return address.url.https && !address.url.onion(); });
    if (site != addresses.end()) deployment.site = site->url.text();
    name_of(deployment);
    return deployment;
}

}  // namespace amana::server::doctor
