// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server serve`: the warden. Refuses what check refuses, takes the storage directory and the addresses, then keeps
// a front and a keeper running until it is told to stop.
#include "server/main/commands.hpp"

#include "server/main/machine.hpp"
#include "server/main/serial.hpp"
#include "server/main/storage_lock.hpp"
#include "server/main/supervisor.hpp"

#include <iostream>

#include <sys/resource.h>
#include <unistd.h>

namespace amana::server {

namespace {

void say(const std::string& line)
{
    std::cerr << "amana-server: " + line + "\n" << std::flush;
}

int refuse(const Error& error)
{
    say(error.text());
    return 1;
}

// thread 0's listeners, thread 1's, ...: the order in which the front gets them.
Result<std::vector<UniqueFd>> listen_everywhere(Config& config)
{
    std::vector<std::vector<UniqueFd>> by_address;
    for (auto& address : config.addresses) {
        auto sockets = listen_on(address.value, config.threads);
        if (!sockets) return sockets.error();
        by_address.push_back(std::move(*sockets));
    }
    std::vector<UniqueFd> by_thread;
    for (std::uint32_t thread = 0; thread < config.threads; ++thread)
        for (auto& sockets : by_address) by_thread.push_back(std::move(sockets[thread]));
    return by_thread;
}

// The files are read for every generation, so that the private key is in this process only while one is started, and a
// certificate or key set that was renewed meanwhile is used from then on.
Result<Slices> make_slices(const Config& config, Moment moment)
{
    Findings findings;
    auto material = load_material(config, system_clock()(), moment, findings);
    report(findings, config.file);
    if (!material) return Error{"not everything that a start needs is in order", ""};
    if (const auto kept = remember_serial(config.storage.value, material->keyset); !kept)
        say("warning: the key set's serial can't be remembered: " + kept.error().text());
    const auto keeper = wire::encode(keeper_slice(config, material->keyset_note));
    return Slices{front_slice(config, std::move(*material)), SecretBuffer::copy_of(keeper)};
}

// Children inherit it: a connection is a descriptor of the front's.
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void announce(const Config& config)
{
    std::string line = "serving on";
    for (const auto& address : config.addresses) line += " https://" + address.value.text();
    std::cout << line + "\n" << std::flush;
}

}  // namespace

wire::KeeperSlice keeper_slice(const Config& config, const Bytes& keyset)
{
    wire::KeeperSlice slice;
    slice.channels = config.threads;
    slice.directory = config.storage.value.string();
    slice.origin = config.origin;
    slice.tick = config.tick;
    slice.file_ticks = config.file_ticks;
    slice.batch = config.batch;
    slice.large_cover = config.large_cover;
    slice.retention = config.retention;
    slice.reserve_bytes = config.reserve_bytes;
    slice.keyset = keyset;
    slice.root_fingerprint = config.root_fingerprint.value;
    return slice;
}

int run_serve(const Path& file, const MemoryProtection& memory)
{
    Findings findings;
    auto config = load_config(file, findings);
    if (config) {
        check_machine(*config, memory, findings);
        // Read and dropped again: here only to refuse with everything that is wrong at once.
        [[maybe_unused]] const auto material = load_material(*config, system_clock()(), Moment::start, findings);
    }
    if (report(findings, file) || !config) {
        say("not started: " + findings.count());
        return 1;
    }
    const auto lock = lock_storage(config->storage.value);
    if (!lock) return refuse(lock.error());
    auto listeners = listen_everywhere(*config);
    if (!listeners) return refuse(listeners.error());
    raise_descriptor_limit();

    Plan plan;
    plan.front = {*find_program("amana-front"), {}, Lifetime::bound, -1};
    plan.keeper = {*find_program("amana-keeper"), {}, Lifetime::free, -1};
    plan.channels = config->threads;
    plan.slices = [&config] { return make_slices(*config, Moment::restart); };
    plan.say = say;
    plan.serving = [&config] { announce(*config); };
    plan.show = [&lock](const Steps::Told& told) { show_steps(*lock, told); };
    plan.tick = config->tick;
    plan.timing.drain = config->limits.drain_timeout;
    return Supervisor(std::move(plan), std::move(*listeners)).run();
}

}  // namespace amana::server
