// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/parts.hpp"

#include "server/print/groups.hpp"

#include <qrencode.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace amana::print {

namespace {

constexpr double dot = 72 / dots_per_inch;
constexpr int least_version = 3;  // 29 modules, so that 4 of them are 14 %

// WCAG 2.1, relative luminance.
double luminance(const Colour& colour)
{
    const auto linear = [](double c) { return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

// White or ink, whichever contrasts more.
Colour ink_on(const Colour& ground)
{
    const auto light = luminance(ground) + 0.05;
    return 1.05 / light >= light / (luminance(ink) + 0.05) ? Colour{1, 1, 1} : ink;
}

// As few rows as there can be, each as long as fits.
std::optional<Code> broken(Typesetter& set, const Content& content, std::size_t rows, const Style& style, double width)
{
    Code code{{{""}}, content.address, 0, content.address};
    for (const auto& piece : address_pieces(content.address)) {
        auto& row = code.rows.back();
        const auto before = row.front();
        row.front() += piece;
        if (set.width({{row}, "", 0, ""}, style) <= width) continue;
        row.front() = before;
        if (before.empty() || code.rows.size() == rows) return std::nullopt;
        code.rows.push_back({piece});
        if (set.width({{{piece}}, "", 0, ""}, style) > width) return std::nullopt;
    }
    return code;
}

}  // namespace

std::optional<Box> header(Typesetter& set, const Content& content, double size, double height, Place place)
{
    double logo_width = 0;
    double scale = 0;
    if (content.logo) {
        const double wide = cairo_image_surface_get_width(content.logo.get());
        const double high = cairo_image_surface_get_height(content.logo.get());
        scale = std::min(height / high, place.width / 3 / wide);
        logo_width = wide * scale;
        height = high * scale;
    }
    const double beside = content.logo ? logo_width + size * 0.9 : 0;
    auto name = set.text({{content.sentences.ministry, true}}, {size, ink}, {place.start + beside, place.width - beside});
    if (!name) return std::nullopt;
    if (!content.logo) return name;
    const auto row = std::max(height, name->height);
    return Box{row, [name = *name, row, height, scale, logo = content.logo, x = set.left({place.start, logo_width})](
                        cairo_t* cairo, double top) {
                   name.draw(cairo, top + (row - name.height) / 2);
                   cairo_save(cairo);
                   cairo_translate(cairo, x, top + (row - height) / 2);
                   cairo_scale(cairo, scale, scale);
                   cairo_set_source_surface(cairo, logo.get(), 0, 0);
                   cairo_paint(cairo);
                   cairo_restore(cairo);
               }};
}

std::optional<Box> headline(Typesetter& set, const Content& content, Sizes sizes, double height, double padding, Place place)
{
    const Place inner{place.start + padding, place.width - 2 * padding};
    const auto words = at_largest(sizes, [&](double size) {
        auto fitted = set.text({{content.sentences.headline, true}}, {size, ink_on(content.colour)}, inner);
        return fitted && fitted->height <= height - 2 * padding ? fitted : std::nullopt;
    });
    if (!words) return std::nullopt;
    return Box{height, [words = *words, height, colour = content.colour, x = set.left(place), width = place.width](
                           cairo_t* cairo, double top) {
                   set_ink(cairo, colour);
                   cairo_rectangle(cairo, x, top, width, height);
                   cairo_fill(cairo);
                   words.draw(cairo, top + (height - words.height) / 2);
               }};
}

std::optional<Box> address(Typesetter& set, const Content& content, Sizes sizes, Place place)
{
    constexpr std::size_t most_rows = 3;
    std::optional<Box> fitted;
    for (std::size_t rows = 1; rows <= most_rows && !fitted; ++rows)
        fitted = at_largest(sizes, [&](double size) -> std::optional<Box> {
            const Style style{size, ink, true};
            const auto code = broken(set, content, rows, style, place.width);
            return code ? std::optional(set.code(*code, style, place)) : std::nullopt;
        });
    return fitted;
}

Box fingerprint(Typesetter& set, const Content& content, double size, Place place)
{
    Code code{{}, "", 1, ""};
    const auto groups = groups_of(content.root);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i % 4 == 0) code.rows.emplace_back();
        code.rows.back().push_back(groups[i]);
        code.whole += (i == 0 ? "" : " ") + groups[i];
    }
    return set.code(code, {size, ink, true}, place);
}

std::optional<Box> onion(Typesetter& set, const Content& content, double label, double size, Place place)
{
    Code code{{}, content.onion_host, 1, content.onion};
    const auto groups = onion_groups(content.onion_host);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i % 5 == 0) code.rows.emplace_back();
        code.rows.back().push_back(groups[i]);
    }
    auto words = set.text({{content.sentences.onion}}, {label, ink}, place);
    const Style style{size, ink, true};
    if (!words || set.width(code, style) > place.width) return std::nullopt;
    return stack({std::move(*words), set.code(code, style, place)}, label * 0.7);
}

std::optional<Box> emergency(Typesetter& set, const Content& content, double size, Place place)
{
    const auto& sentences = content.sentences;
    std::vector<Span> spans{{sentences.emergency + "\n", true}, {sentences.call, false}};
    if (!sentences.numbers.empty()) spans.push_back({" " + sentences.numbers, true});
    return set.text(spans, {size, ink}, place);
}

Result<Box> qr_code(Typesetter& set, const std::string& text, Place place)
{
    const std::unique_ptr<QRcode, Destroyer<QRcode_free>> code(QRcode_encodeString8bit(text.c_str(), least_version, QR_ECLEVEL_M));
    if (!code) return Error{"can't make a QR code of " + text, ""};
    const int modules = code->width;
    const std::vector<unsigned char> dark(code->data, code->data + static_cast<std::ptrdiff_t>(modules) * modules);
    // Modules of whole dots, all alike, flush with the outer edge.
    const double module = std::floor(place.width / modules / dot) * dot;
    const double side = module * modules;
    const double x = std::round(set.left({place.start + place.width - side, side}) / dot) * dot;
    return Box{side, [dark, modules, module, x](cairo_t* cairo, double top) {
                   cairo_save(cairo);
                   cairo_translate(cairo, x, std::round(top / dot) * dot);
                   cairo_scale(cairo, module, module);
                   cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE);
                   cairo_set_source_rgb(cairo, 0, 0, 0);
                   auto at = dark.begin();
                   for (int row = 0; row < modules; ++row)
                       for (int column = 0; column < modules; ++column)
                           if ((*at++ & 1U) != 0)  // the lowest bit: black (qrencode.h)
                               cairo_rectangle(cairo, column, row, 1, 1);
                   cairo_fill(cairo);
                   cairo_restore(cairo);
               }};
}

Box rule(Typesetter& set, const Content& content, double thickness, Place place)
{
    return {thickness,
            [thickness, colour = content.colour, x = set.left(place), width = place.width](cairo_t* cairo, double top) {
                set_ink(cairo, colour);
                cairo_rectangle(cairo, x, top, width, thickness);
                cairo_fill(cairo);
            }};
}

}  // namespace amana::print
