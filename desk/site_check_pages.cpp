// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/site_check_parts.hpp"
#include "desk/site_headers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace amana::desk {

namespace {

constexpr std::string_view do_not_trust =
    "Until it is explained, don't use this site and don't send anybody there. Tell the ministry, by another way than this site, "
    "and keep what you saw.";
constexpr std::string_view altered_script_hint =
    "Whoever opens the form with JavaScript runs something that nobody signed; it could read what they write. Don't use this "
    "site, and tell the ministry by "
    "another way than this site.";

std::string content_type(const crypto::SiteManifest& site, std::string_view kind)
{
    for (const auto& header : site.headers)
        if ((header.kind == kind || header.kind == crypto::every_kind) && header.name == "Content-Type") return header.value;
    return {};
}

bool is_busy(unsigned status)
{
    return status == 429 || status >= 500;
}

// A form of ours is sent to the address of its own language, one of the inbox's to the inbox's own.
bool is_form_address(const crypto::SiteManifest& site, std::string_view address)
{
    constexpr std::string_view report = "report";
    if (const auto query = address.find('?'); query != std::string_view::npos && crypto::is_token(address.substr(query + 1)))
        address = address.substr(0, query);
    if (address.ends_with("/inbox")) return site.find(address) != nullptr;
    return address.ends_with("/report") && site.find(address.substr(0, address.size() - report.size())) != nullptr;
}

// Where the form of this address keeps the place in line of one who has no JavaScript (docs/ADMISSION.md, section 3).
bool is_line_address(const crypto::SiteManifest& site, const std::string& form, std::string_view address)
{
    const auto* page = site.find(form);
    const auto line = form + "line?";
    return page != nullptr && page->kind == crypto::form_kind && address.starts_with(line) && crypto::is_token(address.substr(line.size()));
}

// "10; url=ADDRESS"
bool renews_itself(std::string_view refresh, std::string_view address)
{
    const auto seconds = refresh.find_first_not_of("0123456789");
    return seconds != 0 && seconds != std::string_view::npos && refresh.substr(seconds) == "; url=" + std::string(address);
}

std::string source_of(ByteView body)
{
    return "sha256-" + to_base64(crypto::sha256(body));
}

}  // namespace

bool PageCheck::is_of_type(const crypto::SitePage& page, std::string_view type) const
{
    return content_type(site_, page.kind).find(type) != std::string::npos;
}

std::optional<SiteAnswer> PageCheck::page(const crypto::SitePage& page)
{
    auto answer = source_.fetch(page.path);
    if (answer && is_busy(answer->status)) answer = source_.fetch(page.path);
    if (!answer) {
        report_.not_looked_at.push_back(in_a_line(answer.error()));
        return std::nullopt;
    }
    if (is_busy(answer->status)) {
        report_.not_looked_at.push_back(fmt::format("{}: the server says that it is in trouble (status {})", page.path, answer->status));
        return std::nullopt;
    }
    ++report_.pages;
    if (answer->status != 200) {
        auto what = answer->status == 404 ? std::string("a page or file that was signed is missing")
                                          : fmt::format("is answered with status {}, and should be with 200", answer->status);
        for (const auto& [name, value] : answer->headers)
            if (name == "location") what += "; it leads to " + excerpt(value);
        findings_.add(page.path, what, std::string(do_not_trust));
        return std::nullopt;
    }
    if (source_.is_live())
        for (auto& difference : header_differences(site_, page.kind, *answer)) findings_.add(page.path, std::move(difference));
    bodies_[page.path] = crypto::sha256(answer->body);
    if (answer->too_large || !site_.lists(page.path, crypto::page_hash(answer->body, page.kind))) differs(page, *answer);
    if (is_of_type(page, "javascript")) script(page, answer->body);
    if (is_of_type(page, "html") || as_text(answer->body).starts_with('<')) parse(page.path, answer->body);
    return std::move(*answer);
}

void PageCheck::differs(const crypto::SitePage& page, const SiteAnswer& answer)
{
    if (answer.too_large) {
        findings_.add(page.path,
                      fmt::format("an altered page or file: it has more than {} bytes, more than any of ours", max_answer_bytes),
                      std::string(do_not_trust));
        return;
    }
    const auto served = to_hex(crypto::page_hash(answer.body, page.kind));
    const auto variants = std::ranges::count(site_.pages, page.path, &crypto::SitePage::path);
    const auto hashes = variants == 1 ? fmt::format(" (SHA-256 {}; signed was {})", served, to_hex(page.hash))
                                      : fmt::format(" (SHA-256 {}; signed were {} others)", served, variants);
    if (is_of_type(page, "javascript"))
        findings_.add(page.path, "an altered script: its bytes are not those that were signed" + hashes,
                      std::string(altered_script_hint));
    else if (page.path != "/keys")
        findings_.add(page.path, "an altered page: its bytes are not those that were signed" + hashes, std::string(do_not_trust));
}

void PageCheck::script(const crypto::SitePage& page, ByteView body)
{
    if (!release_) return;
    const auto* file = release_->find(std::string_view(page.path).substr(1));
    if (file == nullptr) {
        findings_.add(page.path, "a script that the makers' release does not have, though this site's manifest lists it",
                      std::string(altered_script_hint));
        return;
    }
    const bool as_listed = crypto::page_hash(body) == page.hash;
    if (as_listed && crypto::sha256(body) != file->hash)
        findings_.add(page.path, "a script of other bytes than the makers' release has, though this site's manifest lists it so",
                      std::string(altered_script_hint));
}

