// SPDX-License-Identifier: AGPL-3.0-or-later
// A report as the casebook keeps it: manifest and file key, sealed under the master key and bound to its envelope.
//
//   record = file key (32) ‖ manifest length (4) ‖ manifest ‖ zeros to a power of two, at least 4096
//
// The padding, and that decoys are kept like reports, let whoever has the laptop but not the passphrase tell neither
// what is real nor how much was written.
#pragma once

#include "crypto/manifest.hpp"
#include "desk/casebook.hpp"

namespace amana::desk {

struct Report {
    crypto::Hash leaf{};
    std::uint64_t bytes = 0;
    std::uint64_t size_class = 0;
    unsigned lane = 0;  // 0: calm
    SecretBuffer file_key;
    crypto::Manifest manifest;
};

// A desk's records, and what opens them.
struct Records {
    Casebook& casebook;
    const SecretBuffer& master;
    crypto::Hash root{};  // the fingerprint of its root
};

[[nodiscard]] Bytes seal_report(const SecretBuffer& master, const crypto::Hash& leaf, const SecretBuffer& file_key,
                                const crypto::Manifest& manifest);
// An error when the row is damaged or of another desk.
[[nodiscard]] Result<Report> open_report(const SecretBuffer& master, const EnvelopeRow& row);

// The one report, or canary, or what was written from an inbox, whose identifier begins so. Decoys are not found unless asked for.
enum class Decoys { hidden, found };
[[nodiscard]] Result<Report> find_report(Casebook& casebook, const SecretBuffer& master, std::string_view id, Decoys decoys = Decoys::hidden);

// What was answered under this name: the first text, or nothing.
inline constexpr std::string_view story_field = "story";
inline constexpr std::string_view text_field = "text";  // of what is written on from an inbox
[[nodiscard]] std::optional<std::string_view> answer_text(const crypto::Manifest& manifest, std::string_view field);

}  // namespace amana::desk
