// SPDX-License-Identifier: AGPL-3.0-or-later
// Text forms of bytes, reading within bounds, UTF-8, and the clock's text.
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/reader.hpp"
#include "base/utf8.hpp"
#include "tests/support/catch.hpp"

namespace amana {

namespace {

bool is_hex(std::string_view text, std::size_t size)
{
    Bytes out(size);
    return from_hex(text, out).has_value();
}

bool is_base64(std::string_view text, std::size_t max = 1000)
{
    return from_base64(text, max).has_value();
}

}  // namespace

TEST_CASE("hexadecimal: one value, one text")
{
    CHECK(to_hex({}).empty());
    const Bytes bytes{0x00, 0x1f, 0xff, 0xa0};
    CHECK(to_hex(bytes) == "001fffa0");
    Bytes back(4);
    REQUIRE(from_hex("001fffa0", back).has_value());
    CHECK(back == bytes);
    CHECK(is_hex("", 0));
    for (const std::string_view text : {"001fffa", "001fffa00", "001FFFA0", "001fffg0", "00 1ffa0", "0x1fffa0", "001fff\n0", ""})
        CHECK_FALSE(is_hex(text, 4));
    CHECK_FALSE(is_hex(std::string_view("001fff\0a", 8), 4));
}

TEST_CASE("base64: what the encoder writes and nothing else")
{
    // RFC 4648, section 10.
    const std::pair<std::string_view, std::string_view> published[]{{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},   {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
    for (const auto& [text, encoded] : published) {
        CHECK(to_base64(as_bytes(text)) == encoded);
        const auto decoded = from_base64(encoded, text.size());
        REQUIRE(decoded.has_value());
        CHECK(as_text(*decoded) == text);
        if (!text.empty()) CHECK_FALSE(is_base64(encoded, text.size() - 1));
    }
    for (const std::string_view text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z", "=", "====", "Zm9v ", " Zm9v", "Zm\n9v", "Zm9v\n", "Zm9-", "Zm_v",
                                        "Zg==Zg==", "Zm8=x", "Zm9vY===", "Zm9v=", "Zm9v===="})
        CHECK_FALSE(is_base64(text));
    CHECK_FALSE(is_base64(std::string_view("Zm9v\0", 5)));
    Bytes all(256);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Byte>(i);
    CHECK(from_base64(to_base64(all), 256).value() == all);
    CHECK_FALSE(is_base64(to_base64(all), 255));
}

TEST_CASE("equality in constant time is equality")
{
    CHECK(equal_constant_time({}, {}));
    CHECK(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
    CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
    CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
    CHECK_FALSE(equal_constant_time({}, as_bytes("a")));
}

TEST_CASE("a reader gives what is there and stays failed")
{
    const Bytes bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    Reader reader(bytes);
    CHECK(reader.integer<std::uint8_t>() == 0x01);
    CHECK(reader.integer<std::uint16_t>() == 0x0203);
    CHECK(reader.integer<std::uint32_t>() == 0x04050607);
    CHECK(reader.integer<std::uint64_t>() == 0x08090a0b0c0d0e0f);
    CHECK(reader.done());
    CHECK(reader.bytes(0).empty());
    CHECK(reader.ok());
    CHECK(reader.integer<std::uint8_t>() == 0);
    CHECK_FALSE(reader.ok());
    CHECK_FALSE(reader.done());
    CHECK(reader.bytes(0).empty());
    CHECK_FALSE(reader.ok());

    Reader short_one(ByteView(bytes).first(3));
    CHECK(short_one.integer<std::uint32_t>() == 0);
    CHECK_FALSE(short_one.ok());
    // What is left can't be read after a failure.
    CHECK(short_one.integer<std::uint8_t>() == 0);
    Reader huge(bytes);
    CHECK(huge.bytes(SIZE_MAX).empty());
    CHECK_FALSE(huge.ok());
}

TEST_CASE("counted bytes are bounded by what is allowed and by what is there")
{
    const auto written = Writer().counted(as_bytes("text")).integer(std::uint16_t{7}).take();
    CHECK(to_hex(written) == "00000004746578740007");
    Reader reader(written);
    CHECK(as_text(reader.counted(4)) == "text");
    CHECK(reader.integer<std::uint16_t>() == 7);
    CHECK(reader.done());
    Reader small(written);
    CHECK(small.counted(3).empty());
    CHECK_FALSE(small.ok());
    Reader cut(ByteView(written).first(7));
    CHECK(cut.counted(100).empty());
    CHECK_FALSE(cut.ok());
    const Bytes claims_much{0xff, 0xff, 0xff, 0xff, 1};
    Reader claimed(claims_much);
    CHECK(claimed.counted(SIZE_MAX).empty());
    CHECK_FALSE(claimed.ok());
}

TEST_CASE("UTF-8: the borders of table 3-7 of the Unicode Standard")
{
    const std::pair<std::string_view, char32_t> good[]{
        {"\x7f", 0x7f},           {"\xc2\x80", 0x80},         {"\xdf\xbf", 0x7ff},          {"\xe0\xa0\x80", 0x800},
        {"\xe0\xbf\xbf", 0xfff},   {"\xe1\x80\x80", 0x1000},   {"\xec\xbf\xbf", 0xcfff},     {"\xed\x80\x80", 0xd000},
        {"\xed\x9f\xbf", 0xd7ff},  {"\xee\x80\x80", 0xe000},   {"\xef\xbf\xbf", 0xffff},     {"\xf0\x90\x80\x80", 0x10000},
        {"\xf0\xbf\xbf\xbf", 0x3ffff}, {"\xf1\x80\x80\x80", 0x40000}, {"\xf3\xbf\xbf\xbf", 0xfffff}, {"\xf4\x80\x80\x80", 0x100000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    for (const auto& [text, point] : good) {
        auto rest = text;
        CHECK(next_code_point(rest) == point);
        CHECK(rest.empty());
        CHECK(utf8_length(text) == 1);
    }
    for (const std::string_view text :
         {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80\x7f",
          "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf1\x80\x80\xc0", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "a\xff", "\xc2\x80\x80"}) {
        INFO(to_hex(as_bytes(text)));
        CHECK_FALSE(utf8_length(text).has_value());
    }
    CHECK(utf8_length("") == 0);
    CHECK(utf8_length(std::string_view("a\0b", 3)) == 3);
    CHECK(utf8_length("أمانة 😀") == 7);
    // After a bad byte the rest is read on.
    std::string_view mixed = "\xff" "a";
    CHECK_FALSE(next_code_point(mixed).has_value());
    CHECK(next_code_point(mixed) == U'a');
}

TEST_CASE("the time of day as text")
{
    CHECK(to_rfc3339(0) == "1970-01-01T00:00:00Z");
    CHECK(to_rfc3339(1'795'392'000) == "2026-11-23T00:00:00Z");
    CHECK(to_rfc3339(253'402'300'799) == "9999-12-31T23:59:59Z");
}

}  // namespace amana
