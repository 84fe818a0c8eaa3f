// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/site_check.hpp"

#include "crypto/keyset.hpp"
#include "desk/site_check_parts.hpp"
#include "desk/site_headers.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace amana::desk {

namespace {

constexpr std::string_view keys_address = "/keys";
constexpr std::string_view false_keys_hint =
    "Reports sealed to these keys may be opened by somebody else. Don't use this site, and tell the ministry by another way than "
    "this site.";

class Check {
public:
    Check(SiteSource& source, const SiteExpectation& expectation, SiteReport& report)
        : source_(source), expected_(expectation), report_(report), findings_(report)
    {
    }

    void run(const std::function<void(std::uint64_t, std::uint64_t)>& progress)
    {
        const auto site = site_manifest();
        if (!site) return keys_alone();
        report_.deployment = site->deployment;
        const auto release = release_manifest(*site);
        PageCheck pages(source_, *site, release, report_);
        std::uint64_t done = 0;
        for (const auto& page : site->pages) {
            if (&page != site->find(page.path)) {  // another variant of the one that was looked at
                ++done;
                continue;
            }
            const auto answer = pages.page(page);
            if (answer && page.path == keys_address) keys(answer->body, &*site);
            if (answer && page.path.ends_with("/sealing.json")) sealing(page.path, answer->body);
            progress(++done, site->pages.size());
        }
        if (site->find(keys_address) == nullptr) keys_alone();
        pages.uses();
        pages.unlisted();
    }

private:
    // A manifest as it is served; nothing where there is none that could be read.
    std::optional<crypto::Note> note(std::string_view address, std::string_view what)
    {
        const auto answer = source_.fetch(std::string(address));
        if (!answer || answer->status == 429 || answer->status >= 500) {
            report_.not_looked_at.push_back(answer ? fmt::format("{}: status {}", address, answer->status) : in_a_line(answer.error()));
            return std::nullopt;
        }
        if (answer->status != 200) {
            findings_.add(address, fmt::format("there is no manifest of the {} here (status {})", what, answer->status),
                          "Either the site has none yet, or somebody took it away. Without it nothing else can be compared.");
            return std::nullopt;
        }
        auto note = crypto::Note::parse(answer->body, crypto::max_site_manifest_bytes);
        if (!note) {
            findings_.add(address, "is no signed manifest: " + note.error().message);
            return std::nullopt;
        }
        return std::optional(*std::move(note));
    }

    std::optional<crypto::SiteManifest> site_manifest()
    {
        const auto signed_note = note(site_manifest_address, "site");
        if (!signed_note) return std::nullopt;
        const auto site = crypto::SiteManifest::open(*signed_note, expected_.fingerprint);
        if (!site) {
            findings_.add(site_manifest_address, site.error().message,
                          "This is not the site of the fingerprint you gave, or somebody replaced its manifest. Compare the "
                          "fingerprint with the one on paper.");
            return std::nullopt;
        }
        const SeenText now{site->serial, crypto::sha256(as_bytes(signed_note->text))};
        compare_seen(site_manifest_address, "site", now, report_.seen.site);
        return *site;
    }

    std::optional<crypto::ReleaseManifest> release_manifest(const crypto::SiteManifest& site)
    {
        const auto signed_note = note(release_manifest_address, "release");
        if (!signed_note) return std::nullopt;
        const auto release = crypto::ReleaseManifest::parse(signed_note->text);
        if (!release) {
            findings_.add(release_manifest_address, "is no manifest of a release: " + release.error().message);
            return std::nullopt;
        }
        if (expected_.release_key && !signed_note->verified_by(*expected_.release_key))
            findings_.add(release_manifest_address, "the release is not signed with the makers' key that you gave",
                          "Compare the key with the one that the makers publish.");
        const SeenText now{release->serial, crypto::sha256(as_bytes(signed_note->text))};
        if (now.hash != site.release) {
            const auto& seen = expected_.seen ? expected_.seen->release : SeenText{};
            findings_.add(
                release_manifest_address,
                fmt::format("another release than the one that the ministry's desk signed for this site: serial {}, version {}{}",
                            release->serial, release->version,
                            release->serial < seen.serial
                                ? fmt::format("; an older release than serial {}, which was seen before", seen.serial)
                                : ""),
                "An older or another release may have faults that were mended.");
            return std::nullopt;
        }
        report_.version = release->version;
        compare_seen(release_manifest_address, "release", now, report_.seen.release);
        return *release;
    }

