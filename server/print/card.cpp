// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/formats.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace amana::print {

namespace {

constexpr double mm = points_per_mm;
constexpr double margin = 4.5 * mm;
constexpr double gap = 2.4 * mm;
constexpr double column_gap = 4 * mm;
constexpr double qr_side = 16.5 * mm;
constexpr double least_headline_height = 13 * mm;
constexpr Place whole{margin, id1.width - 2 * margin};
constexpr double inner_height = id1.height - 2 * margin;
constexpr double half = (whole.width - column_gap) / 2;
constexpr Place first_half{whole.start, half};
constexpr Place second_half{whole.start + half + column_gap, half};
constexpr double text_size = 9;

std::optional<Box> plan_front(Typesetter& set, const Content& content, const Box& qr, double scale)
{
    const Place beside_qr{whole.start, whole.width - qr_side - column_gap};
    auto head = header(set, content, text_size * scale, 6 * mm, whole);
    auto anonymous = set.text({{content.sentences.anonymous, true}}, {text_size * scale, ink}, beside_qr);
    auto scan = set.text({{content.sentences.scan}}, {text_size * scale, ink}, beside_qr);
    auto where = address(set, content, {17 * scale, 7}, whole);
    if (!head || !anonymous || !scan || !where) return std::nullopt;
    auto rest = stack({beside(stack({std::move(*anonymous), std::move(*scan)}, gap * 0.6), qr), std::move(*where)}, gap);
    const auto height = inner_height - head->height - rest.height - 2 * gap;
    if (height < least_headline_height * scale) return std::nullopt;
    auto large = headline(set, content, {18, 8}, height, 2 * mm, whole);
    if (!large) return std::nullopt;
    return stack({std::move(*head), std::move(*large), std::move(rest)}, gap);
}

std::optional<Box> plan_back(Typesetter& set, const Content& content, double scale)
{
    auto check = set.text({{content.sentences.check}}, {text_size * scale, ink}, whole);
    auto urgent = emergency(set, content, text_size * scale, whole);
    if (!check || !urgent) return std::nullopt;
    auto codes = fingerprint(set, content, std::max(9 * scale, smallest_print), first_half);
    if (!content.onion_host.empty()) {
        auto tor = onion(set, content, text_size * scale, std::max(7.25 * scale, smallest_print), second_half);
        if (!tor) return std::nullopt;
        codes = beside(std::move(codes), std::move(*tor));
    }
    return spread({std::move(*check), std::move(codes), rule(set, content, 0.75, whole), std::move(*urgent)}, gap, inner_height);
}

}  // namespace

Result<Card> plan_card(const Content& content)
{
    const auto& sentences = content.sentences;
    Typesetter set(sentences.language, sentences.right_to_left, id1.width);
    const auto qr = qr_code(set, content.address, {whole.start + whole.width - qr_side, qr_side});
    if (!qr) return qr.error();
    constexpr Sizes scales{1, smallest_print / text_size};
    const auto front = at_largest(scales, [&](double scale) { return plan_front(set, content, *qr, scale); });
    const auto back = at_largest(scales, [&](double scale) { return plan_back(set, content, scale); });
    if (const auto shown = set.complete(); !shown) return shown.error();
    if (!front || !back)
        return Error{fmt::format("the {} sentences do not fit on the {} of a card at {} points", sentences.language,
                                 front ? "back" : "front", smallest_print),
                     "Shorten --headline, --name, --numbers or the address."};
    return Card{[front = *front](cairo_t* cairo) { front.draw(cairo, margin); },
                [back = *back](cairo_t* cairo) { back.draw(cairo, margin); }};
}

}  // namespace amana::print
