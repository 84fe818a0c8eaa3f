// SPDX-License-Identifier: AGPL-3.0-or-later
// Proves that a store is whole (docs/LOG.md, section 8), from one moment of it, beside a serving keeper or without one.
// Changes nothing.
#pragma once

#include "crypto/note.hpp"
#include "server/keeper/store.hpp"

namespace amana::keeper {

struct FsckReport {
    std::uint64_t leaves = 0;
    std::uint64_t envelopes = 0;  // read whole and held to their leaves
    std::uint64_t erased = 0;
    std::uint64_t pending = 0;
    std::vector<std::string> faults;  // one line each; at most max_faults
};
inline constexpr std::size_t max_faults = 100;

// Called with entries done and entries in all; false ends it.
using FsckProgress = std::function<bool(std::uint64_t, std::uint64_t)>;

// An error when it could not be carried through.
// `log`: whose signature the checkpoint must bear.
[[nodiscard]] Result<FsckReport> fsck(Store& store, const crypto::NoteVerifier& log, const FsckProgress& progress);

}  // namespace amana::keeper
