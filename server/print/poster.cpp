// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/formats.hpp"

#include <fmt/format.h>

namespace amana::print {

namespace {

constexpr double mm = points_per_mm;
constexpr double margin = 16 * mm;  // of which office printers leave some 5 mm white anyway
constexpr double gap = 7 * mm;
constexpr double column_gap = 9 * mm;
constexpr double qr_side = 46 * mm;
constexpr double least_headline_height = 84 * mm;
constexpr Place whole{margin, a4.width - 2 * margin};
constexpr double half = (whole.width - column_gap) / 2;
constexpr Place first_half{whole.start, half};
constexpr Place second_half{whole.start + half + column_gap, half};

// What may be said, beside the code that leads there.
std::optional<Box> invitation(Typesetter& set, const Content& content, const Box& qr, double scale)
{
    const Place place{whole.start, whole.width - qr_side - column_gap};
    auto anonymous = set.text({{content.sentences.anonymous, true}}, {21 * scale, ink}, place);
    auto scan = set.text({{content.sentences.scan}}, {21 * scale, ink}, place);
    if (!anonymous || !scan) return std::nullopt;
    return beside(stack({*anonymous, *scan}, gap * 0.6), qr);
}

// How to know the true site.
std::optional<Box> proof(Typesetter& set, const Content& content, double scale)
{
    auto check = set.text({{content.sentences.check}}, {14.5 * scale, ink}, first_half);
    if (!check) return std::nullopt;
    if (content.onion_host.empty())
        return beside(std::move(*check), fingerprint(set, content, 18 * scale, second_half));
    auto tor = onion(set, content, 14.5 * scale, 14.5 * scale, second_half);
    if (!tor) return std::nullopt;
    return beside(stack({std::move(*check), fingerprint(set, content, 18 * scale, first_half)}, gap * 0.6), std::move(*tor));
}

std::optional<Box> plan(Typesetter& set, const Content& content, const Box& qr, double scale)
{
    auto head = header(set, content, 21 * scale, 20 * mm, whole);
    auto invites = invitation(set, content, qr, scale);
    auto where = address(set, content, {48 * scale, 20 * scale}, whole);
    auto proves = proof(set, content, scale);
    auto urgent = emergency(set, content, 14.5 * scale, whole);
    if (!head || !invites || !where || !proves || !urgent) return std::nullopt;
    const auto line = rule(set, content, 1.5, whole);
    auto rest = stack({std::move(*invites), std::move(*where), line, std::move(*proves), line, std::move(*urgent)}, gap);
    // The headline takes what is left.
    const auto height = a4.height - 2 * margin - head->height - rest.height - 2 * gap;
    if (height < least_headline_height * scale) return std::nullopt;
    auto large = headline(set, content, {96, 30}, height, 10 * mm, whole);
    if (!large) return std::nullopt;
    return stack({std::move(*head), std::move(*large), std::move(rest)}, gap);
}

}  // namespace

Result<Painter> plan_poster(const Content& content)
{
    const auto& sentences = content.sentences;
    Typesetter set(sentences.language, sentences.right_to_left, a4.width);
    const auto qr = qr_code(set, content.address, {whole.start + whole.width - qr_side, qr_side});
    if (!qr) return qr.error();
    const auto page = at_largest({1, 0.6}, [&](double scale) { return plan(set, content, *qr, scale); });
    if (const auto shown = set.complete(); !shown) return shown.error();
    if (!page)
        return Error{fmt::format("the {} sentences do not fit on a poster", sentences.language),
                     "Shorten --headline, --name, --numbers or the address."};
    return [page = *page](cairo_t* cairo) { page.draw(cairo, margin); };
}

}  // namespace amana::print
