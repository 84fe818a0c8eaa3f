// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/typesetter.hpp"

#include <fmt/format.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <utility>

namespace amana::print {

namespace {

// The scripts of the form's own languages, each in the family drawn for it; what is missing is looked for in all fonts.
constexpr auto sentence_fonts = "Noto Sans,Noto Sans Arabic,Noto Sans Bengali,Noto Sans Devanagari,Noto Sans Ethiopic";
constexpr auto code_fonts = "DejaVu Sans Mono,Noto Sans Mono";

// From one baseline to the next: of the font's own line height, which in some scripts leaves room for the highest and the
// lowest marks at once and in others hardly for any; and of the size, at least.
constexpr double leading = 0.86;
constexpr double least_leading = 1.2;
// Of the size: what stands above the first baseline and below the last one, at least.
constexpr double capital_height = 0.72;
constexpr double descent = 0.2;

constexpr double code_line_height = 1.3;

using FontOptions = std::unique_ptr<cairo_font_options_t, Destroyer<cairo_font_options_destroy>>;
using Description = std::unique_ptr<PangoFontDescription, Destroyer<pango_font_description_free>>;
using Attributes = std::unique_ptr<PangoAttrList, Destroyer<pango_attr_list_unref>>;
using LayoutIterator = std::unique_ptr<PangoLayoutIter, Destroyer<pango_layout_iter_free>>;

// Unhinted and unrounded: a line breaks at the same word on paper, on a screen and in the plan.
std::shared_ptr<PangoContext> make_context(const std::string& language, PangoDirection direction)
{
    std::shared_ptr<PangoContext> context(pango_font_map_create_context(pango_cairo_font_map_get_default()), g_object_unref);
    const FontOptions options(cairo_font_options_create());
    cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context.get(), options.get());
    pango_cairo_context_set_resolution(context.get(), 72);
    pango_context_set_round_glyph_positions(context.get(), FALSE);
    pango_context_set_language(context.get(), pango_language_from_string(language.c_str()));
    pango_context_set_base_dir(context.get(), direction);
    return context;
}

double points(int units) { return static_cast<double>(units) / PANGO_SCALE; }

PangoRectangle extents(PangoLayout* layout)
{
    PangoRectangle logical{};
    pango_layout_get_extents(layout, nullptr, &logical);
    return logical;
}

int lines_within(PangoLayout* layout, double width)
{
    pango_layout_set_width(layout, static_cast<int>(width * PANGO_SCALE));
    return pango_layout_get_line_count(layout);
}

// The narrowest in which it needs no more lines than in `width`.
double balanced_width(PangoLayout* layout, double width)
{
    const auto lines = lines_within(layout, width);
    double narrow = 0;
    double wide = width;
    while (lines > 1 && wide - narrow > 1) {
        const auto middle = (narrow + wide) / 2;
        const bool fits = lines_within(layout, middle) == lines && points(extents(layout).width) <= middle;
        (fits ? wide : narrow) = middle;
    }
    (void)lines_within(layout, wide);
    return wide;
}

// From its top to where its box begins, and the box's height.
std::pair<double, double> trimmed(PangoLayout* layout, double size)
{
    PangoRectangle marks{};
    pango_layout_get_extents(layout, &marks, nullptr);
    const LayoutIterator last(pango_layout_get_iter(layout));
    while (pango_layout_iter_next_line(last.get()) != FALSE) {}
    const auto top = std::min(points(marks.y), points(pango_layout_get_baseline(layout)) - capital_height * size);
    const auto bottom = std::max(points(marks.y + marks.height),
                                 points(pango_layout_iter_get_baseline(last.get())) + descent * size);
    return {top, bottom - top};
}

// Glyphs of one font, placed; shown as one cluster, so that a PDF says `whole` for all of them.
struct Glyphs {
    std::vector<cairo_glyph_t> glyphs;
    std::shared_ptr<PangoFont> font;

    void add(PangoLayout* cell, double x, double baseline)
    {
        for (auto* run = pango_layout_get_line_readonly(cell, 0)->runs; run != nullptr; run = run->next) {
            const auto* item = static_cast<const PangoGlyphItem*>(run->data);
            if (!font) font.reset(PANGO_FONT(g_object_ref(item->item->analysis.font)), g_object_unref);
            for (int i = 0; i < item->glyphs->num_glyphs; ++i) {
                const auto& glyph = item->glyphs->glyphs[i];
                glyphs.push_back({glyph.glyph, x + points(glyph.geometry.x_offset), baseline + points(glyph.geometry.y_offset)});
                x += points(glyph.geometry.width);
            }
        }
    }

    void show(cairo_t* cairo, const std::string& whole) const
    {
        cairo_set_scaled_font(cairo, pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(font.get())));
        const cairo_text_cluster_t all{static_cast<int>(whole.size()), static_cast<int>(glyphs.size())};
        cairo_show_text_glyphs(cairo, whole.data(), static_cast<int>(whole.size()), glyphs.data(),
                               static_cast<int>(glyphs.size()), &all, 1, cairo_text_cluster_flags_t{});
    }
};

}  // namespace

void set_ink(cairo_t* cairo, const Colour& ink) { cairo_set_source_rgb(cairo, ink.red, ink.green, ink.blue); }

Box stack(std::vector<Box> boxes, double gap)
{
    double height = 0;
    for (const auto& box : boxes) height += box.height + (&box == boxes.data() ? 0 : gap);
    return {height, [boxes = std::move(boxes), gap](cairo_t* cairo, double top) {
                for (const auto& box : boxes) {
                    box.draw(cairo, top);
                    top += box.height + gap;
                }
            }};
}

