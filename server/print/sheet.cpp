// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/formats.hpp"

namespace amana::print {

namespace {

constexpr double mm = points_per_mm;
constexpr int columns = 2;
constexpr int rows = 5;
constexpr double left = (a4.width - columns * id1.width) / 2;
constexpr double top = (a4.height - rows * id1.height) / 2;
constexpr double mark_length = 5 * mm;
constexpr double mark_distance = 2 * mm;  // so that none is left on a card
constexpr double mark_width = 0.3;

void cut_marks(cairo_t* cairo)
{
    cairo_set_source_rgb(cairo, 0, 0, 0);
    cairo_set_line_width(cairo, mark_width);
    const auto line = [&](double x, double y, double to_x, double to_y) {
        cairo_move_to(cairo, x, y);
        cairo_line_to(cairo, to_x, to_y);
    };
    for (int column = 0; column <= columns; ++column) {
        const double x = left + column * id1.width;
        line(x, top - mark_distance - mark_length, x, top - mark_distance);
        line(x, a4.height - top + mark_distance, x, a4.height - top + mark_distance + mark_length);
    }
    for (int row = 0; row <= rows; ++row) {
        const double y = top + row * id1.height;
        line(left - mark_distance - mark_length, y, left - mark_distance, y);
        line(a4.width - left + mark_distance, y, a4.width - left + mark_distance + mark_length, y);
    }
    cairo_stroke(cairo);
}

Painter ten_of(const Painter& side)
{
    return [side](cairo_t* cairo) {
        cut_marks(cairo);
        for (int row = 0; row < rows; ++row)
            for (int column = 0; column < columns; ++column) {
                cairo_save(cairo);
                cairo_translate(cairo, left + column * id1.width, top + row * id1.height);
                side(cairo);
                cairo_restore(cairo);
            }
    };
}

}  // namespace

std::vector<Painter> lay_out_sheet(const Card& card) { return {ten_of(card.front), ten_of(card.back)}; }

}  // namespace amana::print
