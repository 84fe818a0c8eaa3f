// SPDX-License-Identifier: AGPL-3.0-or-later
// Backup and restore, killed after each of their system calls: what has its name is whole, and what is not whole is not opened;
// the next run needs no help.
#include "server/keeper/restore.hpp"
#include "server/keeper/storage.hpp"
#include "tests/server/keeper/support.hpp"
#include "tests/support/catch.hpp"

#include <csignal>
#include <functional>
#include <iostream>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::keeper::test {

namespace {

namespace fs = std::filesystem;

const GoOn on = [] { return true; };

wire::KeeperSlice slice_of(const fs::path& directory)
{
    wire::KeeperSlice slice;
    slice.directory = directory.string();
    slice.origin = "test.example/log";
    slice.large_cover = 0;
    give_keys(slice);
    return slice;
}

// Runs `work` in a process of its own, killed when it is to make its call number `calls` (each counts when it begins and when it
// ends). False: it ended before.
bool killed_at(int calls, const std::function<bool()>& work)
{
    const auto child = ::fork();
    if (child == 0) {
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::raise(SIGSTOP);
        ::_exit(work() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    for (int call = 0; call < calls; ++call) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        ::waitpid(child, &status, 0);
        if (WIFSTOPPED(status)) continue;
        REQUIRE(status == 0);
        return false;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return true;
}

// Kills at every call, or at so many over the whole length; `between` looks at what was left.
int kill_everywhere(const std::function<bool()>& work, const std::function<void()>& between)
{
    const int stride = tiered(23, 1);
    int killed = 0;
    for (int calls = 1;; calls += stride) {
        if (!killed_at(calls, work)) return killed;
        ++killed;
        INFO("after " << calls << " calls");
        between();
    }
}

}  // namespace

TEST_CASE("killed anywhere, a backup is whole or has no name")
{
    const Scratch scratch;
    const auto slice = slice_of(scratch.path() / "store");
    {
        auto storage = open_storage(slice).value();
        (void)stage_and_accept(*storage.store, seal_envelope());
        storage.store->commit().value();
        (void)storage.sequencer.tick(*storage.store).value();
    }
    const auto kind = GENERATE(BackupKind::copy, BackupKind::handover);
    const auto out = scratch.path() / "backup";
    int whole = 0;
    const int killed = kill_everywhere([&] { return back_up(slice, {out, kind}).has_value(); },
                                       [&] {
                                           if (!fs::exists(out)) return;
                                           CHECK(drill(scratch.path(), out, on).has_value());
                                           ++whole;
                                           fs::remove_all(out);
                                       });
    std::cout << killed << " backups killed, " << whole << " of them were whole\n";
    CHECK(killed > 10);
    CHECK(drill(scratch.path(), out, on).has_value());
    CHECK_FALSE(fs::exists(out.string() + ".partial"));
    CHECK(open_storage(slice).has_value() == (kind == BackupKind::copy));
}

TEST_CASE("killed anywhere, a restored store is whole or is not opened, and the next restore needs no help")
{
    const Scratch scratch;
    const auto kind = GENERATE(BackupKind::copy, BackupKind::handover);
    const auto out = scratch.path() / "backup";
    crypto::NoteVerifier log;
    {
        const auto slice = slice_of(scratch.path() / "store");
        {
            auto storage = open_storage(slice).value();
            (void)stage_and_accept(*storage.store, seal_envelope());
            storage.store->commit().value();
            (void)storage.sequencer.tick(*storage.store).value();
            log = storage.sequencer.verifier();
        }
        (void)back_up(slice, {out, kind}).value();
    }
    const auto there = slice_of(scratch.path() / "new");
    const auto after = kind == BackupKind::copy ? LogAfter::anew : LogAfter::same;
    const auto is_whole = [&] {
        auto storage = open_storage(there);
        if (!storage) {
            CHECK(storage.error().hint.find("restore") != std::string::npos);
            return false;
        }
        CHECK(storage->store->tree().value().size > 0);
        CHECK(fsck(*storage->store, storage->sequencer.verifier(), {}).value().faults.empty());
        CHECK((storage->sequencer.verifier().text() == log.text()) == (after == LogAfter::same));
        return true;
    };
    int whole = 0;
    const int killed = kill_everywhere([&] { return restore(there, {out, after}).has_value(); },
                                       [&] {
                                           // What is not there yet is nobody's store.
                                           if (!fs::exists(restoring_path(there.directory)) && !fs::exists(fs::path(there.directory) / database_name)) {
                                               CHECK((!fs::exists(there.directory) || fs::is_empty(there.directory)));
                                               return;
                                           }
                                           if (!is_whole()) return;
                                           ++whole;
                                           fs::remove_all(there.directory);
                                       });
    std::cout << killed << " restores killed, " << whole << " of them were done\n";
    CHECK(killed > 10);
    CHECK(is_whole());
}

}  // namespace amana::keeper::test
