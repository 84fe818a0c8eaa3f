// SPDX-License-Identifier: AGPL-3.0-or-later
// What commands share: how a desk is opened, how progress and counts are said, where evidence goes.
#pragma once

#include "base/secret.hpp"
#include "desk/bundle_file.hpp"
#include "desk/casebook.hpp"
#include "desk/commands.hpp"
#include "desk/directory.hpp"
#include "desk/evidence.hpp"
#include "desk/forms.hpp"
#include "desk/report.hpp"
#include "desk/vault.hpp"

namespace amana::desk {

[[nodiscard]] Result<SecretText> passphrase_of(const CommandLine& line);

struct OpenDesk {
    DeskDirectory directory;
    Vault vault;
    Casebook casebook;
    crypto::Hash root{};  // the root's fingerprint

    [[nodiscard]] Records records() { return {casebook, vault.master(), root}; }
};
[[nodiscard]] Result<OpenDesk> open_desk(const CommandLine& line, DeskDirectory::Use use = DeskDirectory::Use::read);

// The questionnaires in the language wished for; says on stderr which files could not be used. It needs no passphrase, so it
// is called before one is asked for.
[[nodiscard]] Result<Forms> load_forms(const CommandLine& line);

// Says how far a long reading has come, once a second, from the second second on.
[[nodiscard]] Progress progress_on_stderr(std::string what);

// A key's fingerprint in groups, on two lines, as it is compared on paper.
[[nodiscard]] std::string fingerprint_lines(const crypto::SigningPublicKey& key);

// "1 report", "2 reports".
[[nodiscard]] std::string counted(std::uint64_t count, const char* one, const char* many);

// The accusation, with where its evidence is.
[[nodiscard]] Error filed(const DeskPaths& paths, const NewEvidence& evidence, const Error& accusation);

}  // namespace amana::desk
