// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server serve`: the warden. Refuses what check refuses, takes the storage directory and the addresses, or the sockets
// that systemd has bound to them, then keeps a front and a keeper running until it is told to stop.
#include "server/main/commands.hpp"

#include "crypto/primitives.hpp"
#include "server/main/attendants.hpp"
#include "server/main/certificate_watch.hpp"
#include "server/main/machine.hpp"
#include "server/main/mishaps.hpp"
#include "server/main/rendezvous.hpp"
#include "server/main/service_manager.hpp"
#include "server/main/storage_lock.hpp"
#include "server/main/supervisor.hpp"
#include "server/main/warden_directory.hpp"
#include "server/main/ways_in.hpp"
#include "server/wire/serial.hpp"

#include <algorithm>
#include <array>
#include <iostream>

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

// thread 0's listeners, thread 1's, ...: the order in which the front gets them. `handed_over`: what systemd has bound for us.
Result<std::vector<UniqueFd>> listen_everywhere(Config& config, const std::vector<UniqueFd>& handed_over)
{
    std::vector<std::vector<UniqueFd>> by_address;
    if (!handed_over.empty()) {
        auto shared = share_out(handed_over, config.listeners, config.threads);
        if (!shared) return shared.error();
        by_address = std::move(*shared);
    } else {
        for (auto& listener : config.listeners) {
            auto sockets = listen_on(listener.address, config.threads, listener.access);
            if (!sockets) return sockets.error();
            by_address.push_back(std::move(*sockets));
        }
    }
    std::vector<UniqueFd> by_thread;
    for (std::uint32_t thread = 0; thread < config.threads; ++thread)
        for (auto& sockets : by_address) by_thread.push_back(std::move(sockets[thread]));
    return by_thread;
}

// What a generation is started with, to know it again.
using Digest = std::array<crypto::Hash, 2>;

// Certificates are not of it: they are shown anew without another generation.
Digest digest_of(const Config& config, const Material& material)
{
    Material beside_tls;
    beside_tls.keyset_note = material.keyset_note;
    beside_tls.questionnaire = material.questionnaire;
    beside_tls.logo = material.logo;
    beside_tls.manifests = material.manifests;
    beside_tls.release = material.release;
    return {crypto::sha256(front_slice(config, std::move(beside_tls)).view()), crypto::sha256(wire::encode(keeper_slice(config, material.keyset_note)))};
}

// The files are read for every generation, so that the private key is in this process only while one is started, and a
// certificate or key set that was renewed meanwhile is used from then on.
Result<Slices> make_slices(const Config& config, Moment moment, Digest& digest)
{
    Findings findings;
    auto material = load_material(config, system_clock()(), moment, findings);
    report(findings, config.file);
    if (!material) return Error{"not everything that a start needs is in order", ""};
    if (const auto kept = wire::remember_serial(warden_directory(config.storage.value), material->keyset); !kept)
        say("warning: the key set's serial can't be remembered: " + kept.error().text());
    digest = digest_of(config, *material);
    const auto keeper = wire::encode(keeper_slice(config, material->keyset_note));
    return Slices{front_slice(config, *std::move(material)), SecretBuffer::copy_of(keeper)};
}

std::vector<Program> attendants_of(const Config& config)
{
    const auto own = find_program("amana-server");
    if (!own) return {};
    const auto file = std::filesystem::absolute(config.file).string();
    std::vector<Program> programs;
    if (config.metrics) programs.push_back({*own, {"metrics", "--config", file}, Lifetime::bound});
    if (config.notice_at) programs.push_back({*own, {"notice", "--daily", "--config", file}, Lifetime::bound});
    return programs;
}

// What a new generation takes from the config; the rest stays as it was at the start.
bool same_place(const Config& before, const Config& now)
{
    const auto same = [](const auto& one, const auto& other) { return one.address == other.address && one.access == other.access; };
    return before.threads == now.threads && before.storage.value == now.storage.value && before.origin == now.origin &&
           std::equal(before.listeners.begin(), before.listeners.end(), now.listeners.begin(), now.listeners.end(), same);
}

// The config anew, if a generation can begin with it and with what it names; else it is said why not. `running`: the digest of what
// the present one began with.
Reload reload(Config& config, const Digest& running)
{
    Findings findings;
    auto anew = load_config(config.file, findings);
    std::optional<Material> material;
    if (anew) material = load_material(*anew, system_clock()(), Moment::start, findings);
    if (report(findings, config.file) || !anew || !material) return Reload::refused;
    if (!same_place(config, *anew)) {
        say("addresses and who may connect to them, threads, the storage directory and the log's origin change by a restart alone");
        return Reload::refused;
    }
    if (!front_can_begin(*anew, *material)) return Reload::refused;
    const auto digest = digest_of(*anew, *material);
    config = std::move(*anew);
    return digest == running ? Reload::unchanged : Reload::anew;
}

// Where front and keeper come to, if they do.
struct Places {
    Rendezvous front;
    Rendezvous keeper;
};

Result<std::optional<Places>> open_places(const ServeOptions& options, std::function<void(Side, pid_t)> taken)
{
    if (options.rendezvous.empty()) return std::optional<Places>();
    const auto open = [&](Side side, const std::string& name) -> Result<Rendezvous> {
        auto user = find_user(name);
        if (!user) return user.error();
        return Rendezvous::open(options.rendezvous, side, *std::move(user), {say, [taken, side](pid_t process) { taken(side, process); }});
    };
    auto front = open(Side::front, options.front_user);
    if (!front) return front.error();
    auto keeper = open(Side::keeper, options.keeper_user);
    if (!keeper) return keeper.error();
    return std::optional<Places>(Places{*std::move(front), *std::move(keeper)});
}

