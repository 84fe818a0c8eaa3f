// SPDX-License-Identifier: AGPL-3.0-or-later
// Taking an update of the desk's machine from a medium (docs/SEALING.md, section 8): whole, as a release key signed it and newer
// than the last, or not at all. What is taken is a copy in the desk's own folder, for root to install; the medium is not needed
// any more. Nothing here has rights beyond the desk's, and nothing of a file is read but its bytes.
//
// In the desk's folder, beside what desk/directory.hpp names, all of it public:
//
//   release.key       the release key whose updates are taken
//   update.note       the signed list of the last one taken
//   update/           its files; update.partial/ while they are copied
#pragma once

#include "crypto/update_manifest.hpp"
#include "desk/bundle_file.hpp"
#include "desk/directory.hpp"

#include <optional>

namespace amana::desk {

[[nodiscard]] inline auto release_key_path(const DeskPaths& paths) { return paths.directory / "release.key"; }
[[nodiscard]] inline auto update_note_path(const DeskPaths& paths) { return paths.directory / "update.note"; }
[[nodiscard]] inline auto update_path(const DeskPaths& paths) { return paths.directory / "update"; }

// The release key that this desk was told; nothing when it was told none.
[[nodiscard]] Result<std::optional<crypto::NoteVerifier>> read_release_key(const DeskPaths& paths);
[[nodiscard]] Result<void> write_release_key(const DeskPaths& paths, const crypto::NoteVerifier& key);

// The last update taken that this key signed; nothing when there is none, or another key's.
[[nodiscard]] Result<std::optional<crypto::UpdateManifest>> last_update(const DeskPaths& paths, const crypto::NoteVerifier& key);

// Verifies FOLDER and copies it to update_path(). On an error the last update taken is still there; where it is not (a disk that fails at the very end),
// the same update can be taken again, and no older one.
[[nodiscard]] Result<crypto::UpdateManifest> take_update(const DeskPaths& paths, const std::filesystem::path& folder, const crypto::NoteVerifier& key,
                                                         const Progress& progress);

// What root types to install what was taken.
[[nodiscard]] std::string install_command(const DeskPaths& paths);

}  // namespace amana::desk
