// SPDX-License-Identifier: AGPL-3.0-or-later
// The first X-Wing vector of draft-connolly-cfrg-xwing-kem-08, appendix C. All vectors are held in tests/crypto; this one
// is what a program that links another build of libsodium notices at start.
#include "crypto/primitives.hpp"

#include <sodium/crypto_kem_xwing.h>

namespace amana::crypto {

namespace {

constexpr std::string_view seed_hex = "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26";
constexpr std::string_view encapsulation_seed_hex =
    "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"
    "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2";
constexpr std::string_view shared_hex = "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384";

}  // namespace

Result<void> self_test()
{
    ByteArray<xwing_secret_bytes> seed;
    ByteArray<2 * crypto_kem_xwing_SEEDBYTES> encapsulation_seed;
    Hash expected;
    if (!from_hex(seed_hex, seed) || !from_hex(encapsulation_seed_hex, encapsulation_seed) || !from_hex(shared_hex, expected))
        return Error{"the X-Wing self-test's own vector is damaged", ""};
    const auto public_key = xwing_public_key(seed);
    XWingCiphertext ciphertext;
    Hash sent;
    Hash received;
    const bool made = crypto_kem_xwing_enc_deterministic(ciphertext.data(), sent.data(), public_key.data(),
                                                         encapsulation_seed.data()) == 0;
    if (!made || !xwing_decapsulate(ciphertext, seed, received) || sent != expected || received != expected)
        return Error{"libsodium's X-Wing does not give the draft's published answer",
                     "This build of libsodium must not be used. Reinstall Amana, or run deploy/install-deps and build again."};
    return {};
}

}  // namespace amana::crypto
