// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/command_signing.hpp"

#include "base/file.hpp"
#include "desk/passphrase.hpp"

namespace amana::desk {

Result<std::string> read_manifest_text(const std::filesystem::path& path)
{
    const auto bytes = read_file(path, crypto::max_site_manifest_bytes);
    if (!bytes) return bytes.error();
    return Result<std::string>(boost::system::in_place_value, as_text(*bytes));
}

Result<SecretBuffer> open_release_key(const CommandLine& line)
{
    const auto passphrase = line.passphrase_file.empty() ? ask_passphrase("Passphrase of the release key: ") : passphrase_from_file(line.passphrase_file);
    if (!passphrase) return passphrase.error();
    const auto file = read_file(line.file, crypto::max_secret_file_bytes);
    if (!file) return file.error();
    auto seed = crypto::open_secret(crypto::SecretKind::release, *file, passphrase->view());
    if (!seed) return Error{"the release key stays closed: " + seed.error().message, seed.error().hint};
    if (seed->size() != crypto::ed25519_seed_bytes) return Error{line.file.string() + " is no release key", ""};
    return seed;
}

}  // namespace amana::desk
