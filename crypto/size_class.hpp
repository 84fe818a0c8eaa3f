// SPDX-License-Identifier: AGPL-3.0-or-later
// Size classes: the only sizes a padded payload may have, so that a length says as little as it can.
// docs/ENVELOPE.md, "Size classes".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace amana::crypto {

inline constexpr std::uint64_t kibibyte = 1024;
inline constexpr std::uint64_t mebibyte = 1024 * kibibyte;

// Bytes of padded payload. The first is for a report without files; every other is for one with files.
inline constexpr std::array<std::uint64_t, 11> size_classes{
    32 * kibibyte, 64 * kibibyte, 256 * kibibyte, 1 * mebibyte,  2 * mebibyte,  4 * mebibyte,
    8 * mebibyte,  16 * mebibyte, 32 * mebibyte,  64 * mebibyte, 128 * mebibyte};

inline constexpr std::uint64_t text_class = size_classes.front();
inline constexpr std::uint64_t largest_class = size_classes.back();

// The smallest class that holds `payload` bytes; nothing when none does. A report without files has one class only.
[[nodiscard]] std::optional<std::uint64_t> size_class_for(std::uint64_t payload, bool with_files);

[[nodiscard]] bool is_size_class(std::uint64_t bytes);

}  // namespace amana::crypto
