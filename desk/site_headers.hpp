// SPDX-License-Identifier: AGPL-3.0-or-later
// An answer's header lines against those that the site's manifest lists for its kind.
#pragma once

#include "crypto/site_manifest.hpp"
#include "desk/site_source.hpp"

#include <string>
#include <vector>

namespace amana::desk {

// One sentence for each difference: what is missing, weaker, otherwise, twice, or not listed. What a server or proxy may add
// (Date, lengths, the connection's own) is none.
[[nodiscard]] std::vector<std::string> header_differences(const crypto::SiteManifest& site, std::string_view kind,
                                                          const SiteAnswer& answer);

// A Content-Security-Policy against the one that was signed, directive by directive.
[[nodiscard]] std::vector<std::string> policy_differences(std::string_view policy, std::string_view served);

// A stranger's text, cut to what a line has room for.
[[nodiscard]] std::string excerpt(std::string_view foreign);

}  // namespace amana::desk
