// SPDX-License-Identifier: AGPL-3.0-or-later
// Commands as staff run them, one after the other, and what they say.
#pragma once

#include "desk/commands.hpp"
#include "tests/desk/fixture.hpp"

#include <optional>

#include <unistd.h>

namespace amana::desk::testing {

class Session {
public:
    Session()
    {
        REQUIRE(write_durable(folder_.path() / "pass", as_bytes(passphrase), 0600, DurableFile::Existing::refuse).has_value());
        line.directory = folder_.path() / "desk";
        line.passphrase_file = folder_.path() / "pass";
        line.weeks = 2;
        line.data = shipped_data();
    }

    CommandLine line;
    std::string said;

    UnixTime time = now;

    template <typename Value>
    [[nodiscard]] Result<Value> run(Result<Value> (*command)(const CommandLine&, const Surroundings&))
    {
        std::optional<Result<Value>> result;
        said = printed([&](int fd) {
            const UniqueFd before(::dup(STDOUT_FILENO));
            REQUIRE(::dup2(fd, STDOUT_FILENO) >= 0);
            result = command(line, Surroundings{[this] { return time; }, quick});
            REQUIRE(::dup2(before.get(), STDOUT_FILENO) >= 0);
        });
        return *std::move(result);
    }
    void put_bundle(const Bytes& bundle)
    {
        line.bundles = {path("bundle")};
        REQUIRE(write_durable(line.bundles.front(), bundle, 0600, DurableFile::Existing::replace).has_value());
    }
    [[nodiscard]] std::filesystem::path path(const char* name) const { return folder_.path() / name; }

private:
    TemporaryFolder folder_;
};

}  // namespace amana::desk::testing
