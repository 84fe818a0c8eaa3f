// SPDX-License-Identifier: AGPL-3.0-or-later
// The two texts by which anyone can check what a site serves (docs/SEALING.md, section 6). Each is signed as a note: the
// release by its makers, the site by the desk's root. One meaning has one text: a reader refuses what a writer would not
// have written.
//
//   amana release v1                    amana site v1
//   serial N                            deployment NAME
//   version VERSION                     serial N
//   file SHA256 PATH                    root BASE64                      Ed25519
//   ...                                 release SHA256                   of the release's text
//                                       header KIND NAME: VALUE          KIND * is every address
//                                       page SHA256 KIND PATH
//
// Files, headers (by kind and name) and pages (by path and hash) stand in ascending order of bytes, each once. Hashes are
// lower-case hexadecimal. Only a form may stand under one path with several hashes: those of its variants.
#pragma once

#include "crypto/note.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace amana::crypto {

inline constexpr std::string_view release_signer = "amana-release";
inline constexpr std::string_view site_signer = "amana-root";

inline constexpr std::size_t max_site_manifest_bytes = 256 * 1024;  // of text or note
inline constexpr std::size_t max_manifest_files = 1024;
inline constexpr std::size_t max_site_pages = 1024;
inline constexpr std::size_t max_site_headers = 256;
inline constexpr std::size_t max_site_path_bytes = 256;
inline constexpr std::size_t max_header_value_bytes = 4096;

// The one kind whose bodies differ from one answer to another, by a token (docs/ADMISSION.md, section 2), and by the moment.
inline constexpr std::string_view form_kind = "form";
// A token as it stands in an address: 43 characters of base64url.
[[nodiscard]] bool is_token(std::string_view text);

// What a site's manifest says of an address's body: unpacked, without the spaces and line feeds behind it, which pad some
// answers and mean nothing in any of them. In a form's, the token behind the first "/report?" and behind the first "/line?",
// if both are one and an address ends there, is read as so many A: no other byte is passed over.
[[nodiscard]] Hash page_hash(ByteView body, std::string_view kind = {});

// 1 to 32 of a-z.
[[nodiscard]] bool is_site_kind(std::string_view kind);
// An address: "/" and segments of letters, digits and "-._~", none of them "." or "..", none empty but the last.
[[nodiscard]] bool is_site_path(std::string_view path);
// The same without the first "/", and not ending in one.
[[nodiscard]] bool is_release_path(std::string_view path);

struct ReleaseFile {
    Hash hash{};
    std::string path;  // below share/amana
    bool operator==(const ReleaseFile&) const = default;
};

struct ReleaseManifest {
    std::uint64_t serial = 0;
    std::string version;  // 1 to 64 letters, digits and "-._~+"
    std::vector<ReleaseFile> files;

    bool operator==(const ReleaseManifest&) const = default;
    // An error where its own reader would refuse it: what is out of order, too much or misspelt.
    [[nodiscard]] Result<std::string> text() const;
    [[nodiscard]] static Result<ReleaseManifest> parse(std::string_view text);
    // The file of this path, or null.
    [[nodiscard]] const ReleaseFile* find(std::string_view path) const;
};

inline constexpr std::string_view every_kind = "*";

struct SiteHeader {
    std::string kind;  // every_kind, or that of the pages it protects
    std::string name;
    std::string value;
    bool operator==(const SiteHeader&) const = default;
};

struct SitePage {
    Hash hash{};  // page_hash()
    std::string kind;
    std::string path;
    bool operator==(const SitePage&) const = default;
};

struct SiteManifest {
    std::string deployment;
    std::uint64_t serial = 0;
    SigningPublicKey root{};
    Hash release{};
    std::vector<SiteHeader> headers;
    std::vector<SitePage> pages;

    bool operator==(const SiteManifest&) const = default;
    [[nodiscard]] Result<std::string> text() const;
    [[nodiscard]] static Result<SiteManifest> parse(std::string_view text);
    // The signed note, held to the fingerprint of the root that must have signed it.
    [[nodiscard]] static Result<SiteManifest> open(const Note& note, std::string_view fingerprint);
    // The first of this path, or null.
    [[nodiscard]] const SitePage* find(std::string_view path) const;
    // Whether this is one of the bodies of this path.
    [[nodiscard]] bool lists(std::string_view path, const Hash& hash) const;
};

}  // namespace amana::crypto
