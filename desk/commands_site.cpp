// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/command_parts.hpp"
#include "desk/command_signing.hpp"
#include "desk/keys.hpp"
#include "desk/passphrase.hpp"
#include "desk/site_check.hpp"
#include "desk/site_signing.hpp"
#include "desk/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

namespace amana::desk {

namespace {

// A finding's line is the site's bytes, too.
void tell(const SiteFinding& finding, Output& out)
{
    out.text("DIFFERS ").foreign(finding.where).text(": ").foreign(finding.what).text("\n");
}

void tell_hints(const SiteReport& report, Output& out)
{
    std::vector<std::string> told;
    for (const auto& finding : report.findings) {
        if (finding.hint.empty() || std::find(told.begin(), told.end(), finding.hint) != told.end()) continue;
        if (told.empty()) out.text("\nWhat to do:\n");
        out.text("  ").foreign(finding.hint).text("\n");
        told.push_back(finding.hint);
    }
}

Result<SiteExpectation> expectation_of(const CommandLine& line, const Surroundings& surroundings)
{
    SiteExpectation expected;
    expected.now = surroundings.clock();
    if (!line.seen.empty()) {
        const auto seen = read_seen(line.seen);
        if (!seen) return seen.error();
        expected.seen = *seen;
    }
    if (!line.root.empty()) {
        const auto root = parse_fingerprint(line.root);
        if (!root) return root.error();
        expected.fingerprint = *root;
    } else if (expected.seen) {
        expected.fingerprint = expected.seen->root;
    } else {
        return Error{"whose site it should be is not said", "Give the root's fingerprint as it stands on paper: --root FINGERPRINT"};
    }
    if (expected.seen && expected.seen->root != expected.fingerprint)
        return Error{line.seen.string() + " is of a site with another root, " + expected.seen->root,
                     "Compare the fingerprint with the one on paper, or name another file."};
    if (!line.release_key.empty()) {
        const auto key = crypto::NoteVerifier::parse(line.release_key);
        if (!key)
            return Error{"not a release key: " + line.release_key,
                         "It is one line, amana-release+HEXID+BASE64, as the makers publish it."};
        expected.release_key = *key;
    }
    return expected;
}

Result<std::unique_ptr<SiteSource>> source_of(const CommandLine& line)
{
    if (line.site.find("://") == std::string::npos) return open_saved_site(line.site);
    return open_network_site(line.site, {line.proxy, line.ca, line.agent, line.seconds});
}

Result<void> tell_report(const CommandLine& line, const SiteReport& report, bool live)
{
    const bool well = report.findings.empty() && report.not_looked_at.empty();
    if (well && line.quiet) return {};
    Output out(STDOUT_FILENO);
    for (const auto& finding : report.findings) tell(finding, out);
    if (report.findings.size() == max_site_findings) out.text("There may be more; these are the first.\n");
    for (const auto& reason : report.not_looked_at) out.text("NOT LOOKED AT ").foreign(reason).text("\n");
    tell_hints(report, out);
    if (!report.findings.empty()) {
        out.text(fmt::format("\nNOT AS SIGNED: {}.\n", counted(report.findings.size(), "difference", "differences")));
    } else if (well) {
        out.text("AS SIGNED: ")
            .foreign(report.deployment)
            .text(fmt::format(", site {}, release {}", report.seen.site.serial, report.seen.release.serial));
        if (!report.version.empty()) out.text(" (").foreign(report.version).text(")");
        out.text(fmt::format(": {} as the manifests say.\n", counted(report.pages, "page or file is", "pages and files are")));
        if (!live) out.text("A saved site has no headers: what protects readers from added scripts was not looked at.\n");
        if (line.release_key.empty()) out.text("The makers' signature of the release was not looked at: it needs --release-key.\n");
    }
    return out.finish();
}

}  // namespace

Result<void> run_release_key(const CommandLine& line, const Surroundings& surroundings)
{
    std::error_code failed;
    if (std::filesystem::exists(line.file, failed)) return Error{line.file.string() + " is there already", "A key is never written over."};
    const auto passphrase = line.passphrase_file.empty() ? ask_new_passphrase("Passphrase for the new release key: ")
                                                         : passphrase_from_file(line.passphrase_file);
    if (!passphrase) return passphrase.error();
    const auto key = make_release_key(line.file, passphrase->view(), surroundings.limits);
    if (!key) return key.error();
    Output out(STDOUT_FILENO);
    out.text("The release key is in ")
        .foreign(line.file.string())
        .text(". Publish its public half where people will look for it:\n\n" + key->text() + "\n\nIts fingerprint, to be compared aloud and on paper:\n\n" +
              fingerprint_lines(key->key));
    return out.finish();
}

Result<void> run_sign_release(const CommandLine& line, const Surroundings&)
{
    const auto text = read_manifest_text(line.manifest);
    if (!text) return text.error();
    const auto release = crypto::ReleaseManifest::parse(*text);
    if (!release) return Error{line.manifest.string() + ": " + release.error().message, "'deploy/release' writes it."};
    auto kept = line.file;
    kept += ".last";
    if (const auto good = agreed(line, kept, *release); !good) return good.error();
    const auto seed = open_release_key(line);
    if (!seed) return seed.error();
    if (const auto done = sign_manifest(*text, crypto::release_signer, seed->view(), kept, line.out); !done) return done.error();
    Output out(STDOUT_FILENO);
    out.text("Signed: ").foreign(line.out.string()).text(". The key is\n");
    out.text(crypto::NoteVerifier{std::string(crypto::release_signer), crypto::signing_public_key(seed->view())}.text() + "\n");
    return out.finish();
}

Result<void> run_sign_site(const CommandLine& line, const Surroundings&)
{
    const auto desk = DeskDirectory::open(line.directory, DeskDirectory::Use::write);
    if (!desk) return desk.error();
    const auto own = read_public_keys(desk->paths());
    if (!own) return own.error();
    const auto text = read_manifest_text(line.manifest);
    if (!text) return text.error();
    const auto site = crypto::SiteManifest::parse(*text);
    if (!site) return Error{line.manifest.string() + ": " + site.error().message, "'amana-server site' writes it."};
    if (site->root != own->keys.root || site->deployment != own->keys.deployment)
        return Error{"this manifest is of the deployment " + site->deployment + ", root " + crypto::root_fingerprint(site->root) +
                         ", and not of this desk",
                     ""};
    const auto* keys = site->find("/keys");
    if (keys == nullptr || keys->hash != crypto::page_hash(own->file))
        return Error{"this manifest lists another key set than this desk's latest",
                     "Take the latest one to the server first: amana-desk public DIR --out keys.public. If it has that already, "
                     "somebody swapped it."};
    if (const auto good = agreed(line, desk->paths().signed_site(), *site); !good) return good.error();
    const auto passphrase = passphrase_of(line);
    if (!passphrase) return passphrase.error();
    const auto root = open_root(desk->paths(), line.root_secret, own->keys, passphrase->view());
    if (!root) return root.error();
    if (const auto done = sign_manifest(*text, crypto::site_signer, root->view(), desk->paths().signed_site(), line.out); !done)
        return done.error();
    Output out(STDOUT_FILENO);
    out.text("Signed: ").foreign(line.out.string()).text(". The server's config names it as the site's manifest.\n");
    return out.finish();
}

Result<bool> run_verify_site(const CommandLine& line, const Surroundings& surroundings)
{
    const auto expected = expectation_of(line, surroundings);
    if (!expected) return expected.error();
    const auto source = source_of(line);
    if (!source) return source.error();
    const auto progress = line.quiet ? Progress([](std::uint64_t, std::uint64_t) {}) : progress_on_stderr("looking at pages");
    const auto report = check_site(**source, *expected, progress);
    if (const auto said = tell_report(line, report, (*source)->is_live()); !said) return said.error();
    if (!line.seen.empty() && !(expected->seen && *expected->seen == report.seen))
        if (const auto written = write_seen(line.seen, report.seen); !written) return written.error();
    if (!report.findings.empty()) return false;
    if (!report.not_looked_at.empty())
        return Error{"the site could not be looked at as a whole", "Try again later, and over another way (--proxy)."};
    return true;
}

}  // namespace amana::desk
