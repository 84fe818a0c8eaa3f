// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/surface.hpp"

#include <boost/crc.hpp>
#include <cairo-pdf.h>

#include <algorithm>
#include <cmath>

namespace amana::print {

namespace {

// cairo would write the time of day.
constexpr auto no_time = "1970-01-01T00:00:00Z";

cairo_status_t keep(void* bytes, const unsigned char* data, unsigned int size)
{
    append(*static_cast<Bytes*>(bytes), {data, size});
    return CAIRO_STATUS_SUCCESS;
}

cairo_status_t take(void* left, unsigned char* data, unsigned int size)
{
    auto& bytes = *static_cast<ByteView*>(left);
    if (bytes.size() < size) return CAIRO_STATUS_READ_ERROR;
    std::copy_n(bytes.data(), size, data);
    bytes = bytes.subspan(size);
    return CAIRO_STATUS_SUCCESS;
}

Error cairo_error(const char* attempted, cairo_status_t status)
{
    return Error{std::string(attempted) + ": " + cairo_status_to_string(status), ""};
}

// A pHYs chunk (PNG, 11.3.5.3) behind the header, so that the picture is printed at its size: cairo writes none.
void say_resolution(Bytes& png)
{
    constexpr std::size_t header_end = 8 + 25;  // the signature, then IHDR, which always comes first
    const auto per_metre = static_cast<std::uint32_t>(std::lround(dots_per_inch / 0.0254));
    const auto big_endian = [](Bytes& to, std::uint32_t value) {
        for (const unsigned shift : {24U, 16U, 8U, 0U}) to.push_back(static_cast<Byte>(value >> shift));
    };
    Bytes body;
    append(body, as_bytes("pHYs"));
    big_endian(body, per_metre);
    big_endian(body, per_metre);
    body.push_back(1);  // the unit is the metre
    boost::crc_32_type sum;
    sum.process_bytes(body.data(), body.size());

    Bytes chunk;
    big_endian(chunk, static_cast<std::uint32_t>(body.size() - 4));
    append(chunk, body);
    big_endian(chunk, sum.checksum());
    png.insert(png.begin() + header_end, chunk.begin(), chunk.end());
}

}  // namespace

Result<Bytes> as_pdf(Size size, const std::vector<Painter>& pages, const std::string& title)
{
    Bytes bytes;
    const Surface surface(cairo_pdf_surface_create_for_stream(keep, &bytes, size.width, size.height));
    cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, title.c_str());
    cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, no_time);
    const Cairo cairo(cairo_create(surface.get()));
    for (const auto& page : pages) {
        cairo_save(cairo.get());
        page(cairo.get());
        cairo_restore(cairo.get());
        cairo_show_page(cairo.get());
    }
    cairo_surface_finish(surface.get());
    if (const auto status = cairo_status(cairo.get()); status != CAIRO_STATUS_SUCCESS)
        return cairo_error("can't draw the PDF", status);
    if (const auto status = cairo_surface_status(surface.get()); status != CAIRO_STATUS_SUCCESS)
        return cairo_error("can't write the PDF", status);
    return bytes;
}

Result<Bytes> as_png(Size size, const Painter& page)
{
    constexpr double scale = dots_per_inch / 72;
    const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::lround(size.width * scale)),
                                                     static_cast<int>(std::lround(size.height * scale))));
    const Cairo cairo(cairo_create(surface.get()));
    cairo_set_source_rgb(cairo.get(), 1, 1, 1);
    cairo_paint(cairo.get());
    cairo_scale(cairo.get(), scale, scale);
    page(cairo.get());
    if (const auto status = cairo_status(cairo.get()); status != CAIRO_STATUS_SUCCESS)
        return cairo_error("can't draw the PNG", status);
    Bytes bytes;
    if (const auto status = cairo_surface_write_to_png_stream(surface.get(), keep, &bytes); status != CAIRO_STATUS_SUCCESS)
        return cairo_error("can't write the PNG", status);
    say_resolution(bytes);
    return bytes;
}

Result<std::shared_ptr<cairo_surface_t>> read_png(ByteView bytes)
{
    std::shared_ptr<cairo_surface_t> picture(cairo_image_surface_create_from_png_stream(take, &bytes),
                                             cairo_surface_destroy);
    const auto status = cairo_surface_status(picture.get());
    if (status == CAIRO_STATUS_SUCCESS) return picture;
    return cairo_error("not a PNG", status);
}

}  // namespace amana::print
