// SPDX-License-Identifier: AGPL-3.0-or-later
// What this desk knows of the log's honesty: how much of it is verified, what speaks against it, and which canaries
// arrived. docs/LOG.md, section 11.
//
//   audit --json  {"well":BOOL,"verified":N,"cosigned":N,"reports":N,"canaries":N,"decoys":N,"without_content":N,
//                  "unopened":{CLASS:COUNT},
//                  "canary":{"made":N,"arrived":N,"missing":[NUMBER],"waiting":[NUMBER],"suppression_at_most":SHARE},
//                  "evidence":[{"id","found":[{"what","at":[POSITION]}],"seen":N,"claimed":N,"settled":BOOL}]}
#pragma once

#include "desk/bundle_file.hpp"
#include "desk/canaries.hpp"
#include "desk/evidence.hpp"
#include "desk/show.hpp"
#include "desk/vault.hpp"

#include <map>

namespace amana::desk {

struct Audit {
    std::string origin;  // empty: no log is trusted yet
    std::uint64_t verified = 0;
    std::uint64_t cosigned = 0;
    std::map<crypto::Kind, std::uint64_t> opened;
    std::uint64_t without_content = 0;
    std::vector<std::pair<std::string, std::uint64_t>> unopened;
    std::vector<std::int64_t> arrived;  // canaries' numbers
    std::vector<std::int64_t> missing;
    std::vector<std::int64_t> waiting;
    std::vector<Evidence> evidence;

    // Of those canaries that had their time.
    [[nodiscard]] double suppression_at_most() const { return suppression_bound(arrived.size() + missing.size(), missing.size()); }
    [[nodiscard]] bool well() const;
};

// A canary is missing when the last import came `grace_days` after it was made, or later, and did not bring it.
[[nodiscard]] Result<Audit> audit(const DeskPaths& paths, Casebook& casebook, const SecretBuffer& master, unsigned grace_days,
                                  const Progress& progress);
[[nodiscard]] Result<void> write_audit(const Audit& audit, const DeskPaths& paths, unsigned grace_days, Format format, Output& out);

}  // namespace amana::desk
