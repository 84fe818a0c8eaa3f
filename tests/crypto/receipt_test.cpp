// SPDX-License-Identifier: AGPL-3.0-or-later
// The receipt code: what is typed, what it catches, and the keys that come from it, held to tests/vectors/receipt.json.
#include "crypto/receipt.hpp"

#include "base/file.hpp"
#include "tests/crypto/hex.hpp"
#include "tests/support/catch.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <set>

namespace amana::crypto {

namespace {

using testing::hex;
using testing::hex_array;

boost::json::array vectors()
{
    const auto* source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    const auto text = read_file(std::string(source) + "/tests/vectors/receipt.json", 1 << 20).value();
    return boost::json::parse(as_text(text)).as_array();
}

std::string_view member(const boost::json::value& object, const char* name)
{
    return object.at(name).as_string();
}

std::string flat(ByteView bytes) { return to_hex(bytes); }

}  // namespace

TEST_CASE("what is typed, and the keys that come from it, are as the vectors say")
{
    std::size_t read = 0, refused = 0;
    for (const auto& entry : vectors()) {
        INFO(member(entry, "comment"));
        const auto receipt = Receipt::read(member(entry, "typed"));
        if (entry.as_object().contains("fault")) {
            REQUIRE(receipt.has_error());
            CHECK((receipt.error() == CodeFault::check ? "check" : "count") == member(entry, "fault"));
            ++refused;
            continue;
        }
        REQUIRE(receipt.has_value());
        CHECK(receipt->digits() == member(entry, "digits"));
        const auto keys = receipt->keys(hex_array<hash_bytes>(member(entry, "root")));
        CHECK(flat(keys.inbox) == member(entry, "inbox"));
        CHECK(flat(keys.reply.view()) == member(entry, "reply"));
        CHECK(flat(keys.erasure.view()) == member(entry, "erasure"));
        CHECK(flat(sha256(xwing_public_key(keys.reply.view()))) == member(entry, "reply_public"));
        CHECK(flat(signing_public_key(keys.erasure.view())) == member(entry, "erasure_public"));
        ++read;
    }
    CHECK(read >= 20);
    CHECK(refused >= 10);
}

TEST_CASE("a new code is good, and no other; every wrong digit and every swap of neighbours is caught")
{
    std::set<std::string> seen;
    std::array<std::size_t, 10> counts{};
    std::size_t slips = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string code(Receipt::make().digits());
        CHECK(seen.insert(code).second);
        CHECK(Receipt::read(code)->digits() == code);
        for (std::size_t at = 0; at < receipt_digits; ++at) {
            ++counts.at(static_cast<std::size_t>(code[at] - '0'));
            auto wrong = code;
            for (char digit = '0'; digit <= '9'; ++digit) {
                wrong[at] = digit;
                if (digit == code[at]) continue;
                const auto told = Receipt::read(wrong);
                REQUIRE(told.has_error());
                REQUIRE(told.error() == CodeFault::check);
                ++slips;
            }
            wrong = code;
            if (at + 1 == receipt_digits || wrong[at] == wrong[at + 1]) continue;
            std::swap(wrong[at], wrong[at + 1]);
            REQUIRE(Receipt::read(wrong).has_error());
            ++slips;
        }
    }
    std::cout << slips << " slips caught\n";
    // 5600 digits: 560 of each are expected, with a deviation of 22.
    for (const auto count : counts) {
        CHECK(count > 450);
        CHECK(count < 670);
    }
}

TEST_CASE("bytes that are no text count for no digits")
{
    const std::string code(Receipt::make().digits());
    for (const std::string_view broken : {"\xFF", "\xC2", "\xE0\xA5", "\xF0\x9D\x9F", "\xED\xA0\x80", "\x80", "\xF8\x88\x80\x80\x80", "\xC1\xB0"}) {
        INFO(to_hex(as_bytes(broken)));
        CHECK(Receipt::read(std::string(broken) + code).has_value());
        CHECK(Receipt::read(code + std::string(broken))->digits() == code);
        CHECK(Receipt::read(code.substr(0, 9) + std::string(broken) + code.substr(9))->digits() == code);
    }
    CHECK(Receipt::read(code + std::string(max_typed_bytes - receipt_digits, ' ')).has_value());
    CHECK(Receipt::read(code + std::string(max_typed_bytes - receipt_digits + 1, ' ')).error() == CodeFault::count);
}

TEST_CASE("a seed gives one code, another another, and each digit as often")
{
    std::array<int, 10> counts{};
    std::set<std::string> codes;
    for (int i = 0; i < 200; ++i) {
        const auto seed = sha256(as_bytes(std::to_string(i)));
        const auto receipt = Receipt::of_seed(seed);
        const std::string digits(receipt.digits());
        CHECK(Receipt::of_seed(seed).digits() == digits);
        CHECK(Receipt::read(digits).has_value());
        CHECK(codes.insert(digits).second);
        for (const char digit : digits) ++counts.at(static_cast<std::size_t>(digit - '0'));
    }
    for (const auto count : counts) {
        CHECK(count > 450);
        CHECK(count < 670);
    }
}

TEST_CASE("what a code costs is printed")
{
    const auto receipt = Receipt::make();
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) (void)receipt.keys(Hash{});
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    std::cout << took.count() / 100 << " ms from a code to its keys\n";
}

}  // namespace amana::crypto
