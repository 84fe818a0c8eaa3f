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
inline constexpr Colour quiet_ink{0.30, 0.35, 0.36};

// Sizes from `largest` down to `smallest`: the first at which it fits.
struct Sizes {
    double largest;
    double smallest;
};

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

// A square with the address as a QR code (error correction M) and its quiet zone of four modules.
[[nodiscard]] Result<Box> qr_code(Typesetter& set, const std::string& text, Place place);

// A thin line.
[[nodiscard]] Box rule(Typesetter& set, double thickness, Place place);

// Sizes on one format are scaled down together, by steps, until `plan` finds room. Nothing: there is none at `smallest`.
template <typename Plan>
[[nodiscard]] auto at_largest_scale(double smallest, const Plan& plan) -> decltype(plan(1.0))
{
    constexpr double step = 0.025;
    for (double scale = 1; scale >= smallest; scale -= step)
        if (auto planned = plan(scale)) return planned;
    return std::nullopt;
}

}  // namespace amana::print
