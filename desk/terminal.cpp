// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/terminal.hpp"

#include "base/file.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include <locale.h>
#include <unistd.h>
#include <wctype.h>

namespace amana::desk {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// Unicode 15: general categories Cc, Cf, Cs, Co, Zl and Zp, noncharacters, and whatever has the property
// Default_Ignorable_Code_Point or looks like nothing (U+2800). Of Cf, the marks that stand visibly before a number (such as
// U+0600) are left out.
constexpr Range invisible[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x061c, 0x061c},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x2800, 0x2800},   {0x3164, 0x3164},   {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},
    {0x13430, 0x13440}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff},
    {0x3fffe, 0x3ffff}, {0x4fffe, 0x4ffff}, {0x5fffe, 0x5ffff}, {0x6fffe, 0x6ffff}, {0x7fffe, 0x7ffff},
    {0x8fffe, 0x8ffff}, {0x9fffe, 0x9ffff}, {0xafffe, 0xaffff}, {0xbfffe, 0xbffff}, {0xcfffe, 0xcffff},
    {0xdfffe, 0xe0fff}, {0xefffe, 0x10ffff},
};

// glibc keeps this class for every UTF-8 locale from the Unicode tables; where it is missing, marks are not counted.
bool is_mark(char32_t point)
{
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    static const wctype_t combining = locale == nullptr ? 0 : ::wctype_l("combining", locale);
    return combining != 0 && ::iswctype_l(static_cast<wint_t>(point), combining, locale) != 0;
}

}  // namespace

bool is_harmless(char32_t point)
{
    const auto* range = std::lower_bound(std::begin(invisible), std::end(invisible), point,
                                         [](const Range& r, char32_t p) { return r.last < p; });
    return range == std::end(invisible) || point < range->first;
}

bool Neutraliser::stands_as_it_is(char32_t point)
{
    marks_ = is_mark(point) ? marks_ + 1 : 0;
    if (notation_ == Notation::json && (point == U'"' || point == U'\\')) return false;
    return marks_ <= max_marks && is_harmless(point);
}

std::string_view Neutraliser::escaped(char32_t point)
{
    auto* end = escape_.data();
    if (notation_ == Notation::terminal) {
        end = fmt::format_to(end, "⟨U+{:04X}⟩", static_cast<std::uint32_t>(point));
    } else if (point == U'"' || point == U'\\') {
        end = fmt::format_to(end, "\\{}", static_cast<char>(point));
    } else if (point < 0x10000) {
        end = fmt::format_to(end, "\\u{:04x}", static_cast<std::uint32_t>(point));
    } else {
        const auto above = static_cast<std::uint32_t>(point) - 0x10000;
        end = fmt::format_to(end, "\\u{:04x}\\u{:04x}", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff));
    }
    return {escape_.data(), static_cast<std::size_t>(end - escape_.data())};
}

std::string_view Neutraliser::next()
{
    const auto* const begin = rest_.data();
    std::size_t plain = 0;
    while (!rest_.empty()) {
        const auto before = rest_;
        const auto marks = marks_;
        const auto point = next_code_point(rest_);
        if (point && stands_as_it_is(*point)) {
            plain += before.size() - rest_.size();
            continue;
        }
        if (plain > 0) {  // what came before it goes first
            rest_ = before;
            marks_ = marks;
            break;
        }
        if (point) return escaped(*point);
        if (notation_ == Notation::json) return "\\ufffd";
        auto* const end = fmt::format_to(escape_.data(), "⟨0x{:02X}⟩", static_cast<unsigned char>(before.front()));
        return {escape_.data(), static_cast<std::size_t>(end - escape_.data())};
    }
    return {begin, plain};
}

std::string neutralised(std::string_view foreign, Notation notation)
{
    std::string out;
    Neutraliser pieces(foreign, notation);
    for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) out += piece;
    return out;
}

Output& Output::text(std::string_view ours)
{
    while (!ours.empty()) {
        constexpr std::size_t step = 4096;
        const auto piece = ours.substr(0, step);
        if (!buffer_.append(piece)) {
            flush();
            continue;
        }
        ours.remove_prefix(piece.size());
    }
    return *this;
}

Output& Output::foreign(std::string_view theirs, Notation notation)
{
    Neutraliser pieces(theirs, notation);
    for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) text(piece);
    return *this;
}

Output& Output::json_string(std::string_view theirs)
{
    return text("\"").foreign(theirs, Notation::json).text("\"");
}

void Output::flush()
{
    if (!failed_) {
        if (const auto written = write_full(fd_, buffer_.view()); !written) {
            failed_ = true;
            error_ = written.error();
        }
    }
    buffer_.truncate(0);
}

Result<void> Output::finish()
{
    flush();
    if (failed_) return error_;
    return {};
}

void say(std::string_view message)
{
    Output out(STDERR_FILENO);
    while (!message.empty()) {
        const auto end = std::min(message.find('\n'), message.size());
        out.foreign(message.substr(0, end)).text("\n");
        message.remove_prefix(std::min(end + 1, message.size()));
    }
}

}  // namespace amana::desk
