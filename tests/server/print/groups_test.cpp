// SPDX-License-Identifier: AGPL-3.0-or-later
// What is typed and compared is cut at the places that were promised, and put together again it is what it was.
#include "server/print/groups.hpp"
#include "tests/support/catch.hpp"

#include <numeric>

namespace amana::print::test {

namespace {

using Strings = std::vector<std::string>;

std::string joined(const Strings& pieces) { return std::accumulate(pieces.begin(), pieces.end(), std::string()); }

}  // namespace

TEST_CASE("a fingerprint is sixteen groups of four")
{
    const std::string root = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const auto groups = groups_of(root);
    REQUIRE(groups.size() == 16);
    for (const auto& group : groups) CHECK(group.size() == 4);
    CHECK(groups[1] == "4567");
    CHECK(joined(groups) == root);
    CHECK(groups_of("").empty());
    CHECK(groups_of("abcde") == Strings{"abcd", "e"});
}

TEST_CASE("an onion host is fourteen groups of four and its ending")
{
    const std::string host = "vatdtnxyyotoknwyzrlcyo4g75fqcleevmrqyhs34ze2vgwsnuqr7iqd.onion";
    const auto groups = onion_groups(host);
    REQUIRE(groups.size() == 15);
    CHECK(groups.front() == "vatd");
    CHECK(groups[13] == "7iqd");
    CHECK(groups.back() == ".onion");
    CHECK(joined(groups) == host);
}

TEST_CASE("an address is broken before dots and slashes alone")
{
    CHECK(address_pieces("https://reports.example.org") == Strings{"https://", "reports", ".example", ".org"});
    CHECK(address_pieces("https://re-ports.example.org:8443/ar/x") ==
          Strings{"https://", "re-ports", ".example", ".org:8443", "/ar", "/x"});
    CHECK(address_pieces("https://a.b/") == Strings{"https://", "a", ".b", "/"});
    CHECK(address_pieces("a..b") == Strings{"a", ".", ".b"});
    CHECK(address_pieces("a") == Strings{"a"});
}

TEST_CASE("a telephone number stays together, and in its order")
{
    const std::string held = "\u202D+90\u00A0312\u00A0555\u202C";
    CHECK(hold_numbers("الشرطة 999، السفارة +90 312 555", true) == "الشرطة \u202D999\u202C، السفارة " + held);
    CHECK(hold_numbers("+90 312 555 (day)", true) == held + " (day)");
    CHECK(hold_numbers("(0)30 1-2.", true) == "\u202D(0)30\u00A01-2\u202C.");
    CHECK(hold_numbers("۱۱۲ ٩٩", true) == "\u202D۱۱۲\u00A0٩٩\u202C");
    CHECK(hold_numbers("Police 999, +90 312", false) == "Police 999, +90\u00A0312");
    CHECK(hold_numbers("call + (now)", true) == "call + (now)");
    CHECK(hold_numbers("", true).empty());
}

}  // namespace amana::print::test