void PageCheck::parse(const std::string& path, ByteView body)
{
    auto found = uses_of_page(body);
    if (!found) findings_.add(path, "was not looked into: " + found.error().message, std::string(do_not_trust));
    else uses_[path] = *std::move(found);
}

void PageCheck::unknown_address(const std::string& path, const PageUse& use, std::string_view what)
{
    auto sentence = fmt::format("{} {} ({}), which was not signed", what, excerpt(use.value), use.where);
    if (crypto::is_site_path(use.value)) {
        const auto there = source_.fetch(use.value);
        if (there && there->status == 200)
            sentence += fmt::format(": an added file of {} bytes, SHA-256 {}", there->body.size(), to_hex(crypto::sha256(there->body)));
    } else {
        sentence += "; it is at another site, or at an address of a form that none of ours has";
    }
    findings_.add(path, std::move(sentence), std::string(do_not_trust));
}

void PageCheck::script_from(const std::string& path, const PageUse& use)
{
    if (site_.find(use.value) == nullptr) return unknown_address(path, use, "runs the script");
    const auto body = bodies_.find(use.value);
    if (use.integrity.empty())
        findings_.add(path, "runs " + use.value + " without saying its hash (integrity), so that a browser does not check it");
    else if (body != bodies_.end() && use.integrity != "sha256-" + to_base64(body->second))
        findings_.add(path, fmt::format("names another hash (integrity) for {} than the file has: {}", use.value, excerpt(use.integrity)));
}

void PageCheck::use(const std::string& path, const PageUse& use)
{
    using What = PageUse::What;
    switch (use.what) {
    case What::script_from: return script_from(path, use);
    case What::script_inline: {
        const auto hash = crypto::sha256(as_bytes(use.value));
        const auto known = [&](const crypto::ReleaseFile& file) { return file.hash == hash; };
        if (release_ && std::none_of(release_->files.begin(), release_->files.end(), known))
            findings_.add(path,
                          fmt::format("runs a script that stands in the page and is none of the release ({}): {}",
                                      source_of(as_bytes(use.value)), excerpt(use.value)),
                          std::string(altered_script_hint));
        return;
    }
    case What::loads:
        if (use.where == "img src" && use.value.starts_with("data:image/")) return;
        if (site_.find(use.value) == nullptr) unknown_address(path, use, "loads");
        return;
    case What::names:
        if (use.value.find(':') == std::string::npos && !use.value.starts_with('/')) return;
        if (site_.find(use.value) == nullptr) unknown_address(path, use, "gives its script the address");
        return;
    case What::sends:
        if (!is_form_address(site_, use.value))
            findings_.add(path,
                          fmt::format("sends what is typed to {} ({})",
                                      use.value.empty() ? "an address that is not named" : excerpt(use.value), use.where),
                          std::string(do_not_trust));
        return;
    case What::frames: return is_line_address(site_, path, use.value) ? frame(path, use) : has_what_none_has(path, use);
    case What::moves:
    case What::forbidden: return has_what_none_has(path, use);
    }
}

void PageCheck::has_what_none_has(const std::string& path, const PageUse& use)
{
    findings_.add(path, fmt::format("has what no page of ours has: {}{}", use.where, use.value.empty() ? "" : ", " + excerpt(use.value)),
                  std::string(do_not_trust));
}

// What stands in it changes with every answer, so that no hash of it is signed. But it renews itself, and that is all it does.
void PageCheck::frame(const std::string& path, const PageUse& frame)
{
    if (!source_.is_live()) return;
    const auto line = path + "line";
    const auto answer = source_.fetch(frame.value);
    if (!answer || is_busy(answer->status)) {
        report_.not_looked_at.push_back(answer ? fmt::format("{}: status {}", line, answer->status) : in_a_line(answer.error()));
        return;
    }
    const auto found = uses_of_page(answer->body);
    if (!found) findings_.add(line, "was not looked into: " + found.error().message, std::string(do_not_trust));
    else
        for (const auto& each : *found)
            if (each.what != PageUse::What::moves || !renews_itself(each.value, frame.value)) has_what_none_has(line, each);
}

void PageCheck::uses()
{
    for (const auto& [path, found] : uses_)
        for (const auto& each : found) use(path, each);
}

void PageCheck::unlisted()
{
    const auto addresses = source_.addresses();
    if (!addresses) {
        report_.not_looked_at.push_back(in_a_line(addresses.error()));
        return;
    }
    for (const auto& address : *addresses)
        if (site_.find(address) == nullptr && address != site_manifest_address && address != release_manifest_address)
            findings_.add(address, "an added file: the site's manifest does not know it",
                          "Is it left from an older release, or did somebody put it there?");
    if (!source_.is_live()) return;
    // What the site answers where there is nothing.
    ByteArray<6> random;
    crypto::random_bytes(random);
    const auto nowhere = "/" + to_hex(random);
    const auto answer = source_.fetch(nowhere);
    if (!answer || is_busy(answer->status)) return;
    if (answer->status != 404)
        findings_.add(nowhere, fmt::format("an address that cannot exist is answered with status {}, and should be with 404",
                                           answer->status));
    parse(nowhere, answer->body);
    for (const auto& each : uses_[nowhere]) use(nowhere, each);
}

}  // namespace amana::desk
