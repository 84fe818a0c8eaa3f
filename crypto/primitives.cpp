// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/primitives.hpp"

#include "base/require.hpp"

#include <sodium.h>

namespace amana::crypto {

static_assert(xwing_public_bytes == crypto_kem_xwing_PUBLICKEYBYTES);
static_assert(xwing_secret_bytes == crypto_kem_xwing_SECRETKEYBYTES);
static_assert(xwing_secret_bytes == crypto_kem_xwing_SEEDBYTES);
static_assert(xwing_ciphertext_bytes == crypto_kem_xwing_CIPHERTEXTBYTES);
static_assert(xwing_shared_bytes == crypto_kem_xwing_SHAREDSECRETBYTES);
static_assert(aead_nonce_bytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(aead_tag_bytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(key_bytes == crypto_kdf_hkdf_sha256_KEYBYTES);
static_assert(ed25519_seed_bytes == crypto_sign_SEEDBYTES);
static_assert(argon2_salt_bytes == crypto_pwhash_SALTBYTES);

void random_bytes(MutableBytes out)
{
    randombytes_buf(out.data(), out.size());
}

std::uint32_t random_below(std::uint32_t bound)
{
    return randombytes_uniform(bound);
}

Sha256::Sha256()
{
    crypto_hash_sha256_init(&state_);
}

Sha256::~Sha256()
{
    sodium_memzero(&state_, sizeof state_);
}

Sha256& Sha256::update(ByteView bytes)
{
    crypto_hash_sha256_update(&state_, bytes.data(), bytes.size());
    return *this;
}

Hash Sha256::finish()
{
    Hash out;
    crypto_hash_sha256_final(&state_, out.data());
    return out;
}

Hash sha256(ByteView bytes)
{
    return Sha256().update(bytes).finish();
}

void hkdf(ByteView input_key, ByteView salt, std::initializer_list<ByteView> info, MutableBytes out)
{
    Bytes context;
    for (const auto part : info) append(context, part);
    SecretArray<key_bytes> pseudorandom;
    require(crypto_kdf_hkdf_sha256_extract(pseudorandom.data(), salt.data(), salt.size(), input_key.data(),
                                           input_key.size()) == 0,
            "HKDF extract");
    require(crypto_kdf_hkdf_sha256_expand(out.data(), out.size(), reinterpret_cast<const char*>(context.data()),
                                          context.size(), pseudorandom.data()) == 0,
            "HKDF expand");
    wipe(context);  // it may name an inbox
}

XWingPublicKey xwing_public_key(ByteView secret)
{
    require(secret.size() == xwing_secret_bytes, "size of an X-Wing secret");
    XWingPublicKey public_key;
    SecretArray<xwing_secret_bytes> again;
    require(crypto_kem_xwing_seed_keypair(public_key.data(), again.data(), secret.data()) == 0, "X-Wing key pair");
    return public_key;
}

bool xwing_encapsulate(const XWingPublicKey& to, XWingCiphertext& ciphertext, MutableBytes shared)
{
    require(shared.size() == xwing_shared_bytes, "size of an X-Wing shared secret");
    return crypto_kem_xwing_enc(ciphertext.data(), shared.data(), to.data()) == 0;
}

bool xwing_decapsulate(ByteView ciphertext, ByteView secret, MutableBytes shared)
{
    require(ciphertext.size() == xwing_ciphertext_bytes && secret.size() == xwing_secret_bytes &&
                shared.size() == xwing_shared_bytes,
            "sizes of an X-Wing decapsulation");
    return crypto_kem_xwing_dec(shared.data(), ciphertext.data(), secret.data()) == 0;
}

void aead_seal(ByteView key, const AeadNonce& nonce, ByteView additional, ByteView plaintext, MutableBytes out)
{
    require(key.size() == key_bytes && out.size() == plaintext.size() + aead_tag_bytes, "sizes of an AEAD");
    crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, plaintext.data(), plaintext.size(), additional.data(),
                                               additional.size(), nullptr, nonce.data(), key.data());
}

bool aead_open(ByteView key, const AeadNonce& nonce, ByteView additional, ByteView sealed, MutableBytes out)
{
    require(key.size() == key_bytes, "size of an AEAD key");
    if (sealed.size() < aead_tag_bytes) return false;
    require(out.size() == sealed.size() - aead_tag_bytes, "size of an AEAD plaintext");
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(), sealed.size(),
                                                      additional.data(), additional.size(), nonce.data(),
                                                      key.data()) == 0;
}

namespace {

// libsodium's long form: the seed and the public key.
void expand_signing_key(ByteView seed, SigningPublicKey& public_key, SecretArray<crypto_sign_SECRETKEYBYTES>& secret)
{
    require(seed.size() == ed25519_seed_bytes, "size of a signing seed");
    crypto_sign_seed_keypair(public_key.data(), secret.data(), seed.data());
}

}  // namespace

SigningPublicKey signing_public_key(ByteView seed)
{
    SigningPublicKey public_key;
    SecretArray<crypto_sign_SECRETKEYBYTES> secret;
    expand_signing_key(seed, public_key, secret);
    return public_key;
}

Signature sign(ByteView seed, ByteView message)
{
    SigningPublicKey public_key;
    SecretArray<crypto_sign_SECRETKEYBYTES> secret;
    expand_signing_key(seed, public_key, secret);
    Signature signature;
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret.data());
    return signature;
}

bool verify(const SigningPublicKey& key, ByteView message, ByteView signature)
{
    return signature.size() == ed25519_signature_bytes &&
           crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

Argon2Limits sensitive_limits()
{
    return {crypto_pwhash_argon2id_OPSLIMIT_SENSITIVE, crypto_pwhash_argon2id_MEMLIMIT_SENSITIVE};
}

bool argon2id(ByteView passphrase, ByteView salt, Argon2Limits limits, MutableBytes out)
{
    require(salt.size() == argon2_salt_bytes, "size of a salt");
    return crypto_pwhash_argon2id(out.data(), out.size(), reinterpret_cast<const char*>(passphrase.data()),
                                  passphrase.size(), salt.data(), limits.operations, limits.memory_bytes,
                                  crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
}

}  // namespace amana::crypto
