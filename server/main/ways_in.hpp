// SPDX-License-Identifier: AGPL-3.0-or-later
// The part of the config that says how the site is reached (docs/PROXIES.md): [listen], [[listener]], [[site_address]] and [tls],
// and whether they fit one another.
#pragma once

#include "server/main/config.hpp"
#include "server/main/section.hpp"

namespace amana::server {

// Whoever stands where TLS ends is believed only from this machine, unless the config says otherwise.
[[nodiscard]] std::vector<wire::Network> loopback_networks();

// As the admin is told of it: "https://127.0.0.1:8443 (PROXY header)".
[[nodiscard]] std::string text_of(const ListenerConfig& listener);

// `base`: what relative paths are relative to.
void read_ways_in(Section& top, Findings& findings, const Path& base, Config& into);

}  // namespace amana::server
