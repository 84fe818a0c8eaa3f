// SPDX-License-Identifier: AGPL-3.0-or-later
// The desk's secrets. One passphrase opens the master key (one Argon2id derivation); everything else is sealed under the
// master key, each epoch in a file of its own so that it can be destroyed by itself.
//
// The name of an epoch's file holds its first second and the beginning of its public key's hash: a file is never written
// over, so no ceremony, repeated or on a restored backup, can lose a key that was published.
#pragma once

#include "base/clock.hpp"
#include "crypto/envelope.hpp"
#include "crypto/secret_file.hpp"
#include "desk/directory.hpp"

#include <vector>

namespace amana::desk {

// Each costs a page of locked memory, and every envelope is tried with them in turn: five years of weeks, the nearest.
inline constexpr std::size_t max_epochs_at_hand = 256;

struct EpochSecret {
    UnixTime start;
    SecretBuffer seed;
    crypto::XWingPublicKey public_key;
};

class Vault {
public:
    // A new master key, under the passphrase.
    [[nodiscard]] static Result<Vault> create(const DeskPaths& paths, ByteView passphrase, crypto::Argon2Limits limits);
    [[nodiscard]] static Result<Vault> open(const DeskPaths& paths, ByteView passphrase);

    [[nodiscard]] const SecretBuffer& master() const { return master_; }

    // Makes a key, stores its seed, and returns the public half.
    [[nodiscard]] Result<crypto::SigningPublicKey> make_signing_key(const std::string& role) const;
    // Its seed again.
    [[nodiscard]] Result<SecretBuffer> signing_key(const std::string& role) const { return load(role); }
    [[nodiscard]] Result<crypto::XWingPublicKey> make_epoch(UnixTime start) const;

    // Every epoch secret at hand, the nearest to `now` first. A damaged one is an error that names the file.
    [[nodiscard]] Result<std::vector<EpochSecret>> epochs(UnixTime now) const;

private:
    Vault(DeskPaths paths, SecretBuffer master) : paths_(std::move(paths)), master_(std::move(master)) {}
    [[nodiscard]] Result<void> store(const std::string& label, const SecretBuffer& seed) const;
    [[nodiscard]] Result<SecretBuffer> load(const std::string& label) const;

    DeskPaths paths_;
    SecretBuffer master_;
};

// What an unwrapping tries. Points into `epochs`.
[[nodiscard]] std::vector<crypto::RecipientSecret> recipients(const std::vector<EpochSecret>& epochs);

}  // namespace amana::desk