// What only shows when it is to be served, and by whom.
std::optional<Error> can_not_serve_as_this_user(const Path& storage, const ServeOptions& options)
{
    const auto own = warden_directory(storage);
    if (const auto owner = owner_of(own); ::geteuid() == 0 && owner && owner->uid != 0)
        return Error{own.string() + " is the user " + owner->name + "'s, and what root writes there " + owner->name + " could not read",
                     "Run it as that user: runuser -u " + owner->name + " -- amana-server ..."};
    const auto owner = owner_of(storage);
    if (!options.rendezvous.empty() || !owner || ::access(storage.c_str(), R_OK | W_OK | X_OK) == 0) return std::nullopt;
    return Error{storage.string() + " is the user " + owner->name + "'s alone, and a keeper that this starts could not use it",
                 "Where front and keeper have users of their own they are started by their units: systemctl start amana-server (SYSTEMD.md)."};
}

// With units of their own (docs/SYSTEMD.md) the warden has no network and starts no program but ours.
std::optional<Error> can_not_serve_in_units(const Config& config, const ServeOptions& options)
{
    if (options.rendezvous.empty()) return std::nullopt;
    if (config.notice_at)
        say("warning: its unit lets this server start no other program, so 'at' in [notice] can do nothing: leave it out, and 'systemctl enable --now amana-notice.timer'");
    if (!config.metrics || config.metrics->local()) return std::nullopt;
    return Error{"metrics can't be served on " + config.metrics->text() + " by this server's unit, which has a network of its own",
                 "Under [metrics]: address = \"unix:/run/amana/metrics.sock\"; what asks by TCP alone may be led there (socat, or the proxy)."};
}

void announce(const Config& config)
{
    std::string line = "serving on";
    for (const auto& listener : config.listeners) line += " " + text_of(listener);
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

int run_serve(const Path& file, const MemoryProtection& memory, const ServeOptions& options)
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
    if (const auto wrong = can_not_serve_as_this_user(config->storage.value, options)) return refuse(*wrong);
    if (const auto wrong = can_not_serve_in_units(*config, options)) return refuse(*wrong);
    const auto lock = lock_storage(warden_directory(config->storage.value));
    if (!lock) return refuse(lock.error());
    Shown shown;
    auto places = open_places(options, [&](Side side, pid_t process) {
        (side == Side::front ? shown.attending.front : shown.attending.keeper) = process;
        show(*lock, shown);
    });
    if (!places) return refuse(places.error());
    auto manager = ServiceManager::from_environment();
    const auto sockets = manager.take_sockets();
    const bool handed_over = !sockets.empty();
    auto listeners = listen_everywhere(*config, sockets);
    if (!listeners) return refuse(listeners.error());
    raise_descriptor_limit();

    Attendants attendants(attendants_of(*config), say);
    Plan plan;
    plan.front = front_program(*find_program("amana-front"));
    plan.keeper = keeper_program(*find_program("amana-keeper"));
    if (*places) {
        plan.start_front = (*places)->front.starter();
        plan.start_keeper = (*places)->keeper.starter();
    }
    plan.channels = config->threads;
    Digest running{};
    CertificateWatch certificates(*config, say);
    plan.slices = [&] {
        certificates.read_now();
        return make_slices(*config, Moment::restart, running);
    };
    bool certificates_sent = false;
    plan.renewed = [&](bool at_once) {
        auto slice = certificates.look(at_once);
        certificates_sent = certificates_sent || slice.has_value();
        return slice;
    };
    plan.say = say;
    plan.serving = [&config] { announce(*config); };
    plan.show = [&](const Steps::Told& told) {
        shown.told = told;
        show(*lock, shown);
    };
    plan.hear_keeper = [&](const std::string& line) {
        const auto facts = wire::parse_store_facts(line);
        if (!facts) return;
        shown.store = facts;
        show(*lock, shown);
    };
    Mishaps mishaps(config->listeners, config->tick, std::chrono::steady_clock::now(), say);
    plan.hear = [&mishaps, &certificates_sent](const std::string& line) {
        // Of each that it was sent it may say one word.
        const bool answers = line == "certificates taken" || line == "certificates refused";
        if (answers && std::exchange(certificates_sent, false))
            say(line == "certificates taken" ? "certificates and keys were read anew" : "warning: certificates that were read anew can't be shown; the old ones are");
        mishaps.hear(line, std::chrono::steady_clock::now());
    };
    plan.attend = [&attendants, &mishaps] {
        attendants.attend(std::chrono::steady_clock::now());
        mishaps.advance(std::chrono::steady_clock::now());
    };
    plan.tick = config->tick;
    plan.timing.drain = config->limits.drain_timeout;
    plan.reload = [&config, &running](Timing& timing) {
        const auto outcome = reload(*config, running);
        timing.drain = config->limits.drain_timeout;
        return outcome;
    };
    // Whose terminal is gone wants it to end; a service is told to read its files anew.
    plan.hangup = ::isatty(STDERR_FILENO) == 1 ? Hangup::stops : Hangup::reloads;
    plan.tell_manager = [&manager](const std::string& state) { manager.tell(state); };
    plan.heartbeat = manager.heartbeat();
    const int code = Supervisor(std::move(plan), std::move(*listeners)).run();
    for (const auto& listener : config->listeners)
        if (listener.address.local() && !handed_over) ::unlink(listener.address.path.c_str());
    return code;
}

}  // namespace amana::server
