// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/colour.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace amana::web {

namespace {

constexpr double enough_contrast = 4.5;

struct Colour {
    ByteArray<3> rgb{};
};
constexpr Colour white{{255, 255, 255}};
constexpr Colour soft{{0xee, 0xf4, 0xf4}};       // the style's --soft
constexpr Colour dark_soft{{0x1e, 0x28, 0x29}};  // the same in the dark

// Relative luminance (WCAG 2.2, glossary).
double luminance(const Colour& colour)
{
    const auto linear = [](Byte channel) {
        const double part = channel / 255.0;
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.rgb[0]) + 0.7152 * linear(colour.rgb[1]) + 0.0722 * linear(colour.rgb[2]);
}

double contrast(const Colour& a, const Colour& b)
{
    const auto [less, more] = std::minmax({luminance(a), luminance(b)});
    return (more + 0.05) / (less + 0.05);
}

// So many hundredths of the way to white.
Colour lightened(const Colour& colour, int hundredths)
{
    Colour out;
    std::ranges::transform(colour.rgb, out.rgb.begin(), [&](Byte channel) { return static_cast<Byte>(channel + (255 - channel) * hundredths / 100); });
    return out;
}

std::string written(const Colour& colour)
{
    return "#" + to_hex(colour.rgb);
}

}  // namespace

Result<std::string> colour_style(std::string_view colour)
{
    std::string lower(colour.substr(std::min<std::size_t>(1, colour.size())));
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    Colour main;
    if (!colour.starts_with('#') || !from_hex(lower, main.rgb))
        return Error{fmt::format("\"{}\" is not a colour", colour), "Write it as #0b5c63: red, green and blue, two hexadecimal digits each."};
    // Text in it stands on the soft ground too, which is a little darker than white.
    if (const auto found = contrast(main, soft); found < enough_contrast)
        return Error{fmt::format("the colour {} is too pale to be read on white: its contrast is {:.1f}, and must be {}", colour, found, enough_contrast),
                     "Take a darker one; text and buttons have this colour."};
    int lighter = 0;
    while (lighter < 100 && contrast(lightened(main, lighter), dark_soft) < enough_contrast) ++lighter;
    const auto in_the_dark = lightened(main, lighter);
    const auto on_dark = contrast(in_the_dark, white) >= enough_contrast ? "#ffffff" : "#06272a";
    auto rules = fmt::format(":root{{--main:{};--on-main:#ffffff}}@media (prefers-color-scheme:dark){{:root{{--main:{};--on-main:{}}}}}",
                       written(main), written(in_the_dark), on_dark);
    return Result<std::string>(boost::system::in_place_value, std::move(rules));
}

}  // namespace amana::web
