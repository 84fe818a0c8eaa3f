// SPDX-License-Identifier: AGPL-3.0-or-later
// The primitives of suite 1, each a thin typed skin over libsodium (PBKDF2: OpenSSL): sizes named, spans in, values out.
//
//   X-Wing                draft-connolly-cfrg-xwing-kem: X25519 with ML-KEM-768
//   XChaCha20-Poly1305    draft-irtf-cfrg-xchacha
//   HKDF-SHA-256          RFC 5869
//   SHA-256               FIPS 180-4
//   Ed25519               RFC 8032
//   Argon2id              RFC 9106
//   PBKDF2-HMAC-SHA-256   RFC 8018
//
// Secret keys are 32-byte seeds throughout, held in SecretBuffer or SecretArray.
#pragma once

#include "base/bytes.hpp"
#include "base/secret.hpp"

#include <initializer_list>

#include <sodium/crypto_hash_sha256.h>

namespace amana::crypto {

inline constexpr std::size_t hash_bytes = 32;
inline constexpr std::size_t key_bytes = 32;

inline constexpr std::size_t xwing_public_bytes = 1216;
inline constexpr std::size_t xwing_secret_bytes = 32;
inline constexpr std::size_t xwing_ciphertext_bytes = 1120;
inline constexpr std::size_t xwing_shared_bytes = 32;

inline constexpr std::size_t aead_nonce_bytes = 24;
inline constexpr std::size_t aead_tag_bytes = 16;

inline constexpr std::size_t ed25519_public_bytes = 32;
inline constexpr std::size_t ed25519_seed_bytes = 32;
inline constexpr std::size_t ed25519_signature_bytes = 64;

using Hash = ByteArray<hash_bytes>;
using XWingPublicKey = ByteArray<xwing_public_bytes>;
using XWingCiphertext = ByteArray<xwing_ciphertext_bytes>;
using AeadNonce = ByteArray<aead_nonce_bytes>;
using SigningPublicKey = ByteArray<ed25519_public_bytes>;
using Signature = ByteArray<ed25519_signature_bytes>;

// Fails on start when libsodium's own X-Wing does not give the draft's published answer (a packaging accident, a
// miscompiled library). Call once, before any key is touched.
[[nodiscard]] Result<void> self_test();

void random_bytes(MutableBytes out);
// Uniform in [0, bound).
[[nodiscard]] std::uint32_t random_below(std::uint32_t bound);

// --- SHA-256 -------------------------------------------------------------------------------------------------------
// Wipes its state, which holds up to a block of what was fed.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = default;
    Sha256& operator=(const Sha256&) = default;
    Sha256& update(ByteView bytes);
    [[nodiscard]] Hash finish();

private:
    crypto_hash_sha256_state state_;
};

[[nodiscard]] Hash sha256(ByteView bytes);

// --- HKDF-SHA-256: extract with `salt`, then expand with the concatenation of `info` ----------------------------------
void hkdf(ByteView input_key, ByteView salt, std::initializer_list<ByteView> info, MutableBytes out);

// --- PBKDF2-HMAC-SHA-256: for secrets that need little stretching (each iteration two hashes); passphrases have Argon2id --
void pbkdf2(ByteView password, ByteView salt, unsigned iterations, MutableBytes out);

// --- X-Wing -----------------------------------------------------------------------------------------------------------
// The public key of a secret seed.
[[nodiscard]] XWingPublicKey xwing_public_key(ByteView secret);
// False for a public key that encodes no ML-KEM key (FIPS 203, 7.2).
[[nodiscard]] bool xwing_encapsulate(const XWingPublicKey& to, XWingCiphertext& ciphertext, MutableBytes shared);
// A ciphertext made for another key gives an unrelated shared secret: success says nothing yet.
[[nodiscard]] bool xwing_decapsulate(ByteView ciphertext, ByteView secret, MutableBytes shared);

// --- XChaCha20-Poly1305 ------------------------------------------------------------------------------------------------
// `out` is the plaintext's size and the tag's; it may be the plaintext's own memory.
void aead_seal(ByteView key, const AeadNonce& nonce, ByteView additional, ByteView plaintext, MutableBytes out);
[[nodiscard]] bool aead_open(ByteView key, const AeadNonce& nonce, ByteView additional, ByteView sealed, MutableBytes out);

// --- Ed25519 -----------------------------------------------------------------------------------------------------------
[[nodiscard]] SigningPublicKey signing_public_key(ByteView seed);
[[nodiscard]] Signature sign(ByteView seed, ByteView message);
[[nodiscard]] bool verify(const SigningPublicKey& key, ByteView message, ByteView signature);

// --- Argon2id ----------------------------------------------------------------------------------------------------------
inline constexpr std::size_t argon2_salt_bytes = 16;

struct Argon2Limits {
    std::uint32_t operations;
    std::uint64_t memory_bytes;
};
// libsodium's SENSITIVE limits: 4 passes over 1 GiB, some seconds.
[[nodiscard]] Argon2Limits sensitive_limits();
// False when the memory can't be had.
[[nodiscard]] bool argon2id(ByteView passphrase, ByteView salt, Argon2Limits limits, MutableBytes out);

}  // namespace amana::crypto
