// SPDX-License-Identifier: AGPL-3.0-or-later
// A desk that has seen part of a log, and the check that a refused bundle changed nothing of it.
#pragma once

#include "tests/desk/fixture.hpp"

namespace amana::desk::testing {

// A desk, and a log of five reports of which it has seen three.
struct Halfway {
    Log log;
    Desk desk{log};
    Desk::State before;

    Halfway()
    {
        for (int i = 0; i < 5; ++i) log.entries.push_back(seal({}, desk.recipients()));
        REQUIRE(desk.import(log.bundle(0, 3)).has_value());
        before = desk.state();
        REQUIRE(before == Desk::State{3, 3, 3, 0});
    }

    void refused(const Bytes& bundle, const std::string& reason)
    {
        const auto result = desk.import(bundle);
        INFO("expected: " << reason);
        REQUIRE_FALSE(result.has_value());
        CHECK_THAT(result.error().text(), Catch::Contains(reason));
        CHECK(desk.state() == before);
    }
};

}  // namespace amana::desk::testing
