// SPDX-License-Identifier: AGPL-3.0-or-later
// What a form says of the moment it is asked for: whether many write just now, and what the storage has room for. Each state
// has its page, built at start.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace amana::web {

// What there is room for. None at all is Problem::storage_full.
enum class Room : Byte { all, small_files, text_only };

// Of files in all, where there is room for small ones.
inline constexpr std::uint64_t small_files_bytes = std::uint64_t{8} << 20;

struct FormState {
    bool pressed = false;  // reports wait in a line for their turn
    Room room = Room::all;
};

inline constexpr std::array all_form_states{
    FormState{false, Room::all}, FormState{false, Room::small_files}, FormState{false, Room::text_only},
    FormState{true, Room::all},  FormState{true, Room::small_files},  FormState{true, Room::text_only},
};
// Its place among them.
[[nodiscard]] constexpr std::size_t index_of(FormState state)
{
    return (state.pressed ? all_form_states.size() / 2 : 0) + static_cast<std::size_t>(state.room);
}

// What the form's boxes say, none of which is checked by itself.
struct Wishes {
    bool proof = false;       // the log's promise
    bool no_receipt = false;  // no code
};

// A form's token, as text.
inline constexpr std::size_t token_text_bytes = 43;
// Of 32 bytes of zeroes: none. What stands for one where the same page is to be named for everybody.
inline constexpr std::string_view no_token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static_assert(no_token.size() == token_text_bytes);

}  // namespace amana::web
