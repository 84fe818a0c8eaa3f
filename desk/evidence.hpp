// SPDX-License-Identifier: AGPL-3.0-or-later
// What a bundle or a promise proved against the log, kept: DIR/evidence/<id>/, a folder for each.
//
//   finding.json   {"v":1,"found":[{"what":"forked","at":[3]}],"seen":{"size","root"},"claimed":{"size","root"},
//                   "bundle":{"sha256","bytes","kept"},"settled":false}
//   ours.note      the last checkpoint this desk has verified
//   theirs.note    what contradicts it, signed by the same key
//   bundle         the bundle's first file, when it is small enough
//
// Nothing in it is secret: hashes, signed notes, sealed envelopes. The same thing found twice is one piece of evidence.
#pragma once

#include "desk/directory.hpp"
#include "desk/misdeeds.hpp"

namespace amana::desk {

inline constexpr std::uint64_t max_kept_bundle = 64ull * 1024 * 1024;

struct TreeClaim {
    std::uint64_t size = 0;
    crypto::Hash root{};
};

struct NewEvidence {
    std::vector<Finding> found;
    TreeClaim seen;
    TreeClaim claimed;
    Bytes ours;    // note; may be empty
    Bytes theirs;  // note
    std::filesystem::path source;  // the bundle's or the proof's file
};

struct Evidence {
    std::string id;
    std::vector<Finding> found;
    std::uint64_t seen_size = 0;
    std::uint64_t claimed_size = 0;
    bool settled = false;
};

// Its id. Filed already: its id, and nothing changes.
[[nodiscard]] Result<std::string> file_evidence(const DeskPaths& paths, const NewEvidence& evidence);
// In the order of their ids. A damaged piece is listed with nothing found.
[[nodiscard]] Result<std::vector<Evidence>> list_evidence(const DeskPaths& paths);
// Marks it as explained; removes nothing.
[[nodiscard]] Result<void> settle_evidence(const DeskPaths& paths, std::string_view id);

}  // namespace amana::desk
