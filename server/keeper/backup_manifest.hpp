// SPDX-License-Identifier: AGPL-3.0-or-later
// What a backup is made of, in its file `manifest`, which is written last:
//
//   amana backup v1
//   kind copy | handover
//   day YYYY-MM-DD            when it was made (UTC)
//   log VERIFIER              the log's verifier key, NAME+ID+KEY
//   tree SIZE ROOT            of the last checkpoint in it, the root in base64
//   file NAME BYTES SHA-256   one line for each file, in the order of their names, the hash in hexadecimal
//   end SHA-256               of all lines before
//
// It says that a copy is whole, no more: who can change a file can change it, too. What the log holds is proved by the log.
#pragma once

#include "base/clock.hpp"
#include "crypto/merkle.hpp"
#include "crypto/note.hpp"

#include <filesystem>
#include <vector>

namespace amana::keeper {

enum class BackupKind {
    copy,      // of a store that goes on
    handover,  // of a store that signs nothing any more
};

struct BackupFile {
    std::string name;
    std::uint64_t bytes = 0;
    crypto::Hash hash{};
};

struct BackupManifest {
    BackupKind kind = BackupKind::copy;
    UnixTime day = 0;  // its first second
    crypto::NoteVerifier log;
    std::uint64_t size = 0;
    crypto::Hash root{};
    std::vector<BackupFile> files;

    [[nodiscard]] std::string text() const;
    // Reads what text() writes, to the byte; an error that says what to do otherwise.
    [[nodiscard]] static Result<BackupManifest> parse(ByteView bytes);
    [[nodiscard]] const BackupFile* find(std::string_view name) const;
};
inline constexpr std::size_t max_backup_manifest_bytes = 4096;

// All that a backup can have; a copy has no more than the first two, and every one the first.
inline constexpr std::string_view database_name = "amana.db";
inline constexpr std::string_view serial_name = "keys.serial";
inline constexpr std::string_view log_key_name = "log.key";
inline constexpr std::string_view outbox_name = "outbox";
inline constexpr std::string_view manifest_name = "manifest";

}  // namespace amana::keeper
