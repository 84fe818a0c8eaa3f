// SPDX-License-Identifier: AGPL-3.0-or-later
// The bundle: what travels from the server to the desk, in one file or cut into parts. docs/LOG.md, section 5.
//
//   bundle = "AMANA-BUNDLE\n" ‖ version (2) ‖ note length (4) ‖ checkpoint note
//            ‖ first (8) ‖ begin (8) ‖ end (8) ‖ part (2) ‖ parts (2)
//            ‖ leaf hash × (end − begin) ‖ entry × (end − begin) ‖ SHA-256 of all before (32)
//   entry  = envelope length (8) ‖ lane (1) ‖ envelope        length 0: the content was erased
//
// The leaves, appended to the tree before `first`, must give the checkpoint's root: that comparison is the bundle's
// signature check. The hash at the end only tells that a copy is whole.
#pragma once

#include "crypto/checkpoint.hpp"

namespace amana::crypto {

inline constexpr std::string_view bundle_magic = "AMANA-BUNDLE\n";
inline constexpr std::uint16_t bundle_version = 3;
inline constexpr std::uint16_t max_bundle_parts = 9999;
// The bytes before the note, whose length stands in the last four; and those after it, before the leaves.
inline constexpr std::size_t bundle_preamble_bytes = 13 + 2 + 4;
inline constexpr std::size_t bundle_bounds_bytes = 8 + 8 + 8 + 2 + 2;
inline constexpr std::size_t bundle_entry_head_bytes = 8 + 1;

// The highest lane: how much pressure there was when a batch was gathered, as the server says (docs/LOG.md, section 2.5).
inline constexpr unsigned max_lane = 4;

[[nodiscard]] constexpr std::size_t bundle_head_bytes(std::size_t note_bytes)
{
    return bundle_preamble_bytes + note_bytes + bundle_bounds_bytes;
}

struct BundleHead {
    Bytes note;               // the checkpoint
    std::uint64_t first = 0;  // of the whole export
    std::uint64_t begin = 0;  // of this part
    std::uint64_t end = 0;
    std::uint16_t part = 1;
    std::uint16_t parts = 1;
};

struct BundleEntryHead {
    std::uint64_t bytes = 0;  // of the envelope; 0: erased
    unsigned lane = 0;        // 0, calm, of one that was erased
};

// Everything before the leaves.
[[nodiscard]] Bytes encode(const BundleHead& head);
[[nodiscard]] Bytes encode(const BundleEntryHead& head);

// The note's length, from a preamble of bundle_preamble_bytes.
[[nodiscard]] Result<std::size_t> parse_bundle_preamble(ByteView preamble);
// What follows the note. An error when the numbers can't be of one export; what they mean is the caller's question.
[[nodiscard]] Result<BundleHead> parse_bundle_bounds(Bytes note, ByteView bounds);
[[nodiscard]] Result<BundleEntryHead> parse_bundle_entry_head(ByteView bytes);

}  // namespace amana::crypto
