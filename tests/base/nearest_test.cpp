// SPDX-License-Identifier: AGPL-3.0-or-later
// A slip of the pen is told from another word.
#include "base/nearest.hpp"
#include "tests/support/catch.hpp"

namespace amana {

TEST_CASE("the nearest word is found when it is near")
{
    const std::vector<std::string> known{"options", "required", "max", "rows"};
    CHECK(nearest("optons", known) == "options");
    CHECK(nearest("requierd", known) == "required");
    CHECK(nearest("row", known) == "rows");
    CHECK(nearest("options", known) == "options");
    // Of two, the nearer; of equals, the first.
    CHECK(nearest("maxs", {"mast", "max"}) == "max");
    CHECK(nearest("cat", {"bat", "car"}) == "bat");
}

TEST_CASE("a word like none has no nearest")
{
    CHECK_FALSE(nearest("colour", {"options", "max"}).has_value());
    CHECK_FALSE(nearest("max", {}).has_value());
    CHECK_FALSE(nearest("", {"max"}).has_value());
    // As many letters as a third of the word may differ.
    CHECK(nearest("abcdefghi", {"abcdefxyz"}) == "abcdefxyz");
    CHECK_FALSE(nearest("abcdefghi", {"abcdewxyz"}).has_value());
    CHECK_FALSE(nearest(std::string(1 << 20, 'a'), {std::string(1 << 10, 'a')}).has_value());
}

}  // namespace amana
