// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-keeper: the storage process. Sees sealed envelopes and nothing else; holds the log's key. It is started by
// amana-server, which gives it its slice of the config on descriptor 3 (server/wire/slices.hpp):
//
//   amana-keeper                        serves the front's channels until they end
//   amana-keeper --export OUT [--from N] [--part-size BYTES]
//                                       writes a bundle, beside a serving keeper or without one
//   amana-keeper --witness NOTE         takes a co-signed checkpoint
//   amana-keeper --import OUTBOX        takes what the desk answers
//   amana-keeper --status [--json]      tells what the store holds
//   amana-keeper --backup OUT [--handover], --restore BACKUP [--after-loss], --drill BACKUP
//                                       writes, puts back and proves a backup
//   amana-keeper --fsck                 proves that the store is whole
//
// Exit: 0 done, 1 failed (the reason went to the warden when serving, to stderr otherwise), 2 wrong arguments.
#include "base/process.hpp"
#include "base/sandbox.hpp"
#include "crypto/primitives.hpp"
#include "server/keeper/backup_commands.hpp"
#include "server/keeper/days.hpp"
#include "server/keeper/exporter.hpp"
#include "server/keeper/free_space.hpp"
#include "server/keeper/fsck.hpp"
#include "server/keeper/outbox_import.hpp"
#include "server/keeper/service.hpp"
#include "server/keeper/status.hpp"
#include "server/keeper/witness.hpp"
#include "server/wire/serial.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::keeper {
namespace {

// The log key and the slice, each in pages of its own.
constexpr std::size_t locked_bytes = 256 * 1024;

struct Arguments {
    std::string export_to;
    std::uint64_t from = 0;
    std::uint64_t part_bytes = 0;
    std::string witness;
    std::string import_from;
    std::string backup_to;
    std::string restore_from;
    std::string drill;
    bool handover = false;
    bool after_loss = false;
    bool status = false;
    bool fsck = false;
    bool json = false;
};

volatile std::sig_atomic_t interrupted = 0;

Result<wire::KeeperSlice> receive()
{
    const auto bytes = wire::receive_slice();
    if (!bytes)
        return Error{"no config on descriptor 3: " + bytes.error().message,
                     "amana-keeper is started by amana-server; run 'amana-server serve', 'export' or 'status'."};
    return wire::decode_keeper(bytes->view());
}

Result<std::vector<UniqueFd>> take_channels(std::uint32_t count)
{
    std::vector<UniqueFd> channels;
    for (std::uint32_t i = 0; i < count; ++i) {
        UniqueFd fd(wire::first_channel_fd + static_cast<int>(i));
        int type = 0;
        socklen_t size = sizeof(type);
        if (::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
            (void)fd.release();  // not ours to close, whatever it is
            return Error{fmt::format("descriptor {} is no channel to the front", wire::first_channel_fd + static_cast<int>(i)), ""};
        }
        channels.push_back(std::move(fd));
    }
    return channels;
}

void log_line(std::string_view line)
{
    fmt::print(stderr, "amana-keeper: {}\n", line);
}

OutboxSettings outbox_settings(const wire::KeeperSlice& slice)
{
    const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return {slice.directory, {}};
    return {slice.directory, courier_of(*keys), crypto::sha256(keys->root)};
}

// Beside what the warden remembers: a backup has this one, and a store that was put back says by it what was used before.
Result<void> keep_serial(const wire::KeeperSlice& slice)
{
    const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return {};
    const std::filesystem::path directory(slice.directory);
    if (const auto risen = wire::check_serial(directory, *keys); !risen) return risen.error();
    if (const auto kept = wire::remember_serial(directory, *keys); !kept) log_line("warning: the key set's serial can't be remembered: " + kept.error().text());
    return {};
}

Result<void> serve(const wire::KeeperSlice& slice)
{
    // The front drains; the keeper ends when the front has, and loses nothing that is on its way.
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGINT, SIG_IGN);
    auto channels = take_channels(slice.channels);
    if (!channels) return channels.error();
    auto storage = open_storage(slice);
    if (!storage) return storage.error();
    const auto lock = lock_for_serving(slice.directory);
    if (!lock) return lock.error();
    if (const auto open = is_open_to(slice.directory, HandedOver::refused); !open) return open.error();
    if (const auto risen = keep_serial(slice); !risen) return risen.error();
    const auto sandbox = enter_sandbox({.role = Role::keeper, .directories = {slice.directory}});
    if (!sandbox) return sandbox.error();
    const auto directory = slice.directory;
    const SpaceRule space{[directory] { return free_space(directory) ? *free_space(directory) : 0; }, reserve_of(slice)};
    const auto tell = [&] {
        if (const auto facts = store_facts(*storage->store, slice)) (void)wire::tell_warden(wire::to_line(*facts));
    };
    Service service(*storage->store, storage->sequencer, *std::move(channels),
                    {slice.tick, slice.retention / std::chrono::hours{24}, space, log_line, outbox_settings(slice), tell});
    if (const auto recovered = service.recover(); !recovered) return recovered.error().error;
    (void)wire::tell_warden("ready");  // a warden that is gone has ended the channels too
    service.run();
    return {};
}

