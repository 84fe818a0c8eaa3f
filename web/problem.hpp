// SPDX-License-Identifier: AGPL-3.0-or-later
// What can go wrong for a citizen, as the pages know it. Each has a headline and an advice in every catalogue, under
// the msgids `problem_<name>` and `problem_<name>_advice`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace amana::web {

enum class Problem : std::uint8_t {
    empty_story,
    short_story,
    long_story,
    long_answer,     // of any other question
    wrong_encoding,  // not UTF-8: the text can't be given back
    too_large,
    too_many_parts,
    storage_full,
    closed,  // no recipient key is valid
    not_found,
    misdirected,  // at a host that is none of the site's
    bad_request,
    timed_out,
    busy,
    crowded,  // it is not this form's turn in the line
    internal,
    method_not_allowed,
};

inline constexpr std::array all_problems{
    Problem::empty_story, Problem::short_story,  Problem::long_story, Problem::long_answer, Problem::wrong_encoding, Problem::too_large,
    Problem::too_many_parts, Problem::storage_full, Problem::closed,  Problem::not_found,      Problem::misdirected,  Problem::bad_request,
    Problem::timed_out,   Problem::busy,         Problem::crowded,    Problem::internal,       Problem::method_not_allowed,
};

// The enumerator's own spelling.
[[nodiscard]] std::string_view problem_name(Problem problem);

}  // namespace amana::web
