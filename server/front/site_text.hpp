// SPDX-License-Identifier: AGPL-3.0-or-later
// The site's manifest (crypto/site_manifest.hpp, docs/SEALING.md, section 6) of what this front would serve, for the desk to
// sign: `amana-server site`.
#pragma once

#include "server/front/public_files.hpp"

namespace amana::front {

struct SiteText {
    std::uint64_t serial = 0;
    std::string_view log_key;  // the log's verifier key, which the page that checks proofs has in its field
    ByteView release;          // the release's signed manifest
};

// Every address whose body is the same for everybody, but for the manifests themselves and what grows with the log.
[[nodiscard]] Result<std::string> site_text(const web::Pages& pages, const PublicFiles& files, const Responses& responses, const crypto::KeySet& keys,
                                            const SiteText& with);

}  // namespace amana::front
