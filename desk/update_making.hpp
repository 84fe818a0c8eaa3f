// SPDX-License-Identifier: AGPL-3.0-or-later
// Making an update of the desk's machine, where the release key is: a new folder with the packages and their list, which is signed
// and written last (docs/SEALING.md, section 8).
#pragma once

#include "base/clock.hpp"
#include "crypto/update_manifest.hpp"

#include <filesystem>
#include <utility>
#include <vector>

namespace amana::desk {

// A folder that is being filled; removed unless it is kept.
class NewUpdate {
public:
    // Each of `sources` is a package, or a folder whose packages (*.deb) all come in. `out` must not exist yet. Refuses what is no
    // Debian package, two of one name, and other than one amana-desk, which gives the update its version.
    [[nodiscard]] static Result<NewUpdate> fill(const std::filesystem::path& out, const std::vector<std::filesystem::path>& sources, std::uint64_t serial);
    NewUpdate(NewUpdate&& other) noexcept : folder_(std::exchange(other.folder_, {})), manifest_(std::move(other.manifest_)) {}
    NewUpdate& operator=(NewUpdate&&) = delete;
    ~NewUpdate();

    [[nodiscard]] const crypto::UpdateManifest& manifest() const { return manifest_; }
    // Where its signed list goes.
    [[nodiscard]] std::filesystem::path list() const;
    void keep() { folder_.clear(); }

private:
    explicit NewUpdate(std::filesystem::path folder) : folder_(std::move(folder)) {}

    std::filesystem::path folder_;
    crypto::UpdateManifest manifest_;
};

// The minute as a number that rises, such as 202611300645 (UTC).
[[nodiscard]] std::uint64_t serial_of(UnixTime now);

}  // namespace amana::desk
