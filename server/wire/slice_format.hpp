// SPDX-License-Identifier: AGPL-3.0-or-later
// What writing and reading a slice have in common.
#pragma once

#include "crypto/keyset.hpp"
#include "server/wire/slices.hpp"

namespace amana::wire {

inline constexpr Byte front_slice = 1;
inline constexpr Byte keeper_slice = 2;
inline constexpr Byte tls_slice = 3;
inline constexpr std::size_t fingerprint_bytes = 64;
inline constexpr std::size_t max_origin_bytes = 128;
inline constexpr std::size_t max_tls_bytes = max_addresses * (max_certificates * (max_certificate_bytes + max_private_key_bytes + 8) + 4) + 4;
inline constexpr std::size_t max_slice_bytes = crypto::max_keyset_bytes + max_tls_bytes + max_addresses * (3 * max_address_bytes + max_manifest_bytes + 16) +
                                        max_listeners * (max_peers * 18 + max_header_name_bytes + 4 * max_addresses + 16) + 2 * max_path_bytes + max_languages * (max_language_bytes + 4 * max_text_bytes + 20) +
                                        max_questionnaire_bytes + max_logo_bytes + 2 * max_manifest_bytes + 3 * max_address_bytes +
                                        1024;
inline constexpr std::uint64_t longest_seconds = 100ull * 366 * 24 * 3600;

}  // namespace amana::wire
