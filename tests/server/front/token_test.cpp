// SPDX-License-Identifier: AGPL-3.0-or-later
// Tokens: ours, of an age, and whole; and what solves a puzzle.
#include "server/front/token.hpp"
#include "tests/support/catch.hpp"

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

const SteadyClock::time_point start{1000h};

}  // namespace

TEST_CASE("a token is good for its process and its time")
{
    Tokens tokens(start), others(start);
    const auto form = tokens.make(0, start), puzzle = tokens.make(9, start + 1s);
    CHECK(Tokens::text(form).size() == token_text_bytes);
    REQUIRE(tokens.check_text(Tokens::text(form), start + 5h));
    CHECK(tokens.check(form, start + 5h)->bits() == 0);
    CHECK(tokens.check(puzzle, start + 5min)->bits() == 9);
    CHECK(tokens.check(form, start)->name() != tokens.check(puzzle, start + 1s)->name());
    CHECK(tokens.check(puzzle, start + 5min)->fresh());
    CHECK_FALSE(tokens.check(puzzle, start + 11min)->fresh());
    CHECK_FALSE(others.check(form, start));
    CHECK_FALSE(tokens.check(form, start + 13h));
    CHECK_FALSE(tokens.check_text("", start));
    CHECK_FALSE(tokens.check_text(std::string(token_text_bytes, '='), start));
    Tokens fresh(start);
    const auto token = fresh.make(0, start);
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed.at(i) ^= 1;
        CHECK_FALSE(fresh.check(changed, start));
    }
    CHECK(fresh.check(token, start + 6h - 1s)->fresh());  // a key later
    CHECK_FALSE(fresh.check(token, start + 6h + 5s)->fresh());
    CHECK_FALSE(fresh.check(token, start + 12h + 5s));
}

TEST_CASE("a puzzle is solved by its numbers alone")
{
    Tokens tokens(start);
    const auto bytes = tokens.make(6, start);
    const auto token = tokens.check(bytes, start);
    REQUIRE(token);
    auto numbers = crypto::work(bytes, 6);
    CHECK(token->solved_by(numbers));
    CHECK_FALSE(tokens.check(tokens.make(6, start), start)->solved_by(numbers));
    CHECK_FALSE(tokens.check(tokens.make(0, start), start)->solved_by({}));
    for (auto& number : numbers) {
        std::swap(number, numbers.at(0));
        if (number != numbers.at(0)) CHECK_FALSE(token->solved_by(numbers));
        std::swap(number, numbers.at(0));
    }
}

}  // namespace amana::front::test
