// SPDX-License-Identifier: AGPL-3.0-or-later
// The three formats. Each is planned whole before it is drawn; an error when its sentences do not fit at a size that can
// still be read, or when no font has their letters.
#pragma once

#include "server/print/parts.hpp"

namespace amana::print {

inline constexpr double smallest_print = 5.5;  // points

// A4, to be read from two metres: what it is, the address, how to know the true site, whom to call.
[[nodiscard]] Result<Painter> plan_poster(const Content& content);

// ID-1, to be carried unseen: the front says what it is and where, the back how to know the true site and whom to call.
struct Card {
    Painter front;
    Painter back;
};
[[nodiscard]] Result<Card> plan_card(const Content& content);

// A4, ten cards edge to edge with cut marks around them: a page of fronts and a page of backs, which meet when it is
// printed on both sides, whichever edge it is turned on.
[[nodiscard]] std::vector<Painter> lay_out_sheet(const Card& card);

}  // namespace amana::print
