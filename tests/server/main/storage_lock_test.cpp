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
        CHECK(running->told.pressure == 0);
        CHECK(running->told.storage == 0);
        show_steps(*lock, {3, 1});
        const auto size = std::filesystem::file_size(directory.path() / "lock");
        CHECK(running_server(directory.path())->process == running->process);
        CHECK(running_server(directory.path())->told.pressure == 3);
        CHECK(running_server(directory.path())->told.storage == 1);
        show_steps(*lock, {0, 3});
        CHECK(running_server(directory.path())->told.storage == 3);
        CHECK(std::filesystem::file_size(directory.path() / "lock") == size);
        const auto second = lock_storage(directory.path());
        REQUIRE(!second.has_value());
        CHECK_THAT(second.error().message, Catch::Contains("process " + std::to_string(::getpid())));
    }
    CHECK_FALSE(running_server(directory.path()));
    CHECK(lock_storage(directory.path()).has_value());
}

}  // namespace amana::server::test
