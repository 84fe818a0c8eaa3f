// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether a site is what its two manifests say (docs/SEALING.md, sections 6 and 7). Everything that differs is a finding: a
// sentence for a person who has to do something about it. Addresses and bytes in it are a stranger's: print it as foreign.
#pragma once

#include "base/clock.hpp"
#include "crypto/note.hpp"
#include "desk/site_seen.hpp"
#include "desk/site_source.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace amana::desk {

struct SiteFinding {
    std::string where;  // an address, or "the site"
    std::string what;
    std::string hint;
};

struct SiteExpectation {
    std::string fingerprint;                        // of the root
    std::optional<crypto::NoteVerifier> release_key;  // none: the release's own signature is not looked at
    std::optional<SeenSite> seen;
    UnixTime now = 0;
};

struct SiteReport {
    std::vector<SiteFinding> findings;
    std::vector<std::string> not_looked_at;  // addresses and reasons
    std::string deployment;
    std::string version;
    std::size_t pages = 0;  // that were compared
    SeenSite seen;          // what to remember: never older than what was
};

inline constexpr std::size_t max_site_findings = 200;

[[nodiscard]] SiteReport check_site(SiteSource& source, const SiteExpectation& expectation,
                                    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

// As it stands on paper: groups, spaces and capitals are of no importance.
[[nodiscard]] Result<std::string> parse_fingerprint(std::string_view paper);

}  // namespace amana::desk
