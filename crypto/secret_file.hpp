// SPDX-License-Identifier: AGPL-3.0-or-later
// Secrets at rest: under a passphrase (a file of their own), or under the desk's master key (a sealed record).
// docs/ENVELOPE.md, "Secret files".
//
//   file   = "AMANA-SECRET-1\n" ‖ kind (1) ‖ operations (4) ‖ memory in bytes (8) ‖ salt (16) ‖ nonce (24) ‖ sealed
//   record = nonce (24) ‖ sealed
//
// Everything before the nonce's end is authenticated with what is sealed; a record is bound to its label.
#pragma once

#include "crypto/primitives.hpp"

namespace amana::crypto {

inline constexpr std::string_view secret_file_magic = "AMANA-SECRET-1\n";
inline constexpr std::size_t max_secret_file_bytes = 4096;
inline constexpr std::size_t min_passphrase_bytes = 12;
inline constexpr std::size_t max_passphrase_bytes = 1024;

enum class SecretKind : Byte { root = 1, desk = 2, release = 3 };

// Whether a file's beginning is that of a secret file: for saying so where a public file belongs.
[[nodiscard]] bool is_secret_file(ByteView bytes);

[[nodiscard]] Result<Bytes> protect_secret(SecretKind kind, ByteView secret, ByteView passphrase, Argon2Limits limits);
[[nodiscard]] Result<SecretBuffer> open_secret(SecretKind kind, ByteView file, ByteView passphrase);

[[nodiscard]] Bytes seal_record(const SecretBuffer& master, std::string_view label, ByteView plaintext);
[[nodiscard]] Result<SecretBuffer> open_record(const SecretBuffer& master, std::string_view label, ByteView record);

}  // namespace amana::crypto
