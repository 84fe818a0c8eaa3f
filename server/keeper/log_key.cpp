// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/log_key.hpp"

#include "base/file.hpp"
#include "crypto/primitives.hpp"

#include <cerrno>

#include <sys/stat.h>

namespace amana::keeper {

namespace {

enum class Found { nothing, key };

Result<Found> look(const std::filesystem::path& path)
{
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) {
        if (errno == ENOENT) return Found::nothing;
        return system_error("can't look at " + path.string(), errno);
    }
    if (S_ISREG(about.st_mode) && (about.st_mode & 077) != 0)
        return Error{path.string() + " can be read by others, who could sign in this log's name",
                     "Run 'chmod 600 " + path.string() + "', and see the runbook on a log key that may have leaked."};
    return Found::key;
}

Result<void> create(const std::filesystem::path& path)
{
    SecretBuffer seed(crypto::ed25519_seed_bytes);
    crypto::random_bytes(seed.span());
    auto file = DurableFile::create(path, 0600, DurableFile::Existing::refuse);
    if (!file) return file.error();
    if (const auto written = file->write(seed.view()); !written) return written.error();
    return file->commit();
}

}  // namespace

Result<SecretBuffer> load_log_key(const std::filesystem::path& directory, bool may_create)
{
    const auto path = directory / "log.key";
    auto found = look(path);
    if (!found) return found.error();
    if (*found == Found::nothing) {
        if (!may_create)
            return Error{path.string() + " is missing, and the log beside it is signed by it",
                         "Restore it from a backup. Without it this log can't go on; see the runbook on a lost log key."};
        const auto created = create(path);
        // Another process may have been first; its key is then the key.
        found = look(path);
        if (!found) return found.error();
        if (*found == Found::nothing) return created ? Error{path.string() + " vanished", ""} : created.error();
    }
    auto seed = read_secret_file(path, crypto::ed25519_seed_bytes);
    if (!seed) return seed.error();
    if (seed->size() != crypto::ed25519_seed_bytes)
        return Error{path.string() + " is not a log key: it has " + std::to_string(seed->size()) + " bytes, not 32",
                     "Restore it from a backup."};
    return seed;
}

}  // namespace amana::keeper
