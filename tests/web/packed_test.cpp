// SPDX-License-Identifier: AGPL-3.0-or-later
// Packed pages: whatever stands in the holes, a gzip reader finds the parts and the holes joined, and the size is always one.
#include "tests/support/catch.hpp"
#include "tests/web/gunzip.hpp"
#include "web/packed.hpp"

#include <cstdlib>
#include <iostream>
#include <numeric>
#include <random>

namespace amana {

namespace {

using Catch::Contains;
using test::gunzipped;
using web::PackedPage;

// The gzip file as it is sent.
std::string sent(const std::vector<Bytes>& pieces, const std::vector<Bytes>& holes)
{
    REQUIRE(pieces.size() == holes.size() + 1);
    std::string whole;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        whole += as_text(pieces[i]);
        if (i < holes.size()) whole += as_text(holes[i]);
    }
    return whole;
}

PackedPage pack(const std::vector<std::string>& parts)
{
    const std::vector<std::string_view> views(parts.begin(), parts.end());
    return PackedPage::pack(views);
}

std::optional<std::string> through(const std::vector<std::string>& parts, const std::vector<Bytes>& holes)
{
    const std::vector<ByteView> views(holes.begin(), holes.end());
    const auto pieces = pack(parts).around(views);
    REQUIRE(pieces.has_value());
    const auto whole = sent(*pieces, holes);
    CHECK(whole.size() == web::packed_page_bytes);
    return gunzipped(whole);
}

std::string joined(const std::vector<std::string>& parts, const std::vector<Bytes>& holes)
{
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        text += parts[i];
        if (i < holes.size()) text += as_text(holes[i]);
    }
    return text;
}

Bytes random_bytes(std::mt19937_64& random, std::size_t size)
{
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<Byte>(random());
    return bytes;
}

}  // namespace

TEST_CASE("a page without a hole", "[web]")
{
    for (const auto& text : {std::string(), std::string("x"), std::string("<p>سلام</p>\n"), std::string(1'000'000, 'a')}) {
        const auto packed = pack({text}).whole();
        REQUIRE(packed.has_value());
        CHECK(packed->size() == web::packed_page_bytes);
        CHECK(gunzipped(*packed) == text);
    }
}

TEST_CASE("the head is a gzip file's that says nothing of when and where it was made", "[web]")
{
    const auto packed = pack({"text"}).whole().value();
    // RFC 1952, 2.3: magic, deflate, FEXTRA, no time, slowest, unknown system.
    CHECK(packed.substr(0, 10) == std::string("\x1f\x8b\x08\x04\0\0\0\0\x02\xff", 10));
    const auto extra = static_cast<Byte>(packed[10]) | static_cast<Byte>(packed[11]) << 8;
    const auto field = static_cast<Byte>(packed[14]) | static_cast<Byte>(packed[15]) << 8;
    CHECK(extra == field + 4);
    CHECK(packed.substr(16, static_cast<std::size_t>(field)).find_first_not_of('\0') == std::string::npos);
    CHECK(pack({"text"}).whole().value() == packed);
}

TEST_CASE("holes of every size up to what fits", "[web]")
{
    const std::vector<std::string> parts{"<a href=\"", "\">", "</a>"};
    const auto room = web::packed_page_bytes - pack(parts).least_bytes(0);
    std::mt19937_64 random(7);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{255}, std::size_t{256}, room - 1, room}) {
        INFO(size);
        const std::vector<Bytes> holes{random_bytes(random, size), {}};
        CHECK(through(parts, holes) == joined(parts, holes));
        const std::vector<Bytes> other{{}, random_bytes(random, size)};
        CHECK(through(parts, other) == joined(parts, other));
    }
    const Bytes one_more(room + 1);
    const std::array<ByteView, 2> holes{one_more, ByteView()};
    const auto refused = pack(parts).around(holes);
    REQUIRE(refused.has_error());
    CHECK_THAT(refused.error().message, Contains("a page takes 1 bytes more than the 13312"));
    const Bytes most(65535);
    const std::array<ByteView, 2> large{most, ByteView()};
    CHECK(pack(parts).around(large).has_error());
}

TEST_CASE("what is too large even without holes", "[web]")
{
    std::mt19937_64 random(8);
    const auto noise = random_bytes(random, web::packed_page_bytes);
    CHECK(pack({std::string(as_text(noise))}).whole().has_error());
}

TEST_CASE("what stands in a hole is compressed beside nothing", "[web]")
{
    // A secret that repeats what stands around it takes as much as any other.
    const std::vector<std::string> parts{std::string(300, 's'), std::string(300, 's')};
    const auto pieces = [&](const std::string& secret) {
        const auto bytes = Bytes(as_bytes(secret).begin(), as_bytes(secret).end());
        const std::array<ByteView, 1> holes{bytes};
        const auto around = pack(parts).around(holes).value();
        std::vector<std::size_t> sizes;
        for (const auto& piece : around) sizes.push_back(piece.size());
        return sizes;
    };
    CHECK(pieces(std::string(300, 's')) == pieces(std::string(300, 'x')));
    CHECK(pack(parts).least_bytes(300) == pack(parts).least_bytes(0) + 300);
}

TEST_CASE("random parts around random holes", "[web]")
{
    const char* given = std::getenv("AMANA_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::mt19937_64 random(seed);
    const char* tier = std::getenv("AMANA_TIER");
    const int rounds = tier != nullptr && std::string_view(tier) == "full" ? 3000 : 200;
    std::cout << "AMANA_SEED=" << seed << ", count: " << rounds << "\n";
    for (int round = 0; round < rounds; ++round) {
        const auto count = 1 + random() % 6;
        std::vector<std::string> parts;
        std::vector<Bytes> holes;
        for (std::size_t i = 0; i < count; ++i) {
            std::string part;
            for (auto words = random() % 400; words > 0; --words) part += std::array{"<p>", "سلام", "\n", "word ", "\0", "</p>"}[random() % 6];
            parts.push_back(part);
            if (i + 1 < count) holes.push_back(random_bytes(random, random() % 600));
        }
        INFO("round " << round);
        CHECK(through(parts, holes) == joined(parts, holes));
    }
}

}  // namespace amana
