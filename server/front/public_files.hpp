// SPDX-License-Identifier: AGPL-3.0-or-later
// What is served as it is, to everybody alike, and no page: scripts, what they are told, the key set, the two manifests,
// security.txt (docs/SEALING.md, sections 1 and 6). Made once at start.
#pragma once

#include "crypto/keyset.hpp"
#include "server/front/responses.hpp"
#include "server/wire/slices.hpp"

#include <map>
#include <string>
#include <string_view>

namespace amana::front {

inline constexpr std::string_view manifest_prefix = "/manifest/";

struct PublicFile {
    Content content;
    std::string plain;
    std::string packed;  // gzip; empty where there is none
};

class PublicFiles {
public:
    // `keyset`: the signed note, as it came. What is not configured has no address.
    [[nodiscard]] static PublicFiles make(const web::Pages& pages, ByteView keyset, const crypto::KeySet& keys, const wire::SiteSlice& site);

    // Nullptr when there is none; a query is ignored, as everywhere.
    [[nodiscard]] const PublicFile* find(std::string_view target) const;
    // By address, in ascending order.
    [[nodiscard]] const std::map<std::string, PublicFile, std::less<>>& all() const { return files_; }

private:
    std::map<std::string, PublicFile, std::less<>> files_;
};

// RFC 9116. It is good for as long as there are keys to seal to: then a new key set is brought in any case, and the file
// changes with nothing else.
[[nodiscard]] std::string security_text(std::string_view contact, const crypto::KeySet& keys);

}  // namespace amana::front
