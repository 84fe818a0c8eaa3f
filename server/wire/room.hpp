// SPDX-License-Identifier: AGPL-3.0-or-later
// Storage steps down before it is full (docs/ADMISSION.md, section 6). *Room* is what new uploads may take: the space that is
// free beyond the keeper's reserve and beyond what the next tick needs for all that is here already.
#pragma once

#include "crypto/size_class.hpp"

#include <cstdint>

namespace amana::wire {

// What an upload and the tick that moves it take, four times its bytes: so the largest of all still fits at the bound.
inline constexpr std::uint64_t room_for_all_files = 4 * crypto::largest_class;
inline constexpr std::uint64_t room_for_small_files = 256 * crypto::mebibyte;
inline constexpr std::uint64_t room_for_text = crypto::mebibyte;
// Holds 8 MiB of files and what stands beside them.
inline constexpr std::uint64_t small_files_class = 16 * crypto::mebibyte;

// The largest class that is taken with so much room: the largest classes are refused first, a text never before the end.
[[nodiscard]] constexpr std::uint64_t largest_class_taken(std::uint64_t room)
{
    if (room >= room_for_all_files) return crypto::largest_class;
    return room >= room_for_small_files ? small_files_class : crypto::text_class;
}

// As it is told: coarse, since what is stored can be read off what is left.
[[nodiscard]] constexpr std::uint64_t told_room(std::uint64_t room)
{
    const auto step = room < 64 * crypto::mebibyte ? crypto::mebibyte : 16 * crypto::mebibyte;
    return room / step * step;
}

}  // namespace amana::wire
