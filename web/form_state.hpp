// SPDX-License-Identifier: AGPL-3.0-or-later
// Which of its variants a form is served in (docs/ADMISSION.md, sections 3 and 6).
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace amana::web {

// What the storage has room for.
enum class Room : Byte { all, small_files, text_only };
inline constexpr std::uint64_t small_files_bytes = std::uint64_t{8} << 20;

struct FormState {
    bool pressed = false;
    Room room = Room::all;
};

inline constexpr std::size_t token_text_bytes = 43;

}  // namespace amana::web
