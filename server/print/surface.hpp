// SPDX-License-Identifier: AGPL-3.0-or-later
// Paper: cairo drawings as the bytes of a PDF or of a PNG. The same drawing gives the same bytes: no time, no user and no
// machine is in them. All lengths are points (1/72 inch).
#pragma once

#include "base/bytes.hpp"

#include <cairo.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace amana::print {

inline constexpr double points_per_mm = 72.0 / 25.4;
inline constexpr double dots_per_inch = 300;

struct Size {
    double width;
    double height;
};
inline constexpr Size a4{210 * points_per_mm, 297 * points_per_mm};
inline constexpr Size id1{85.6 * points_per_mm, 54 * points_per_mm};  // ISO/IEC 7810

using Painter = std::function<void(cairo_t*)>;

[[nodiscard]] Result<Bytes> as_pdf(Size size, const std::vector<Painter>& pages, const std::string& title);
// At 300 dots per inch, which the file says too; on white.
[[nodiscard]] Result<Bytes> as_png(Size size, const Painter& page);

template <auto Destroy>
struct Destroyer {
    template <typename T>
    void operator()(T* thing) const
    {
        Destroy(thing);
    }
};
using Surface = std::unique_ptr<cairo_surface_t, Destroyer<cairo_surface_destroy>>;
using Cairo = std::unique_ptr<cairo_t, Destroyer<cairo_destroy>>;

// A PNG's bytes as a picture.
[[nodiscard]] Result<std::shared_ptr<cairo_surface_t>> read_png(ByteView bytes);

}  // namespace amana::print
