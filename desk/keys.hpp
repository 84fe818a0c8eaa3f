// SPDX-License-Identifier: AGPL-3.0-or-later
// The ceremonies: making a desk, and giving it further weeks. Both end with a key set signed by the root.
//
// Secrets are on disk before the public half that names them is signed, so no key is ever published that the desk lacks.
#pragma once

#include "crypto/keyset.hpp"
#include "crypto/secret_file.hpp"
#include "desk/directory.hpp"

namespace amana::desk {

inline constexpr unsigned default_weeks = 12;
inline constexpr unsigned max_weeks = 156;
inline constexpr std::string_view desk_recipient = "desk";

struct Ceremony {
    crypto::KeySet keys;
    std::string fingerprint;
};

// "" when `directory` may become a desk; asked before anybody has to think of a passphrase.
[[nodiscard]] Result<void> check_new_desk(const std::filesystem::path& directory, const std::string& deployment);

// A desk with keys for this week and `weeks` more. It appears whole or not at all.
[[nodiscard]] Result<Ceremony> init_desk(const std::filesystem::path& directory, const std::string& deployment,
                                         unsigned weeks, ByteView passphrase, crypto::Argon2Limits limits, UnixTime now);

// `weeks` more weeks behind the last one there is, serial + 1; expired epochs leave the public set, their secrets stay.
[[nodiscard]] Result<Ceremony> extend_desk(const DeskDirectory& desk, const std::filesystem::path& root_secret,
                                           unsigned weeks, ByteView passphrase, UnixTime now);

// The signed key set as it is handed to the server, checked against the fingerprint.
struct PublicKeys {
    Bytes file;
    crypto::KeySet keys;
};
[[nodiscard]] Result<PublicKeys> read_public_keys(const DeskPaths& paths);
// The root's fingerprint, as bytes.
[[nodiscard]] Result<crypto::Hash> read_fingerprint(const DeskPaths& paths);

// The root's seed; `file` empty: in the desk's folder.
[[nodiscard]] Result<SecretBuffer> open_root(const DeskPaths& paths, const std::filesystem::path& file, const crypto::KeySet& keys, ByteView passphrase);

// In groups of four, as it is read aloud and compared on paper.
[[nodiscard]] std::string grouped(std::string_view fingerprint);

}  // namespace amana::desk