// Before the sandbox, in which nothing is asked of a terminal.
bool on_terminal()
{
    static const bool terminal = ::isatty(STDERR_FILENO) == 1;
    return terminal;
}

// Counts on the terminal while it lasts; false once the user has interrupted.
class Progress {
public:
    explicit Progress(std::string what) : what_(std::move(what)), terminal_(on_terminal()) {}
    ~Progress()
    {
        if (terminal_ && shown_ >= 0) fmt::print(stderr, "\r\x1b[K");
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    bool operator()(std::uint64_t done, std::uint64_t total)
    {
        const int percent = total == 0 ? 100 : static_cast<int>(done * 100 / total);
        if (terminal_ && std::exchange(shown_, percent) != percent) fmt::print(stderr, "\r{}: {} %", what_, percent);
        return interrupted == 0;
    }

private:
    std::string what_;
    bool terminal_;
    int shown_ = -1;
};

void stop_when_interrupted()
{
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, [](int) { interrupted = 1; });
}

Result<void> export_to(const wire::KeeperSlice& slice, const Arguments& arguments)
{
    stop_when_interrupted();
    auto storage = open_storage(slice);
    if (!storage) return storage.error();
    const auto summary = [&] {
        Progress progress("exporting");
        return export_bundle(*storage, {arguments.export_to, arguments.from, arguments.part_bytes, std::ref(progress)});
    }();
    if (!summary) return summary.error();
    // What was signed for it behind a handover stays here, so that the log is no other than where it goes on.
    if (const auto open = is_open_to(slice.directory, HandedOver::refused); !open) {
        std::error_code ignored;
        for (const auto& file : summary->files) std::filesystem::remove(file, ignored);
        return open.error();
    }
    write_day(courier_day_path(slice.directory), storage->sequencer.today());
    fmt::print("exported {} entries, {} bytes, tree size {}:", summary->entries, summary->bytes, summary->tree_size);
    for (const auto& file : summary->files) fmt::print(" {}", file.string());
    fmt::print("\n");
    return {};
}

Result<void> take_witness(const wire::KeeperSlice& slice, const Arguments& arguments)
{
    auto storage = open_storage(slice);
    if (!storage) return storage.error();
    const auto note = read_file(arguments.witness, crypto::max_checkpoint_bytes);
    if (!note) return note.error();
    const auto taken = take_cosigned(*storage, slice, *note);
    if (!taken) return taken.error();
    write_day(courier_day_path(slice.directory), storage->sequencer.today());
    fmt::print("the log is co-signed up to entry {}\n", *taken);
    return {};
}

Result<void> take_outbox(const wire::KeeperSlice& slice, const Arguments& arguments)
{
    stop_when_interrupted();
    auto storage = open_storage(slice);
    if (!storage) return storage.error();
    const auto summary = [&] {
        Progress progress("importing");
        return import_outbox(*storage, slice, {arguments.import_from, system_clock(), std::ref(progress)});
    }();
    if (!summary) return summary.error();
    write_day(courier_day_path(slice.directory), storage->sequencer.today());
    const auto& note = summary->note;
    fmt::print("the outbox of serial {} {}: {} buckets, {} files, until {}\n", note.serial, summary->taken ? "is taken" : "was taken already; nothing is changed",
               note.buckets, note.file_count(), to_rfc3339(note.expires));
    return {};
}

Result<void> run_fsck(const wire::KeeperSlice& slice)
{
    stop_when_interrupted();
    auto storage = open_storage(slice);
    if (!storage) return storage.error();
    auto report = [&] {
        Progress progress("checking");
        return fsck(*storage->store, storage->sequencer.verifier(), std::ref(progress));
    }();
    if (!report) return report.error();
    const auto outbox = outbox_faults(*storage->store, slice);
    if (!outbox) return outbox.error();
    report->faults.insert(report->faults.end(), outbox->begin(), outbox->end());
    for (const auto& fault : report->faults) fmt::print("fault: {}\n", fault);
    fmt::print("{} leaves, {} envelopes read, {} erased, {} pending\n", report->leaves, report->envelopes, report->erased,
               report->pending);
    if (report->faults.empty()) return {};
    return Error{fmt::format("the store is damaged: {} faults", report->faults.size()),
                 "Stop the server, keep this directory as it is, and restore the store from a backup."};
}

