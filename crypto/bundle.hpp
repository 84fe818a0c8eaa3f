// SPDX-License-Identifier: AGPL-3.0-or-later
// The bundle: what travels from the server to the desk. docs/ENVELOPE.md, "Bundle".
//
//   bundle = "AMANA-BUNDLE\n" ‖ version (2) ‖ note length (4) ‖ checkpoint note ‖ first index (8) ‖ entries
//   entry  = envelope length (8) ‖ envelope
//
// It holds the log's entries from `first` up to the checkpoint's size, in order, and nothing after them. The checkpoint is
// its signature: whoever has the frontier at `first` computes the root from the entries, and any byte changed, missing
// or moved gives another root.
#pragma once

#include "crypto/checkpoint.hpp"

namespace amana::crypto {

inline constexpr std::string_view bundle_magic = "AMANA-BUNDLE\n";
inline constexpr std::uint16_t bundle_version = 1;
// The bytes before the note, whose length stands in the last four.
inline constexpr std::size_t bundle_preamble_bytes = 13 + 2 + 4;
inline constexpr std::size_t bundle_first_bytes = 8;
inline constexpr std::size_t bundle_entry_head_bytes = 8;

// Everything before the first entry.
[[nodiscard]] Bytes encode_bundle_head(std::string_view checkpoint_note, std::uint64_t first);
[[nodiscard]] Bytes encode_bundle_entry_head(std::uint64_t envelope_size);

// The note's length, from a preamble of bundle_preamble_bytes.
[[nodiscard]] Result<std::size_t> parse_bundle_preamble(ByteView preamble);
[[nodiscard]] Result<std::uint64_t> parse_bundle_entry_head(ByteView head);

}  // namespace amana::crypto
