// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/material.hpp"

#include "base/file.hpp"
#include "crypto/secret_file.hpp"
#include "server/main/tls_files.hpp"
#include "server/main/warden_directory.hpp"
#include "server/wire/serial.hpp"

#include <algorithm>

namespace amana::server {

namespace {

constexpr std::string_view renew =
    "At the desk: 'amana-desk extend DIR', then 'amana-desk public DIR --out FILE'; bring FILE here and restart.";

// Why this recipient has no key now, in dates; empty when it has one.
std::string why_closed(const crypto::KeySet& keyset, const std::string& recipient, UnixTime now)
{
    UnixTime last_end = 0;
    UnixTime next_start = 0;
    for (const auto& epoch : keyset.epochs) {
        if (epoch.recipient != recipient) continue;
        if (epoch.validity.contains(now)) return {};
        if (epoch.validity.not_after <= now) last_end = std::max(last_end, epoch.validity.not_after);
        else next_start = next_start == 0 ? epoch.validity.not_before : std::min(next_start, epoch.validity.not_before);
    }
    std::string why = "recipient '" + recipient + "' has no key that is valid now (" + to_rfc3339(now) + ")";
    if (last_end != 0) why += "; the last expired on " + to_rfc3339(last_end);
    if (next_start != 0) why += "; the next is not yet valid before " + to_rfc3339(next_start);
    return why;
}

void check_epochs(const Config& config, const crypto::KeySet& keyset, UnixTime now, Moment moment, Findings& findings)
{
    const auto place = config.keyset.place;
    bool closed = false;
    for (const auto& recipient : keyset.recipients()) {
        const auto why = why_closed(keyset, recipient, now);
        if (why.empty()) continue;
        closed = true;
        const bool too_early = why.find("expired") == std::string::npos;
        const std::string remedy = too_early ? "Check this machine's clock; if it is right, use the key set of today."
                                             : std::string(renew);
        if (moment == Moment::start) findings.error(place, config.keyset.value.string() + ": " + why, remedy);
        else findings.warning(place, config.keyset.value.string() + ": " + why + "; the form says that it is closed", remedy);
    }
    const auto ends = keyset.sealing_ends(now);
    if (!closed && ends - now < keys_warning_time)
        findings.warning(place, config.keyset.value.string() + ": keys are left for " + std::to_string((ends - now) / one_day) +
                         " days, until " + to_rfc3339(ends) + "; then the form closes", std::string(renew));
}

bool holds_private_key(ByteView bytes)
{
    return crypto::is_secret_file(bytes) || as_text(bytes).find("PRIVATE KEY-----") != std::string_view::npos;
}

}  // namespace

bool load_keyset(const Config& config, UnixTime now, Moment moment, Findings& findings, Material& into)
{
    const auto& path = config.keyset;
    if (path.value.empty()) return false;
    const auto name = path.value.string();
    auto bytes = read_file(path.value, crypto::max_keyset_bytes);
    if (!bytes) {
        findings.error(path.place, bytes.error().message,
                       "'public' in [keys] names the file that 'amana-desk public' wrote.");
        return false;
    }
    if (holds_private_key(*bytes)) {
        wipe(*bytes);
        findings.error(path.place, name + " is a private key; only the public key set belongs on the server",
                       "Remove it from this machine, give 'public' the file that 'amana-desk public' wrote, and if the "
                       "machine is not trusted as the desk is, hold a new ceremony.");
        return false;
    }
    if (config.root_fingerprint.value.empty()) return false;  // its absence is a finding of its own
    auto keyset = crypto::KeySet::parse(*bytes, config.root_fingerprint.value);
    if (!keyset) {
        findings.error(path.place, name + ": " + keyset.error().message,
                       !keyset.error().hint.empty() ? keyset.error().hint
                                                    : "Bring it anew from the desk; 'root' in [keys] must be the "
                                                      "fingerprint on the ceremony's paper.");
        return false;
    }
    const auto before = findings.errors();
    if (!config.storage.value.empty()) {
        // Who may not look there does not serve from it.
        const auto own = warden_directory(config.storage.value);
        const bool closed = ::access(own.c_str(), X_OK) != 0 && errno == EACCES;
        if (const auto risen = closed ? Result<void>() : wire::check_serial(own, *keyset); !risen)
            findings.error(path.place, name + ": " + risen.error().message, risen.error().hint);
    }
    check_epochs(config, *keyset, now, moment, findings);
    into.keyset_note = std::move(*bytes);
    into.keyset = std::move(*keyset);
    return findings.errors() == before;
}

namespace {

bool load_public_file(const Placed<Path>& path, std::size_t most, const char* remedy, Findings& findings, Bytes& into)
{
    if (path.value.empty()) return true;
    auto bytes = read_file(path.value, most);
    if (!bytes) {
        findings.error(path.place, bytes.error().message, remedy);
        return false;
    }
    into = std::move(*bytes);
    return true;
}

}  // namespace

namespace {

// That of [site] is the first address's.
bool load_manifests(const Config& config, Findings& findings, Material& into)
{
    constexpr auto remedy = "'manifest' names the file that 'amana-desk sign-site' wrote.";
    bool good = load_public_file(config.manifest, wire::max_manifest_bytes, remedy, findings, into.manifests.emplace_back());
    for (std::size_t i = 0; i < config.site_addresses.size(); ++i) {
        if (i > 0) into.manifests.emplace_back();
        good = load_public_file(config.site_addresses[i].manifest, wire::max_manifest_bytes, remedy, findings, into.manifests.back()) && good;
    }
    return good;
}

}  // namespace

std::optional<Material> load_material(const Config& config, UnixTime now, Moment moment, Findings& findings)
{
    Material material;
    const bool tls = load_tls_files(config, now, moment, findings, material);
    const bool keys = load_keyset(config, now, moment, findings, material);
    const bool form = load_public_file(config.form, wire::max_questionnaire_bytes,
                                       "'form' in [site] names a shipped questionnaire, or the path of a .toml file.", findings,
                                       material.questionnaire);
    const bool logo = load_public_file(config.logo, wire::max_logo_bytes, "'logo' in [site] names a small PNG.", findings, material.logo);
    const bool manifest = load_manifests(config, findings, material);
    const bool release = load_public_file(config.release, wire::max_manifest_bytes,
                                          "'release' in [site] names the signed manifest that came with this version.", findings, material.release);
    if (!tls || !keys || !form || !logo || !manifest || !release) return std::nullopt;
    return material;
}

}  // namespace amana::server
