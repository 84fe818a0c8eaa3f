// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a site is looked at: on the network, as a browser sees it, or in a folder into which it was saved.
//
// All of it is hostile. An answer is bounded, and no redirect is followed.
#pragma once

#include "base/bytes.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace amana::desk {

inline constexpr std::size_t max_answer_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t max_answer_head_bytes = 64 * 1024;

struct SiteAnswer {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    Bytes body;                                                // unpacked
    bool too_large = false;                                    // then the body is cut off
};

class SiteSource {
public:
    SiteSource() = default;
    virtual ~SiteSource() = default;
    SiteSource(const SiteSource&) = delete;
    SiteSource& operator=(const SiteSource&) = delete;

    // What stands at this address, a path that crypto::is_site_path() lets through. An error: it could not be looked at.
    [[nodiscard]] virtual Result<SiteAnswer> fetch(const std::string& path) = 0;
    // Whether answers have headers, and an address that the site does not know can be asked for.
    [[nodiscard]] virtual bool is_live() const = 0;
    // Every address there is, where that can be known: of a folder.
    [[nodiscard]] virtual Result<std::vector<std::string>> addresses() const = 0;
};

// Paths as files: /ar/help is DIR/ar/help, and /ar/ is DIR/ar/index.html.
[[nodiscard]] Result<std::unique_ptr<SiteSource>> open_saved_site(const std::filesystem::path& directory);

struct NetworkOptions {
    std::string proxy;            // socks5h://HOST:PORT; empty: none
    std::filesystem::path ca;     // certificates to trust in place of the system's; empty: those
    std::string agent;            // what to call itself; empty: as Tor Browser does
    unsigned seconds = 60;        // for one answer
};
// `url`: https://HOST[:PORT], or http:// for an onion address.
[[nodiscard]] Result<std::unique_ptr<SiteSource>> open_network_site(const std::string& url, const NetworkOptions& options);

}  // namespace amana::desk