    // Serials may only rise, and one serial has one text.
    void compare_seen(std::string_view address, std::string_view what, const SeenText& now, SeenText& remembered)
    {
        if (now.serial < remembered.serial)
            findings_.add(
                address,
                fmt::format("an older {}: serial {}, and serial {} was seen before", what, now.serial, remembered.serial),
                "The site was put back to what it was, or somebody shows you an old copy of it.");
        else if (now.serial == remembered.serial && now.hash != remembered.hash)
            findings_.add(address,
                          fmt::format("a second {} under serial {}: it says something else than the one that was seen before",
                                      what, now.serial),
                          "Whoever signed it shows different visitors different things, or the key was stolen.");
        else
            remembered = now;
    }

    void keys(ByteView body, const crypto::SiteManifest* site)
    {
        const auto keys = crypto::KeySet::parse(body, expected_.fingerprint);
        if (!keys) {
            findings_.add(
                keys_address,
                "a swapped key set: it is not one that the root of your fingerprint signed (" + keys.error().message + ")",
                std::string(false_keys_hint));
            return;
        }
        if (!keys->sealing_keys(expected_.now))
            findings_.add(keys_address, "the keys have run out: nothing can be sealed to them today",
                          "The ministry's desk has to make new ones (amana-desk extend).");
        if (site == nullptr) return;
        if (keys->deployment != site->deployment)
            findings_.add(keys_address,
                          fmt::format("a swapped key set: it is that of the deployment {}, and the site is {}", keys->deployment,
                                      site->deployment),
                          std::string(false_keys_hint));
        else if (const auto* page = site->find(keys_address); page != nullptr && crypto::page_hash(body) != page->hash)
            findings_.add(
                keys_address,
                fmt::format("a swapped key set: the root signed it (serial {}), but it is not the one of the site's manifest",
                            keys->serial),
                "If the desk made new keys, it has to sign the site's manifest again; otherwise an older set was put back.");
    }

    void keys_alone()
    {
        const auto answer = source_.fetch(std::string(keys_address));
        if (!answer) report_.not_looked_at.push_back(in_a_line(answer.error()));
        else if (answer->status == 200) keys(answer->body, nullptr);
        else findings_.add(keys_address, fmt::format("there is no key set (status {})", answer->status));
    }

    // What tells the page's script whose keys to believe.
    void sealing(std::string_view path, ByteView body)
    {
        boost::system::error_code failed;
        const auto value = boost::json::parse(as_text(body), failed);
        const auto* object = failed ? nullptr : value.if_object();
        const auto* root = object == nullptr ? nullptr : object->if_contains("root");
        if (root == nullptr || !root->is_string()) {
            findings_.add(path, "names no root, so the page can't tell true keys from false ones");
            return;
        }
        const auto& named = root->get_string();
        if (std::string_view(named.data(), named.size()) != expected_.fingerprint)
            findings_.add(path, "makes the page believe the keys of another root: " + excerpt({named.data(), named.size()}),
                          std::string(false_keys_hint));
    }

    SiteSource& source_;
    const SiteExpectation& expected_;
    SiteReport& report_;
    SiteFindings findings_;
};

}  // namespace

SiteReport check_site(SiteSource& source, const SiteExpectation& expectation,
                      const std::function<void(std::uint64_t, std::uint64_t)>& progress)
{
    SiteReport report;
    if (expectation.seen) report.seen = *expectation.seen;
    report.seen.root = expectation.fingerprint;
    Check(source, expectation, report).run(progress);
    return report;
}

Result<std::string> parse_fingerprint(std::string_view paper)
{
    std::string out;
    for (const char c : paper) {
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '-' || c == ':') continue;
        out += c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    }
    crypto::Hash ignored;
    if (!from_hex(out, ignored))
        return Error{"not a fingerprint: 64 digits and letters a to f, in groups or not", "It stands on the ministry's paper."};
    return Result<std::string>(boost::system::in_place_value, std::move(out));
}

}  // namespace amana::desk
