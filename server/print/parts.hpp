// SPDX-License-Identifier: AGPL-3.0-or-later
// The parts that poster and card are made of, each a box at the size it is asked for. Nothing: it does not fit there.
#pragma once

#include "server/print/sentences.hpp"
#include "server/print/typesetter.hpp"

namespace amana::print {

struct Content {
    Sentences sentences;
    std::string address;
    std::string onion;       // whole, or empty, as is the next
    std::string onion_host;
    std::string root;
    Colour colour;
    std::shared_ptr<cairo_surface_t> logo;  // may be none
};

inline constexpr Colour ink{0.08, 0.10, 0.11};

struct Sizes {
    double largest;
    double smallest;
};
// What `plan` makes at the largest size, or scale, at which it finds room, from `largest` down by steps. Nothing: there is
// none at `smallest` either.
template <typename Plan>
[[nodiscard]] auto at_largest(Sizes sizes, const Plan& plan) -> decltype(plan(1.0))
{
    constexpr int steps = 32;
    for (int i = 0; i <= steps; ++i)
        if (auto planned = plan(sizes.largest + (sizes.smallest - sizes.largest) * i / steps)) return planned;
    return std::nullopt;
}

// The logo, `height` high at most, and the ministry's name beside it.
[[nodiscard]] std::optional<Box> header(Typesetter& set, const Content& content, double size, double height, Place place);

// The headline on the ministry's colour, filling `height`.
[[nodiscard]] std::optional<Box> headline(Typesetter& set, const Content& content, Sizes sizes, double height,
                                          double padding, Place place);

// In one line where that can be, never broken within a word.
[[nodiscard]] std::optional<Box> address(Typesetter& set, const Content& content, Sizes sizes, Place place);

// Four lines of four groups of four.
[[nodiscard]] Box fingerprint(Typesetter& set, const Content& content, double size, Place place);

// "In Tor Browser:", and below it the host in three lines of five groups, which is copied whole.
[[nodiscard]] std::optional<Box> onion(Typesetter& set, const Content& content, double label, double size, Place place);

// What this is not, and whom to call.
[[nodiscard]] std::optional<Box> emergency(Typesetter& set, const Content& content, double size, Place place);

// The address as a square QR code, error correction M. Its quiet zone of four modules lies outside the place, which must
// leave 14 % of its width empty on every side.
[[nodiscard]] Result<Box> qr_code(Typesetter& set, const std::string& text, Place place);

// A line in the ministry's colour.
[[nodiscard]] Box rule(Typesetter& set, const Content& content, double thickness, Place place);

}  // namespace amana::print
