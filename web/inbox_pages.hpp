// SPDX-License-Identifier: AGPL-3.0-or-later
// The page where somebody looks for an answer, and what it becomes for a code that was typed, without a script (docs/INBOX.md,
// section 4): pieces between which the front puts what is a secret, in locked memory.
#pragma once

#include "web/form_state.hpp"
#include "web/packed.hpp"
#include "web/problem.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amana::web {

// What stands at a place of such a page.
enum class InboxSlot : std::uint8_t {
    code,    // into a field
    alert,   // a problem that is told, or nothing
    token,   // in the address of a form that sends, and under pressure in that of the frame
    letter,  // its messages
    text,    // what was written, or what a message says
    day,     // when a message was written
    number,  // of a file in the letter
    name,    // of a file
    size,    // of a file, in MB
    files,   // of a message
};
struct InboxPiece {
    std::string before;
    std::optional<InboxSlot> slot;  // of the last piece none
};
using InboxPieces = std::vector<InboxPiece>;

// What there is to say to a code.
enum class InboxSaid : std::uint8_t {
    count,    // not 28 digits
    check,    // a slip among them
    empty,    // no answer: none yet, erased, or nobody's code
    damaged,  // an answer that is none of the ministry's
    opened,   // the letter
    write,    // what was to be sent, which could not be, with the problem
    again,    // a problem, and that is all
    sent,
    sure,     // whether it is really to be erased
    erased,
};
inline constexpr std::size_t inbox_said = static_cast<std::size_t>(InboxSaid::erased) + 1;

struct InboxPages {
    StaticPage page;                                            // GET
    std::array<StaticPage, all_problems.size()> problems;       // the same, with a problem of which nothing was kept
    std::array<std::string, all_problems.size()> alerts;        // what stands for InboxSlot::alert
    std::array<std::array<InboxPieces, all_form_states.size()>, inbox_said> said;
    InboxPieces message;  // of a letter
    InboxPieces notice;   // the message that everybody gets
    InboxPieces file;     // of a message
    std::string digits;   // zero to nine

    [[nodiscard]] const InboxPieces& saying(InboxSaid what, FormState state) const { return said.at(static_cast<std::size_t>(what)).at(index_of(state)); }
};

}  // namespace amana::web
