// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a desk keeps what it has. Everything in it but the public key set, the fingerprint and the questionnaires is
// sealed, but for what is just being written.
//
//   root.secret       the root's seed under the passphrase; needed by `extend` only, so it may live elsewhere
//   desk.secret       the desk's master key under the passphrase
//   public.keys       the signed key set
//   fingerprint       of the root, in hexadecimal
//   keys/             courier, witness and one file for each epoch: sealed records under the master key
//   desk.db           the casebook: sealed records, the log this desk has seen
//   envelopes/        reports as they came, still sealed, named by their leaf hash
//   incoming/         the same, of an import that is not finished
//   site.note         the last manifest of the site that the root signed; public
//   cosigned.note     the last checkpoint this desk co-signed
//   parts/            parts of exports that are not complete, as they came
//   evidence/         what was found against the log (desk/evidence.hpp)
//   answers/          files that go with answers, sealed each under a key of its own (desk/attachments.hpp)
//   writing.XXXXXX/   what is just being written in an editor: wiped and removed afterwards (desk/writing.hpp)
//   forms/            questionnaires that were added, named ID-VERSION.toml; public (desk/forms.hpp)
#pragma once

#include "base/file.hpp"

#include <filesystem>

namespace amana::desk {

struct DeskPaths {
    std::filesystem::path directory;

    [[nodiscard]] auto root_secret() const { return directory / "root.secret"; }
    [[nodiscard]] auto desk_secret() const { return directory / "desk.secret"; }
    [[nodiscard]] auto public_keys() const { return directory / "public.keys"; }
    [[nodiscard]] auto fingerprint() const { return directory / "fingerprint"; }
    [[nodiscard]] auto keys() const { return directory / "keys"; }
    [[nodiscard]] auto database() const { return directory / "desk.db"; }
    [[nodiscard]] auto envelopes() const { return directory / "envelopes"; }
    [[nodiscard]] auto incoming() const { return directory / "incoming"; }
    [[nodiscard]] auto parts() const { return directory / "parts"; }
    [[nodiscard]] auto cosigned() const { return directory / "cosigned.note"; }
    [[nodiscard]] auto signed_site() const { return directory / "site.note"; }
    [[nodiscard]] auto evidence() const { return directory / "evidence"; }
    [[nodiscard]] auto answers() const { return directory / "answers"; }
    [[nodiscard]] auto forms() const { return directory / "forms"; }
};

inline constexpr mode_t private_file = 0600;
inline constexpr mode_t private_directory = 0700;

// A desk that exists, held by this process: for reading together with others, for writing alone.
class DeskDirectory {
public:
    enum class Use { read, write };

    [[nodiscard]] static Result<DeskDirectory> open(const std::filesystem::path& directory, Use use);
    [[nodiscard]] const DeskPaths& paths() const { return paths_; }

private:
    DeskDirectory(DeskPaths paths, UniqueFd lock) : paths_(std::move(paths)), lock_(std::move(lock)) {}

    DeskPaths paths_;
    UniqueFd lock_;  // flock, given up by the kernel however this process ends
};

}  // namespace amana::desk
