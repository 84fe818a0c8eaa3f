// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-keeper: the storage process. Sees sealed envelopes and nothing else; holds the log's key. It is started by
// amana-server, which gives it its slice of the config on descriptor 3 (server/wire/slices.hpp):
//
//   amana-keeper                        serves the front's channels until they end
//   amana-keeper --export OUT --from N  writes a bundle, beside a serving keeper or without one
//   amana-keeper --status [--json]      tells what the store holds
//
// Exit: 0 done, 1 failed (the reason went to the warden when serving, to stderr otherwise), 2 wrong arguments.
#include "base/process.hpp"
#include "crypto/primitives.hpp"
#include "server/keeper/exporter.hpp"
#include "server/keeper/free_space.hpp"
#include "server/keeper/service.hpp"
#include "server/keeper/status.hpp"

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
    bool status = false;
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
    const auto directory = slice.directory;
    const SpaceRule space{[directory] { return free_space(directory) ? *free_space(directory) : 0; }, slice.reserve_bytes};
    Service service(*storage->store, storage->sequencer, *std::move(channels), {slice.tick, slice.retention / std::chrono::hours{24}, space, log_line});
    if (const auto recovered = service.recover(); !recovered) return recovered.error().error;
    wire::report_to_warden("ready");
    service.run();
    return {};
}

Result<void> export_to(const wire::KeeperSlice& slice, const Arguments& arguments)
{
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, [](int) { interrupted = 1; });
    auto storage = open_storage(slice);
    if (!storage) return storage.error();
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    int shown = -1;
    const auto progress = [&](std::uint64_t done, std::uint64_t total) {
        const int percent = static_cast<int>(done * 100 / total);
        if (terminal && std::exchange(shown, percent) != percent) fmt::print(stderr, "\rexporting: {} %", percent);
        return interrupted == 0;
    };
    const auto summary = export_bundle(*storage, {arguments.export_to, arguments.from, progress});
    if (terminal && shown >= 0) fmt::print(stderr, "\r\x1b[K");
    if (!summary) return summary.error();
    fmt::print("exported {} entries, {} bytes, tree size {}: {}\n", summary->entries, summary->bytes, summary->tree_size,
               arguments.export_to);
    return {};
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
    auto* status = app.add_flag("--status", arguments.status, "Tell what the store holds")->excludes(out);
    app.add_flag("--json", arguments.json, "Status as JSON")->needs(status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    const bool serving = arguments.export_to.empty() && !arguments.status;
    const auto done = amana::keeper::run(arguments, serving);
    if (done) return 0;
    // The warden prints what it is told; without one the reason goes where a person sees it.
    if (serving && ::fcntl(amana::wire::warden_fd, F_GETFD) >= 0) amana::wire::report_to_warden(done.error().text());
    else amana::keeper::log_line(done.error().text());
    return 1;
}
