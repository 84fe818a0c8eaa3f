// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/storage_lock.hpp"

#include <unistd.h>

namespace amana::server::test {

TEST_CASE("one server to a directory; the other is named; the lock goes with its holder")
{
    const TemporaryDirectory directory;
    CHECK_FALSE(running_server(directory.path()));
    {
        const auto lock = lock_storage(directory.path());
        REQUIRE(lock.has_value());
        const auto running = running_server(directory.path());
        REQUIRE(running);
        CHECK(running->process == std::to_string(::getpid()));
        const auto second = lock_storage(directory.path());
        REQUIRE(!second.has_value());
        CHECK_THAT(second.error().message, Catch::Contains("process " + std::to_string(::getpid())));
    }
    CHECK_FALSE(running_server(directory.path()));
    CHECK(lock_storage(directory.path()).has_value());
}

}  // namespace amana::server::test
