// SPDX-License-Identifier: AGPL-3.0-or-later
// What a watcher remembers of a site between two looks, so that an older release or site, or a second one under the same
// serial, is named. A small text file:
//
//   amana seen v1
//   root FINGERPRINT
//   site SERIAL SHA256          of the manifest's text; 0 and zeros: none yet
//   release SERIAL SHA256
#pragma once

#include "crypto/primitives.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace amana::desk {

struct SeenText {
    std::uint64_t serial = 0;
    crypto::Hash hash{};
    bool operator==(const SeenText&) const = default;
};

struct SeenSite {
    std::string root;  // fingerprint
    SeenText site;
    SeenText release;
    bool operator==(const SeenSite&) const = default;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] static Result<SeenSite> parse(std::string_view text);
};

// Nothing when there is no such file yet.
[[nodiscard]] Result<std::optional<SeenSite>> read_seen(const std::filesystem::path& path);
[[nodiscard]] Result<void> write_seen(const std::filesystem::path& path, const SeenSite& seen);

}  // namespace amana::desk
