// SPDX-License-Identifier: AGPL-3.0-or-later
// Memory for secrets: zeroed at first, wiped when told, never beyond its bounds.
#include "base/secret.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace amana {

namespace {

bool zero(ByteView bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](Byte byte) { return byte == 0; });
}

}  // namespace

TEST_CASE("a secret buffer is zero, moves, and is wiped")
{
    SecretBuffer buffer(100);
    CHECK(zero(buffer.view()));
    std::fill_n(buffer.data(), 100, Byte{7});
    auto moved = std::move(buffer);
    CHECK(buffer.empty());  // NOLINT(bugprone-use-after-move): what a move leaves is the question
    CHECK(moved.size() == 100);
    CHECK(moved.view()[99] == 7);
    moved.wipe();
    CHECK(zero(moved.view()));
    CHECK(SecretBuffer().empty());
    CHECK(SecretBuffer(0).empty());
    const auto copy = SecretBuffer::copy_of(as_bytes("secret"));
    CHECK(as_text(copy.view()) == "secret");
    CHECK(SecretBuffer::copy_of({}).empty());
}

TEST_CASE("a secret text grows to its maximum and keeps what it has")
{
    SecretText text(10'000);
    CHECK(text.empty());
    CHECK(text.text().empty());
    std::string expected;
    while (expected.size() + 7 <= 10'000) {
        REQUIRE(text.append("secret "));
        expected += "secret ";
        REQUIRE(text.text() == expected);
    }
    // What does not fit whole is not begun.
    CHECK_FALSE(text.append("secret "));
    CHECK(text.text() == expected);
    CHECK(text.append(std::string(10'000 - expected.size(), 'x')));
    CHECK(text.size() == 10'000);
    CHECK_FALSE(text.append("x"));
    CHECK(text.append(""));
    SecretText none(0);
    CHECK(none.append(""));
    CHECK_FALSE(none.append("x"));
}

TEST_CASE("what is cut off a secret text is wiped")
{
    SecretText text(100);
    REQUIRE(text.append("keep, forget"));
    const auto whole = text.view();
    text.truncate(4);
    CHECK(text.text() == "keep");
    // The memory is still this text's own.
    CHECK(zero(whole.subspan(4)));
    REQUIRE(text.append("!"));
    CHECK(text.text() == "keep!");
}

TEST_CASE("a secret array is wiped when it goes")
{
    // Where it stood is looked at again, in memory of our own.
    alignas(SecretArray<32>) ByteArray<sizeof(SecretArray<32>)> memory;
    memory.fill(0x11);
    auto* secret = ::new (memory.data()) SecretArray<32>();
    CHECK(zero(secret->view()));
    std::fill_n(secret->data(), 32, Byte{7});
    std::destroy_at(secret);
    CHECK(zero(memory));
}

}  // namespace amana
