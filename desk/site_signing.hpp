// SPDX-License-Identifier: AGPL-3.0-or-later
// Signing the manifests: the release and the desk's updates by a release key, the site by the desk's root. A serial is signed
// once: what was signed last is kept beside the key, and the next must be higher.
#pragma once

#include "crypto/secret_file.hpp"
#include "crypto/site_manifest.hpp"
#include "crypto/update_manifest.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace amana::desk {

// Makes a release key in a new file, under the passphrase.
[[nodiscard]] Result<crypto::NoteVerifier> make_release_key(const std::filesystem::path& file, ByteView passphrase,
                                                            crypto::Argon2Limits limits);

// The text that a manifest's last note signs; nothing when there is none yet.
[[nodiscard]] Result<std::optional<std::string>> last_signed(const std::filesystem::path& file);

// What is new against the last, a line each. Empty: nothing but the serial.
[[nodiscard]] std::vector<std::string> changes(const crypto::ReleaseManifest& before, const crypto::ReleaseManifest& now);
[[nodiscard]] std::vector<std::string> changes(const crypto::SiteManifest& before, const crypto::SiteManifest& now);
[[nodiscard]] std::vector<std::string> changes(const crypto::UpdateManifest& before, const crypto::UpdateManifest& now);

// Signs and writes the note: first where the last one is kept, then where it is wanted.
[[nodiscard]] Result<void> sign_manifest(const std::string& text, std::string_view signer, ByteView seed, const std::filesystem::path& last,
                                         const std::filesystem::path& out);

// Asks on the terminal; true when the answer is yes. An error where there is no terminal.
[[nodiscard]] Result<bool> confirmed(const std::string& question);

}  // namespace amana::desk
