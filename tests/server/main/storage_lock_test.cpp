// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/storage_lock.hpp"
#include "server/main/warden_directory.hpp"

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
        CHECK(running->attending.empty());
        CHECK(running->told.pressure == 0);
        CHECK(running->told.storage == 0);
        show(*lock, {{3, 1}, {}, {}});
        CHECK_FALSE(running_server(directory.path())->store);
        const auto size = std::filesystem::file_size(directory.path() / "lock");
        CHECK(running_server(directory.path())->process == running->process);
        CHECK(running_server(directory.path())->told.pressure == 3);
        CHECK(running_server(directory.path())->told.storage == 1);
        CHECK(running_server(directory.path())->told.restarts == 0);
        show(*lock, {{0, 3, 1'234}, {}, {}});
        CHECK(running_server(directory.path())->told.restarts == 1234);
        show(*lock, {{0, 3, 5'000'000}, {}, {}});
        CHECK(running_server(directory.path())->told.restarts == Steps::most_restarts);
        CHECK(running_server(directory.path())->told.storage == 3);
        show(*lock, {{0, 3, 5'000'000}, {4'194'304, 17}, {}});
        CHECK(running_server(directory.path())->attending == std::vector<std::string>{"4194304", "17"});
        const wire::StoreFacts facts{1ULL << 63, 31, 9'999'999, 9'999'999};
        show(*lock, {{0, 3, 7}, {0, 18}, facts});
        CHECK(running_server(directory.path())->store == facts);
        CHECK(running_server(directory.path())->attending == std::vector<std::string>{"18"});
        CHECK(std::filesystem::file_size(directory.path() / "lock") == size);
        const auto second = lock_storage(directory.path());
        REQUIRE(!second.has_value());
        CHECK_THAT(second.error().message, Catch::Contains("process " + std::to_string(::getpid())));
    }
    CHECK_FALSE(running_server(directory.path()));
    CHECK(lock_storage(directory.path()).has_value());
}

TEST_CASE("where there is a directory beside the store, what is the warden's is there")
{
    const TemporaryDirectory directory;
    const auto storage = directory.path() / "store";
    CHECK(beside(storage) == directory.path() / "store.warden");
    CHECK(beside(storage / "") == directory.path() / "store.warden");
    CHECK(warden_directory(storage) == storage);
    write_text(beside(storage), "no directory");
    CHECK(warden_directory(storage) == storage);
    std::filesystem::remove(beside(storage));
    std::filesystem::create_directory(beside(storage));
    CHECK(warden_directory(storage) == beside(storage));
    CHECK(warden_directory(storage / "") == beside(storage));
    REQUIRE(lock_storage(warden_directory(storage)).has_value());
    CHECK(std::filesystem::exists(beside(storage) / "lock"));
}

}  // namespace amana::server::test
