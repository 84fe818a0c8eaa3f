// SPDX-License-Identifier: AGPL-3.0-or-later
// The names that outboxes have in the storage folder, and how they change. Whoever writes or overwrites one of the two other
// files has locked it (flock), so what is there and not locked was left by somebody who was cut off.
//
//   outbox            the present one
//   outbox.partial    the copy that an import makes; when it is put in place, the one that was there before
//   outbox.old        one that has expired
#pragma once

#include "crypto/keyset.hpp"
#include "server/keeper/outbox_file.hpp"

#include <array>
#include <set>

namespace amana::keeper {

using Directory = std::filesystem::path;

[[nodiscard]] inline Directory outbox_path(const Directory& storage) { return storage / "outbox"; }
[[nodiscard]] inline Directory partial_path(const Directory& storage) { return storage / "outbox.partial"; }
[[nodiscard]] inline Directory old_path(const Directory& storage) { return storage / "outbox.old"; }
[[nodiscard]] inline std::array<Directory, 2> leftover_paths(const Directory& storage) { return {partial_path(storage), old_path(storage)}; }

// Opens a file as it is meant to be: no link is followed, and being read leaves no trace in its times.
enum class Access { read, write };
[[nodiscard]] Result<UniqueFd> open_in_place(const Directory& path, Access access);

[[nodiscard]] Courier courier_of(const crypto::KeySet& keys);
// The outbox in this file; an error when it is not the one that the store has as taken last, as it was signed.
[[nodiscard]] Result<OutboxFile> open_taken(UniqueFd fd, const Courier& courier, Store& store);

// The file, opened and locked; nothing when there is none, or somebody works on it.
[[nodiscard]] std::optional<UniqueFd> lock_leftover(const Directory& path);
[[nodiscard]] bool is_leftover(const Directory& path);
// For an import: the file for its copy, empty and locked. What was left there is overwritten. Waits a while for another.
[[nodiscard]] Result<UniqueFd> create_partial(const Directory& storage);

// Overwrites a file with zeros, in steps, then deletes it.
class Shredder {
public:
    Shredder(Directory path, UniqueFd locked) : path_(std::move(path)), fd_(std::move(locked)) {}

    // True when it is gone.
    [[nodiscard]] Result<bool> step(std::size_t bytes);
    [[nodiscard]] const Directory& path() const { return path_; }

private:
    Directory path_;
    UniqueFd fd_;
    std::uint64_t at_ = 0;
};
// All of it at once, where it is a leftover.
[[nodiscard]] Result<void> shred(const Directory& path, const OutboxFile::Progress& progress = {});

using HeldKeys = std::set<crypto::SigningPublicKey>;

// Makes the copy at partial_path(), which is whole, on disk, of the serial that the store has as taken, and held against
// `held`, the present outbox. All under the store's write lock: a key that is erased meanwhile waits, and is erased in the new
// one. What was there before is a leftover then.
[[nodiscard]] Result<void> put_in_place(Store& store, const Directory& storage, const OutboxFile& copy, const HeldKeys& held);

// Of the kept keys, those that are not among `held`.
[[nodiscard]] Result<std::vector<ErasedKey>> keys_beside(Store& store, const HeldKeys& held);

}  // namespace amana::keeper
