// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/keys.hpp"

#include "desk/casebook.hpp"
#include "desk/vault.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::desk {

namespace {

namespace fs = std::filesystem;

// The folder a desk is put together in, beside its final name; removed unless it became the desk.
class Workshop {
public:
    static Result<Workshop> create(const fs::path& target)
    {
        ByteArray<8> suffix;
        crypto::random_bytes(suffix);
        auto directory = target;
        directory += "." + to_hex(suffix) + ".partial";
        if (::mkdir(directory.c_str(), private_directory) != 0)
            return system_error("can't create " + directory.string(), errno);
        // SQLite follows no symbolic link in a path.
        std::error_code failed;
        directory = fs::canonical(directory, failed);
        if (failed) return Error{"can't find " + directory.string() + ": " + failed.message(), ""};
        Workshop workshop(directory);
        const DeskPaths paths{directory};
        for (const auto& folder : {paths.keys(), paths.envelopes(), paths.incoming()})
            if (::mkdir(folder.c_str(), private_directory) != 0) return system_error("can't create " + folder.string(), errno);
        return workshop;
    }

    explicit Workshop(fs::path directory) : directory_(std::move(directory)) {}
    Workshop(Workshop&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
    Workshop& operator=(Workshop&&) = delete;
    ~Workshop()
    {
        std::error_code ignored;
        if (!directory_.empty()) fs::remove_all(directory_, ignored);
    }

    [[nodiscard]] DeskPaths paths() const { return {directory_}; }

    // rename() takes the place of an empty folder and of nothing else.
    Result<void> become(const fs::path& target)
    {
        if (const auto synced = sync_directory(directory_); !synced) return synced.error();
        if (::rename(directory_.c_str(), target.c_str()) != 0) return system_error("can't create " + target.string(), errno);
        directory_.clear();
        const auto parent = target.parent_path();
        return sync_directory(parent.empty() ? "." : parent);
    }

private:
    fs::path directory_;
};

// "x/" names the same folder as "x".
fs::path without_slash(const fs::path& directory)
{
    return directory.has_filename() ? directory : directory.parent_path();
}

Result<void> add_epochs(const Vault& vault, crypto::KeySet& keys, UnixTime first, unsigned count)
{
    for (unsigned i = 0; i < count; ++i) {
        const auto start = first + static_cast<UnixTime>(i) * crypto::epoch_length;
        const auto key = vault.make_epoch(start);
        if (!key) return key.error();
        keys.epochs.push_back({std::string(desk_recipient), {start, start + crypto::epoch_validity}, *key});
    }
    // The desk's own signing keys are certified as far as there are epochs, and renewed with them.
    keys.courier.validity.not_after = keys.witness.validity.not_after = keys.epochs.back().validity.not_after;
    return {};
}

Result<Ceremony> publish(const DeskPaths& paths, crypto::KeySet keys, const SecretBuffer& root)
{
    const auto fingerprint = crypto::root_fingerprint(keys.root);
    const auto note = keys.encode(root.view());
    if (auto written = write_durable(paths.public_keys(), as_bytes(note), private_file, DurableFile::Existing::replace);
        !written)
        return written.error();
    return Ceremony{std::move(keys), fingerprint};
}

}  // namespace

Result<void> check_new_desk(const fs::path& directory, const std::string& deployment)
{
    if (!crypto::is_note_name(deployment))
        return Error{"the deployment's name has 1 to 128 letters, digits and signs of ASCII, without spaces and '+'", ""};
    std::error_code failed;
    const auto about = fs::symlink_status(directory, failed);
    if (about.type() == fs::file_type::not_found) return {};
    if (fs::is_directory(about) && fs::exists(directory / "desk.secret"))
        return Error{directory.string() + " is a desk already, and stays as it is",
                     "To give it further weeks: amana-desk extend " + directory.string()};
    if (!fs::is_directory(about) || !fs::is_empty(directory, failed) || failed)
        return Error{directory.string() + " is not an empty folder", "Name one that does not exist yet."};
    return {};
}

Result<Ceremony> init_desk(const fs::path& directory, const std::string& deployment, unsigned weeks, ByteView passphrase,
                           crypto::Argon2Limits limits, UnixTime now)
{
    const auto target = without_slash(directory);
    if (const auto checked = check_new_desk(target, deployment); !checked) return checked.error();
    auto workshop = Workshop::create(target);
    if (!workshop) return workshop.error();
    const auto paths = workshop->paths();

    SecretBuffer root(crypto::ed25519_seed_bytes);
    crypto::random_bytes(root.span());
    const auto root_file = crypto::protect_secret(crypto::SecretKind::root, root.view(), passphrase, limits);
    if (!root_file) return root_file.error();
    if (auto written = write_durable(paths.root_secret(), *root_file, private_file, DurableFile::Existing::refuse); !written)
        return written.error();
    const auto vault = Vault::create(paths, passphrase, limits);
    if (!vault) return vault.error();

    const auto start = crypto::epoch_start(now);
    crypto::KeySet keys{deployment, 1, crypto::signing_public_key(root.view()), {}, {}, {}};
    const auto courier = vault->make_signing_key("courier");
    if (!courier) return courier.error();
    const auto witness = vault->make_signing_key("witness");
    if (!witness) return witness.error();
    keys.courier = {{start, 0}, *courier};
    keys.witness = {{start, 0}, *witness};
    if (const auto added = add_epochs(*vault, keys, start, weeks + 1); !added) return added.error();

    const auto fingerprint = crypto::root_fingerprint(keys.root) + "\n";
    if (auto written = write_durable(paths.fingerprint(), as_bytes(fingerprint), private_file, DurableFile::Existing::refuse);
        !written)
        return written.error();
    if (const auto casebook = Casebook::create(paths.database()); !casebook) return casebook.error();
    auto ceremony = publish(paths, std::move(keys), root);
    if (!ceremony) return ceremony.error();
    if (const auto done = workshop->become(target); !done) return done.error();
    return ceremony;
}

Result<Ceremony> extend_desk(const DeskDirectory& desk, const fs::path& root_secret, unsigned weeks, ByteView passphrase,
                             UnixTime now)
{
    auto current = read_public_keys(desk.paths());
    if (!current) return current.error();
    auto& keys = current->keys;
    auto last = crypto::epoch_start(now) - crypto::epoch_length;
    for (const auto& epoch : keys.epochs) last = std::max(last, epoch.validity.not_before);
    std::erase_if(keys.epochs, [now](const crypto::EpochKey& epoch) { return epoch.validity.not_after <= now; });
    if (last > now + static_cast<UnixTime>(max_weeks) * one_week || keys.epochs.size() + weeks > crypto::max_epochs)
        return Error{"this desk already has keys for more than three years", "No more are needed yet."};

    const auto root = open_root(desk.paths(), root_secret, keys, passphrase);
    if (!root) return root.error();
    const auto vault = Vault::open(desk.paths(), passphrase);
    if (!vault) return vault.error();

    if (const auto added = add_epochs(*vault, keys, last + crypto::epoch_length, weeks); !added) return added.error();
    ++keys.serial;
    return publish(desk.paths(), std::move(keys), *root);
}

Result<SecretBuffer> open_root(const DeskPaths& paths, const fs::path& file, const crypto::KeySet& keys, ByteView passphrase)
{
    const auto path = file.empty() ? paths.root_secret() : file;
    const auto root_file = read_file(path, crypto::max_secret_file_bytes);
    if (!root_file)
        return Error{root_file.error().message, "The root's secret is needed here: bring root.secret back into the desk's "
                                                "folder, or name it with --root FILE."};
    auto root = crypto::open_secret(crypto::SecretKind::root, *root_file, passphrase);
    if (!root) return Error{"the root stays closed: " + root.error().message, root.error().hint};
    if (root->size() != crypto::ed25519_seed_bytes || crypto::signing_public_key(root->view()) != keys.root)
        return Error{path.string() + " is the root of another desk", ""};
    return root;
}

Result<crypto::Hash> read_fingerprint(const DeskPaths& paths)
{
    const auto file = read_file(paths.fingerprint(), 256);
    if (!file) return file.error();
    auto text = as_text(*file);
    if (text.ends_with('\n')) text.remove_suffix(1);
    crypto::Hash root{};
    if (!from_hex(text, root)) return Error{paths.fingerprint().string() + " is damaged", "Put it back from your backup, or type it from paper."};
    return root;
}

Result<PublicKeys> read_public_keys(const DeskPaths& paths)
{
    const auto fingerprint = read_fingerprint(paths);
    if (!fingerprint) return fingerprint.error();
    auto file = read_file(paths.public_keys(), crypto::max_keyset_bytes);
    if (!file) return file.error();
    auto keys = crypto::KeySet::parse(*file, to_hex(*fingerprint));
    if (!keys) return Error{paths.public_keys().string() + ": " + keys.error().message, keys.error().hint};
    return PublicKeys{std::move(*file), std::move(*keys)};
}

std::string grouped(std::string_view fingerprint)
{
    std::string out;
    for (std::size_t i = 0; i < fingerprint.size(); ++i) {
        if (i > 0 && i % 4 == 0) out += ' ';
        out += fingerprint[i];
    }
    return out;
}

}  // namespace amana::desk
