// SPDX-License-Identifier: AGPL-3.0-or-later
// One language's text, shaped by Pango, and boxes of it that are measured before they are drawn: a page is planned from
// their heights, so that nothing overlaps and nothing is clipped.
//
// `start` counts from the side where the language begins to be read; sizes and lengths are points.
#pragma once

#include "server/print/job.hpp"
#include "server/print/surface.hpp"

#include <pango/pango.h>

#include <functional>
#include <memory>
#include <string_view>

namespace amana::print {

struct Box {
    double height = 0;
    std::function<void(cairo_t*, double top)> draw = [](cairo_t*, double) {};
};

void set_ink(cairo_t* cairo, const Colour& ink);

[[nodiscard]] Box stack(std::vector<Box> boxes, double gap);
// The same, with gaps that make it `height` high. Nothing when they would be less than `gap`.
[[nodiscard]] std::optional<Box> spread(std::vector<Box> boxes, double gap, double height);
// Side by side, their tops level; each knows its own start.
[[nodiscard]] Box beside(Box a, Box b);

struct Place {
    double start;
    double width;
};

struct Span {
    std::string words;
    bool bold = false;
};

struct Style {
    double size;
    Colour ink;
    bool bold = false;
};

// Rows of cells that are typed or compared, always left to right, in a font that has one width and tells its letters apart.
struct Code {
    std::vector<std::vector<std::string>> rows;
    std::string whole;  // what is copied out of a PDF, wherever the rows and cells are broken
    double gap = 0;     // between cells, in widths of a letter
    std::string link;   // what a click on it opens in a PDF; may be empty
};

class Typesetter {
public:
    Typesetter(std::string language, bool right_to_left, double page_width);

    // Lines of about the same length, as few as there can be. Its height is that of its ink and of a capital letter, not
    // of the font, whose lines are twice as high in some scripts as in others. Nothing when a word is wider than the place.
    [[nodiscard]] std::optional<Box> text(const std::vector<Span>& spans, const Style& style, Place place);
    [[nodiscard]] Box code(const Code& code, const Style& style, Place place);
    // How wide it would be.
    [[nodiscard]] double width(const Code& code, const Style& style);

    [[nodiscard]] double left(Place place) const
    {
        return right_to_left_ ? page_width_ - place.start - place.width : place.start;
    }
    // An error when anything shaped so far has a character that no installed font can show.
    [[nodiscard]] Result<void> complete() const;

private:
    using Layout = std::shared_ptr<PangoLayout>;
    [[nodiscard]] Layout layout(const std::vector<Span>& spans, const Style& style, bool code);
    void note_missing(PangoLayout* layout);

    std::string language_;
    bool right_to_left_;
    double page_width_;
    std::shared_ptr<PangoContext> sentences_;
    std::shared_ptr<PangoContext> codes_;
    char32_t missing_ = 0;
};

}  // namespace amana::print
