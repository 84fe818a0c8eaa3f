// SPDX-License-Identifier: AGPL-3.0-or-later
// The receipt code: 28 digits that a citizen keeps, and what comes from them (docs/ENVELOPE.md, section 8). 27 are random,
// the last is Damm's check digit (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004), which every single wrong digit and
// every swap of two neighbours changes.
#pragma once

#include "base/secret.hpp"
#include "crypto/primitives.hpp"

namespace amana::crypto {

inline constexpr std::size_t receipt_digits = 28;
inline constexpr std::size_t max_typed_bytes = 1024;  // of what somebody types for a code

enum class CodeFault {
    count,  // not 28 digits
    check,  // 28, and a slip among them
};

class Receipt {
public:
    // A new one, from random digits.
    [[nodiscard]] static Receipt make();
    // The same one for the same secret seed of 32 bytes.
    [[nodiscard]] static Receipt of_seed(ByteView seed);
    // As somebody types it: the decimal digits of any script; whatever else stands between them is passed over. `typed` is UTF-8.
    [[nodiscard]] static Result<Receipt, CodeFault> read(std::string_view typed);

    // ASCII, in locked memory.
    [[nodiscard]] std::string_view digits() const { return as_text(digits_.view()); }

    struct Keys {
        ByteArray<key_bytes> inbox{};  // where answers are: no secret from the server
        SecretBuffer reply;            // an X-Wing secret key: answers are sealed to its public half
        SecretBuffer erasure;          // the seed of the Ed25519 key that signs what erases the inbox
    };
    // At the deployment whose root key has this fingerprint. Takes 2^11 hashes.
    [[nodiscard]] Keys keys(const Hash& root) const;

private:
    explicit Receipt(SecretBuffer digits) : digits_(std::move(digits)) {}
    SecretBuffer digits_;
};

}  // namespace amana::crypto
