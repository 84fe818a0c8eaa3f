// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/vault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace amana::desk {

namespace {

constexpr std::string_view suffix = ".sealed";
constexpr std::string_view epoch_prefix = "epoch-";
constexpr std::size_t max_sealed_key_bytes = 256;

std::string epoch_label(UnixTime start, const crypto::XWingPublicKey& key)
{
    return fmt::format("{}{}-{}", epoch_prefix, start, to_hex(ByteView(crypto::sha256(key)).first(8)));
}

// The label and the first second of an epoch's file; nothing for another file's name.
struct EpochFile {
    std::string label;
    UnixTime start;
};
std::optional<EpochFile> parse_epoch_file(const std::string& name)
{
    if (!name.starts_with(epoch_prefix) || !name.ends_with(suffix)) return std::nullopt;
    EpochFile file{name.substr(0, name.size() - suffix.size()), 0};
    const auto* const from = file.label.data() + epoch_prefix.size();
    const auto* const to = file.label.data() + file.label.size();
    const auto [end, failed] = std::from_chars(from, to, file.start);
    if (failed != std::errc{} || end == to || *end != '-') return std::nullopt;
    return file;
}

}  // namespace

Result<Vault> Vault::create(const DeskPaths& paths, ByteView passphrase, crypto::Argon2Limits limits)
{
    SecretBuffer master(crypto::key_bytes);
    crypto::random_bytes(master.span());
    const auto file = crypto::protect_secret(crypto::SecretKind::desk, master.view(), passphrase, limits);
    if (!file) return file.error();
    if (auto written = write_durable(paths.desk_secret(), *file, private_file, DurableFile::Existing::refuse); !written)
        return written.error();
    return Vault(paths, std::move(master));
}

Result<Vault> Vault::open(const DeskPaths& paths, ByteView passphrase)
{
    const auto file = read_file(paths.desk_secret(), crypto::max_secret_file_bytes);
    if (!file) return file.error();
    auto master = crypto::open_secret(crypto::SecretKind::desk, *file, passphrase);
    if (!master) return Error{"the desk stays closed: " + master.error().message, master.error().hint};
    if (master->size() != crypto::key_bytes) return Error{paths.desk_secret().string() + " does not hold a master key", ""};
    return Vault(paths, std::move(*master));
}

Result<void> Vault::store(const std::string& label, const SecretBuffer& seed) const
{
    const auto record = crypto::seal_record(master_, label, seed.view());
    return write_durable(paths_.keys() / (label + std::string(suffix)), record, private_file, DurableFile::Existing::refuse);
}

Result<SecretBuffer> Vault::load(const std::string& label) const
{
    const auto path = paths_.keys() / (label + std::string(suffix));
    const auto record = read_file(path, max_sealed_key_bytes);
    if (!record) return record.error();
    auto seed = crypto::open_record(master_, label, *record);
    if (!seed || seed->size() != crypto::key_bytes)
        return Error{"the key in " + path.string() + " is damaged or of another desk",
                     "Put it back from your backup. If there is none, move the file out of keys/ to go on without it: "
                     "what was sealed to that week then stays closed."};
    return seed;
}

Result<crypto::SigningPublicKey> Vault::make_signing_key(const std::string& role) const
{
    SecretBuffer seed(crypto::ed25519_seed_bytes);
    crypto::random_bytes(seed.span());
    if (const auto stored = store(role, seed); !stored) return stored.error();
    return crypto::signing_public_key(seed.view());
}

Result<crypto::XWingPublicKey> Vault::make_epoch(UnixTime start) const
{
    SecretBuffer seed(crypto::xwing_secret_bytes);
    crypto::random_bytes(seed.span());
    const auto key = crypto::xwing_public_key(seed.view());
    if (const auto stored = store(epoch_label(start, key), seed); !stored) return stored.error();
    return key;
}

Result<std::vector<EpochSecret>> Vault::epochs(UnixTime now) const
{
    std::vector<EpochFile> files;
    std::error_code failed;
    for (std::filesystem::directory_iterator at(paths_.keys(), failed), end; !failed && at != end; at.increment(failed))
        if (auto file = parse_epoch_file(at->path().filename().string())) files.push_back(std::move(*file));
    if (failed) return Error{"can't read " + paths_.keys().string() + ": " + failed.message(), ""};
    std::sort(files.begin(), files.end(), [now](const EpochFile& a, const EpochFile& b) {
        const auto distance = [now](const EpochFile& file) { return std::abs(file.start - now); };
        return std::pair(distance(a), a.label) < std::pair(distance(b), b.label);
    });
    if (files.size() > max_epochs_at_hand) files.resize(max_epochs_at_hand);
    std::vector<EpochSecret> epochs;
    for (const auto& file : files) {
        auto seed = load(file.label);
        if (!seed) return seed.error();
        const auto key = crypto::xwing_public_key(seed->view());
        epochs.push_back({file.start, std::move(*seed), key});
    }
    return epochs;
}

std::vector<crypto::RecipientSecret> recipients(const std::vector<EpochSecret>& epochs)
{
    std::vector<crypto::RecipientSecret> out;
    for (const auto& epoch : epochs) out.push_back({&epoch.seed, epoch.public_key});
    return out;
}

}  // namespace amana::desk