Result<void> keep_backup(const wire::KeeperSlice& slice, const Arguments& arguments)
{
    stop_when_interrupted();
    const GoOn go_on = [] { return interrupted == 0; };
    if (!arguments.backup_to.empty())
        return run_backup(slice, {arguments.backup_to, arguments.handover ? BackupKind::handover : BackupKind::copy, system_clock(), go_on});
    if (!arguments.restore_from.empty())
        return run_restore(slice, {arguments.restore_from, arguments.after_loss ? LogAfter::anew : LogAfter::same, go_on});
    return run_drill(slice, arguments.drill, go_on);
}

Result<void> show_status(const wire::KeeperSlice& slice, bool json)
{
    auto storage = open_storage(slice);
    if (!storage) return storage.error();
    const auto status = read_status(*storage, slice);
    if (!status) return status.error();
    fmt::print("{}", json ? status_json(*status) : status_text(*status));
    return {};
}

// An admin's command works on the store, and on what it reads or writes beside it, and on nothing else: a store that somebody has
// meddled with is opened by it, perhaps at a terminal of root's.
Result<void> confine(const wire::KeeperSlice& slice, const Arguments& arguments)
{
    (void)on_terminal();
    std::vector<std::filesystem::path> directories;
    const auto add = [&](std::filesystem::path path) {
        std::error_code ignored;
        while (path.has_relative_path() && !std::filesystem::is_directory(path, ignored)) path = path.parent_path();
        directories.push_back(std::move(path));
    };
    add(slice.directory);
    for (const auto* path : {&arguments.export_to, &arguments.witness, &arguments.import_from, &arguments.backup_to, &arguments.restore_from, &arguments.drill})
        if (!path->empty()) add(std::filesystem::path(*path).parent_path());
    const auto sandbox = enter_sandbox({.role = Role::keeper, .directories = std::move(directories), .keeps_rights_on_files = true});
    if (!sandbox) return sandbox.error();
    return {};
}

Result<void> run(const Arguments& arguments, bool serving)
{
    ::umask(077);
    std::signal(SIGPIPE, SIG_IGN);
    const auto protection = harden_process(locked_bytes);
    if (!protection) return protection.error();
    if (const auto tested = crypto::self_test(); !tested) return tested.error();
    const auto slice = receive();
    if (!slice) return slice.error();
    if (serving) return serve(*slice);
    if (const auto confined = confine(*slice, arguments); !confined) return confined.error();
    if (!arguments.witness.empty()) return take_witness(*slice, arguments);
    if (!arguments.import_from.empty()) return take_outbox(*slice, arguments);
    if (arguments.fsck) return run_fsck(*slice);
    if (!(arguments.backup_to + arguments.restore_from + arguments.drill).empty()) return keep_backup(*slice, arguments);
    if (arguments.status) return show_status(*slice, arguments.json);
    return export_to(*slice, arguments);
}

}  // namespace
}  // namespace amana::keeper

int main(int argc, char** argv)
{
    amana::keeper::Arguments arguments;
    CLI::App app{"Amana's storage process. It is started by amana-server and needs its config on descriptor 3."};
    auto* out = app.add_option("--export", arguments.export_to, "Write a bundle of the log's entries to this new file")->type_name("OUT");
    app.add_option("--from", arguments.from, "Export from this entry on (0: all)")->type_name("N")->needs(out);
    app.add_option("--part-size", arguments.part_bytes, "Cut the bundle into files of at most so many bytes")->needs(out);
    app.add_option("--witness", arguments.witness, "Take this co-signed checkpoint")->type_name("NOTE")->excludes(out);
    app.add_option("--import", arguments.import_from, "Take this outbox")->type_name("OUTBOX")->excludes(out);
    auto* backup = app.add_option("--backup", arguments.backup_to, "Write a backup to this new folder")->type_name("OUT")->excludes(out);
    app.add_flag("--handover", arguments.handover, "Nothing signs in this store any more")->needs(backup);
    auto* restore = app.add_option("--restore", arguments.restore_from, "Put this backup into an empty storage directory")->type_name("BACKUP")->excludes(out);
    app.add_flag("--after-loss", arguments.after_loss, "A new log begins")->needs(restore);
    app.add_option("--drill", arguments.drill, "Prove this backup")->type_name("BACKUP")->excludes(out);
    app.add_flag("--fsck", arguments.fsck, "Prove that the store is whole")->excludes(out);
    auto* status = app.add_flag("--status", arguments.status, "Tell what the store holds")->excludes(out);
    app.add_flag("--json", arguments.json, "Status as JSON")->needs(status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    const bool serving = argc == 1;
    const auto done = amana::keeper::run(arguments, serving);
    if (done) return 0;
    // The warden prints what it is told; without one the reason goes where a person sees it.
    if (serving && ::fcntl(amana::wire::warden_fd, F_GETFD) >= 0) amana::wire::report_to_warden(done.error().text());
    else amana::keeper::log_line(done.error().text());
    return 1;
}
