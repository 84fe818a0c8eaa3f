// SPDX-License-Identifier: AGPL-3.0-or-later
// What an update of the desk's machine is made of (docs/SEALING.md, section 8): a text, signed as a note by a release key. Its
// first line keeps it apart from a release's manifest, which the same key signs. One meaning has one text: a reader refuses what
// a writer would not have written.
//
//   amana desk update v1
//   serial N                     1 to 2^63 - 1, and may only rise
//   version VERSION              of the package amana-desk in it
//   file SHA256 SIZE NAME        in ascending order of the names' bytes, each once
//   ...
#pragma once

#include "crypto/note.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace amana::crypto {

inline constexpr std::size_t max_update_manifest_bytes = 256 * 1024;  // of text or note
inline constexpr std::size_t max_update_files = 1024;
inline constexpr std::size_t max_package_name_bytes = 200;
inline constexpr std::uint64_t max_package_bytes = std::uint64_t{1} << 30;
inline constexpr std::uint64_t max_update_bytes = std::uint64_t{8} << 30;  // of all files together

// A file's name as Debian gives it: 5 to 200 letters, digits and "-._~+%", the first a letter or digit, ".deb" at the end. So it
// names nothing outside its folder, is no option, and stands on a command line as it is.
[[nodiscard]] bool is_package_name(std::string_view name);

struct UpdateFile {
    Hash hash{};
    std::uint64_t size = 0;  // bytes, 1 to max_package_bytes
    std::string name;
    bool operator==(const UpdateFile&) const = default;
};

struct UpdateManifest {
    std::uint64_t serial = 0;
    std::string version;  // 1 to 64 letters, digits and "-._~+"
    std::vector<UpdateFile> files;

    bool operator==(const UpdateManifest&) const = default;
    // Of all files.
    [[nodiscard]] std::uint64_t bytes() const;
    // An error where its own reader would refuse it: what is out of order, too much or misspelt.
    [[nodiscard]] Result<std::string> text() const;
    [[nodiscard]] static Result<UpdateManifest> parse(std::string_view text);
    // The file of this name, or null.
    [[nodiscard]] const UpdateFile* find(std::string_view name) const;
};

}  // namespace amana::crypto
