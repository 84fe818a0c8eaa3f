// SPDX-License-Identifier: AGPL-3.0-or-later
// The TLS certificate and its private key as files: that each is what it should be, that they belong together, and until
// when they are good.
#pragma once

#include "server/main/material.hpp"

namespace amana::server {

// Fills certificate, private_key and certificate_ends; false when there was an error.
[[nodiscard]] bool load_tls_files(const Config& config, UnixTime now, Moment moment, Findings& findings,
                                  Material& into);

}  // namespace amana::server
