// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/secret_file.hpp"

#include "base/reader.hpp"

#include <algorithm>

namespace amana::crypto {

namespace {

// What a file may ask of this machine: no less than Argon2id needs at all, no more than a laptop has.
constexpr std::uint32_t min_operations = 1;
constexpr std::uint32_t max_operations = 16;
constexpr std::uint64_t min_memory = 8192;
constexpr std::uint64_t max_memory = std::uint64_t{4} << 30;

bool acceptable(Argon2Limits limits)
{
    return limits.operations >= min_operations && limits.operations <= max_operations &&
           limits.memory_bytes >= min_memory && limits.memory_bytes <= max_memory;
}

Result<SecretBuffer> stretch(ByteView passphrase, ByteView salt, Argon2Limits limits)
{
    SecretBuffer key(key_bytes);
    if (!argon2id(passphrase, salt, limits, key.span()))
        return Error{"not enough free memory to check the passphrase: " +
                         std::to_string(limits.memory_bytes / (1024 * 1024)) + " MiB are needed",
                     "Close other programs and try again."};
    return key;
}

AeadNonce nonce_from(ByteView bytes)
{
    AeadNonce nonce;
    std::copy(bytes.begin(), bytes.end(), nonce.begin());
    return nonce;
}

}  // namespace

bool is_secret_file(ByteView bytes)
{
    return as_text(bytes).starts_with(secret_file_magic);
}

Result<Bytes> protect_secret(SecretKind kind, ByteView secret, ByteView passphrase, Argon2Limits limits)
{
    if (passphrase.size() < min_passphrase_bytes || passphrase.size() > max_passphrase_bytes)
        return Error{"a passphrase has " + std::to_string(min_passphrase_bytes) + " to " +
                         std::to_string(max_passphrase_bytes) + " bytes",
                     "Six words drawn at random make a good one."};
    ByteArray<argon2_salt_bytes> salt;
    AeadNonce nonce;
    random_bytes(salt);
    random_bytes(nonce);
    const auto key = stretch(passphrase, salt, limits);
    if (!key) return key.error();
    auto file = Writer()
                    .bytes(as_bytes(secret_file_magic))
                    .integer(static_cast<Byte>(kind))
                    .integer(limits.operations)
                    .integer(limits.memory_bytes)
                    .bytes(salt)
                    .bytes(nonce)
                    .take();
    Bytes sealed(secret.size() + aead_tag_bytes);
    aead_seal(key->view(), nonce, file, secret, sealed);
    append(file, sealed);
    return file;
}

Result<SecretBuffer> open_secret(SecretKind kind, ByteView file, ByteView passphrase)
{
    if (!is_secret_file(file) || file.size() > max_secret_file_bytes) return Error{"not a secret key file", ""};
    Reader reader(file);
    (void)reader.bytes(secret_file_magic.size());
    const auto found = reader.integer<Byte>();
    const auto operations = reader.integer<std::uint32_t>();
    const auto memory = reader.integer<std::uint64_t>();
    const auto salt = reader.bytes(argon2_salt_bytes);
    const auto nonce = reader.bytes(aead_nonce_bytes);
    const auto sealed = reader.rest();
    const Argon2Limits limits{operations, memory};
    if (!reader.ok() || sealed.size() <= aead_tag_bytes || !acceptable(limits)) return Error{"a damaged secret key file", ""};
    if (found != static_cast<Byte>(kind)) return Error{"a secret key file of another kind", ""};
    const auto key = stretch(passphrase, salt, limits);
    if (!key) return key.error();
    SecretBuffer secret(sealed.size() - aead_tag_bytes);
    const auto additional = file.first(file.size() - sealed.size());
    if (!aead_open(key->view(), nonce_from(nonce), additional, sealed, secret.span()))
        return Error{"the passphrase is wrong, or the file is damaged", ""};
    return secret;
}

Bytes seal_record(const SecretBuffer& master, std::string_view label, ByteView plaintext)
{
    AeadNonce nonce;
    random_bytes(nonce);
    Bytes record(nonce.begin(), nonce.end());
    record.resize(nonce.size() + plaintext.size() + aead_tag_bytes);
    aead_seal(master.view(), nonce, as_bytes(label), plaintext, MutableBytes(record).subspan(nonce.size()));
    return record;
}

Result<SecretBuffer> open_record(const SecretBuffer& master, std::string_view label, ByteView record)
{
    if (record.size() < aead_nonce_bytes + aead_tag_bytes) return Error{"a sealed record that is cut off", ""};
    const auto sealed = record.subspan(aead_nonce_bytes);
    SecretBuffer plaintext(sealed.size() - aead_tag_bytes);
    if (!aead_open(master.view(), nonce_from(record.first(aead_nonce_bytes)), as_bytes(label), sealed, plaintext.span()))
        return Error{"a sealed record that is damaged or not of this desk", ""};
    return plaintext;
}

}  // namespace amana::crypto
