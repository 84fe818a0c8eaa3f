// SPDX-License-Identifier: AGPL-3.0-or-later
// What the parts of check_site() share: the report being written, and what was fetched.
#pragma once

#include "crypto/site_manifest.hpp"
#include "desk/site_check.hpp"
#include "desk/site_page.hpp"

#include <map>

namespace amana::desk {

inline constexpr std::string_view site_manifest_address = "/manifest/site";
inline constexpr std::string_view release_manifest_address = "/manifest/release";

[[nodiscard]] inline std::string in_a_line(const Error& error)
{
    return error.hint.empty() ? error.message : error.message + ". " + error.hint;
}

class SiteFindings {
public:
    explicit SiteFindings(SiteReport& report) : report_(report) {}
    void add(std::string_view where, std::string what, std::string hint = {})
    {
        if (report_.findings.size() < max_site_findings) report_.findings.push_back({std::string(where), std::move(what), std::move(hint)});
    }

private:
    SiteReport& report_;
};

// Pages and files, one by one and then together: what they are, how they are protected, what they load.
class PageCheck {
public:
    PageCheck(SiteSource& source, const crypto::SiteManifest& site, const std::optional<crypto::ReleaseManifest>& release,
              SiteReport& report)
        : source_(source), site_(site), release_(release), report_(report), findings_(report)
    {
    }
    // The answer, when it is one of status 200 and could be looked at.
    std::optional<SiteAnswer> page(const crypto::SitePage& page);
    // What pages load and send, when all of them were seen.
    void uses();
    // What is there and is not listed.
    void unlisted();

private:
    [[nodiscard]] bool is_of_type(const crypto::SitePage& page, std::string_view type) const;
    void differs(const crypto::SitePage& page, const SiteAnswer& answer);
    void script(const crypto::SitePage& page, ByteView body);
    void use(const std::string& path, const PageUse& use);
    void script_from(const std::string& path, const PageUse& use);
    void unknown_address(const std::string& path, const PageUse& use, std::string_view what);
    void parse(const std::string& path, ByteView body);
    void frame(const std::string& path, const PageUse& use);
    void has_what_none_has(const std::string& path, const PageUse& use);

    SiteSource& source_;
    const crypto::SiteManifest& site_;
    const std::optional<crypto::ReleaseManifest>& release_;
    SiteReport& report_;
    SiteFindings findings_;
    std::map<std::string, crypto::Hash, std::less<>> bodies_;  // hashes of whole bodies, by address
    std::map<std::string, std::vector<PageUse>, std::less<>> uses_;
};

}  // namespace amana::desk