std::optional<Box> spread(std::vector<Box> boxes, double gap, double height)
{
    double rest = height;
    for (const auto& box : boxes) rest -= box.height;
    const auto gaps = static_cast<double>(boxes.size() - 1);
    if (rest < gap * gaps) return std::nullopt;
    return stack(std::move(boxes), rest / gaps);
}

Box beside(Box a, Box b)
{
    const auto height = std::max(a.height, b.height);
    return {height, [a = std::move(a), b = std::move(b)](cairo_t* cairo, double top) {
                a.draw(cairo, top);
                b.draw(cairo, top);
            }};
}

Typesetter::Typesetter(std::string language, bool right_to_left, double page_width)
    : language_(std::move(language)),
      right_to_left_(right_to_left),
      page_width_(page_width),
      sentences_(make_context(language_, right_to_left ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR)),
      codes_(make_context("en", PANGO_DIRECTION_LTR))
{
}

Typesetter::Layout Typesetter::layout(const std::vector<Span>& spans, const Style& style, bool code)
{
    Layout made(pango_layout_new((code ? codes_ : sentences_).get()), g_object_unref);
    const Description font(pango_font_description_from_string(code ? code_fonts : sentence_fonts));
    pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
    if (style.bold) pango_font_description_set_weight(font.get(), PANGO_WEIGHT_BOLD);
    pango_layout_set_font_description(made.get(), font.get());
    std::string words;
    const Attributes attributes(pango_attr_list_new());
    for (const auto& span : spans) {
        if (span.bold) {
            auto* bold = pango_attr_weight_new(PANGO_WEIGHT_BOLD);
            bold->start_index = static_cast<guint>(words.size());
            bold->end_index = static_cast<guint>(words.size() + span.words.size());
            pango_attr_list_insert(attributes.get(), bold);
        }
        words += span.words;
    }
    pango_layout_set_attributes(made.get(), attributes.get());
    pango_layout_set_text(made.get(), words.c_str(), static_cast<int>(words.size()));
    pango_layout_set_auto_dir(made.get(), FALSE);
    const auto own_height = points(extents(made.get()).height);
    pango_layout_set_line_spacing(made.get(),
                                  static_cast<float>(std::max(leading, least_leading * style.size / own_height)));
    note_missing(made.get());
    return made;
}

void Typesetter::note_missing(PangoLayout* layout)
{
    if (missing_ != 0 || pango_layout_get_unknown_glyphs_count(layout) == 0) return;
    const LayoutIterator at(pango_layout_get_iter(layout));
    do {
        const auto* run = pango_layout_iter_get_run_readonly(at.get());
        for (int i = 0; run != nullptr && i < run->glyphs->num_glyphs; ++i) {
            const auto glyph = run->glyphs->glyphs[i].glyph;
            if ((glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0) missing_ = static_cast<char32_t>(glyph & ~PANGO_GLYPH_UNKNOWN_FLAG);
        }
    } while (missing_ == 0 && pango_layout_iter_next_run(at.get()) != FALSE);
}

std::optional<Box> Typesetter::text(const std::vector<Span>& spans, const Style& style, Place place)
{
    const auto made = layout(spans, style, false);
    pango_layout_set_wrap(made.get(), PANGO_WRAP_WORD);
    pango_layout_set_alignment(made.get(), right_to_left_ ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    (void)lines_within(made.get(), place.width);
    if (points(extents(made.get()).width) > place.width) return std::nullopt;
    const auto width = balanced_width(made.get(), place.width);
    const auto [above, height] = trimmed(made.get(), style.size);
    return Box{height, [made, up = above, ink = style.ink, x = left({place.start, width})](cairo_t* cairo, double top) {
                   set_ink(cairo, ink);
                   cairo_move_to(cairo, x, top - up);
                   pango_cairo_show_layout(cairo, made.get());
               }};
}

double Typesetter::width(const Code& code, const Style& style)
{
    const auto gap = code.gap * points(extents(layout({{"0"}}, style, true).get()).width);
    double widest = 0;
    for (const auto& row : code.rows) {
        double wide = -gap;
        for (const auto& cell : row) wide += gap + points(extents(layout({{cell}}, style, true).get()).width);
        widest = std::max(widest, wide);
    }
    return widest;
}

Box Typesetter::code(const Code& code, const Style& style, Place place)
{
    // Left to right it stands, but where the language begins.
    const double x = left({place.start, width(code, style)});
    const double gap = code.gap * points(extents(layout({{"0"}}, style, true).get()).width);
    Glyphs glyphs;
    double baseline = capital_height * style.size;
    for (const auto& row : code.rows) {
        double at = x;
        for (const auto& cell : row) {
            const auto made = layout({{cell}}, style, true);
            glyphs.add(made.get(), at, baseline);
            at += points(extents(made.get()).width) + gap;
        }
        baseline += code_line_height * style.size;
    }
    const auto height = baseline + (descent - code_line_height) * style.size;
    return {height, [glyphs, whole = code.whole, ink = style.ink, link = code.link](cairo_t* cairo, double from) {
                cairo_save(cairo);
                cairo_translate(cairo, 0, from);
                set_ink(cairo, ink);
                if (!link.empty()) cairo_tag_begin(cairo, CAIRO_TAG_LINK, ("uri='" + link + "'").c_str());
                glyphs.show(cairo, whole);
                if (!link.empty()) cairo_tag_end(cairo, CAIRO_TAG_LINK);
                cairo_restore(cairo);
            }};
}

Result<void> Typesetter::complete() const
{
    if (missing_ == 0) return {};
    return Error{fmt::format("no font on this machine can show U+{:04X}, which the {} text needs",
                             static_cast<std::uint32_t>(missing_), language_),
                 "Install Debian's package fonts-noto-core (for Chinese, Japanese and Korean fonts-noto-cjk)."};
}

}  // namespace amana::print
