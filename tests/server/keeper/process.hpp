// SPDX-License-Identifier: AGPL-3.0-or-later
// A real amana-keeper, started as the warden starts it.
#pragma once

#include "tests/server/keeper/fake_front.hpp"

#include <sys/types.h>

namespace amana::keeper::test {

class KeeperProcess {
public:
    // Sends the slice. Serving unless there are arguments.
    explicit KeeperProcess(const wire::KeeperSlice& slice, const std::vector<std::string>& arguments = {});
    ~KeeperProcess();
    KeeperProcess(const KeeperProcess&) = delete;
    KeeperProcess& operator=(const KeeperProcess&) = delete;

    // The next line that it says to the warden; empty at the end.
    [[nodiscard]] std::string hear();
    // Throws unless it says that it is ready.
    void expect_ready();
    void kill(int signal) const;
    // Closes the fronts, waits for the end. The exit code, or minus the signal.
    int end();
    // What it has written to stdout and stderr; after end().
    [[nodiscard]] const std::string& output() const { return output_; }
    // Peak resident memory in KiB.
    [[nodiscard]] std::uint64_t peak_memory() const { return peak_memory_now().value(); }
    // Nothing when it has ended.
    [[nodiscard]] std::optional<std::uint64_t> peak_memory_now() const;

    std::vector<FakeFront> fronts;

private:
    pid_t pid_ = -1;
    UniqueFd warden_;
    UniqueFd output_end_;
    std::string output_;
};

[[nodiscard]] wire::KeeperSlice slice_for(const std::filesystem::path& directory, std::chrono::seconds tick = std::chrono::hours{1});
// Runs a mode that ends by itself.
struct Ran {
    int code;
    std::string output;
};
[[nodiscard]] Ran run_keeper(const wire::KeeperSlice& slice, const std::vector<std::string>& arguments);
// The log's verifier, as `status` tells it.
[[nodiscard]] crypto::NoteVerifier verifier_of(const wire::KeeperSlice& slice);

}  // namespace amana::keeper::test
