// SPDX-License-Identifier: AGPL-3.0-or-later
// TLS certificates and their private keys as files: that each is what it should be, that they belong together, and until
// when they are good. Where a config names a folder, it is one of Certbot's (live/NAME) or Caddy's (certificates/AUTHORITY/NAME).
#pragma once

#include "server/main/material.hpp"

namespace amana::server {

// Fills tls and certificate_ends; false when there was an error.
[[nodiscard]] bool load_tls_files(const Config& config, UnixTime now, Moment moment, Findings& findings,
                                  Material& into);
// Whether a listener ends TLS for this address of the site.
[[nodiscard]] bool serves_tls(const Config& config, std::uint32_t address);
// Where they lie, or may: what is looked at to see that they were renewed.
[[nodiscard]] std::vector<Path> tls_paths(const Config& config);

// When the first certificate ends; nothing when none can be read. For who must have no key.
[[nodiscard]] std::optional<UnixTime> first_certificate_end(const Config& config);

}  // namespace amana::server
