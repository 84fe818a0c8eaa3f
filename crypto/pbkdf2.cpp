// SPDX-License-Identifier: AGPL-3.0-or-later
// By itself, so that who stretches nothing (the keeper) links no OpenSSL.
#include "base/require.hpp"
#include "crypto/primitives.hpp"

#include <openssl/evp.h>

namespace amana::crypto {

void pbkdf2(ByteView password, ByteView salt, unsigned iterations, MutableBytes out)
{
    const int made = PKCS5_PBKDF2_HMAC(as_text(password).data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                                       static_cast<int>(iterations), EVP_sha256(), static_cast<int>(out.size()), out.data());
    require(made == 1, "PBKDF2");
}

}  // namespace amana::crypto
