// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-front: the network side. It gets its config and its sockets from the warden (server/wire/slices.hpp), opens no file
// but the pages' templates at start, and writes none at all.
#include "base/process.hpp"
#include "base/require.hpp"
#include "base/sandbox.hpp"
#include "server/front/renewal.hpp"
#include "server/front/report.hpp"
#include "server/front/site_text.hpp"
#include "server/front/tls_memory.hpp"
#include "server/front/worker.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include <atomic>
#include <map>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace amana::front {

namespace {

// After the keeper is gone: long enough to tell those who are sending that it did not work.
constexpr auto farewell = std::chrono::seconds(3);

web::SiteSettings site_settings(const wire::FrontSlice& slice, const wire::AddressSlice& address)
{
    const auto& site = slice.site;
    web::SiteSettings settings;
    settings.data = site.data;
    settings.languages = site.languages;
    for (std::size_t i = 0; i < site.languages.size(); ++i) {
        const auto& texts = site.texts[i];
        settings.texts[site.languages[i]] = {texts.name, texts.numbers, texts.law, texts.embassy};
    }
    settings.questionnaire = as_text(site.questionnaire);
    settings.questionnaire_name = site.questionnaire_name;
    settings.root_fingerprint = slice.root_fingerprint;
    settings.max_files_bytes = slice.limits.max_files_bytes;
    settings.read_every = std::chrono::duration_cast<std::chrono::hours>(site.read_every);
    settings.colour = site.colour;
    settings.logo = site.logo;
    settings.exit = address.exit.empty() ? site.exit : address.exit;
    settings.cover = site.cover;
    return settings;
}

PublicFiles files_of(const web::Pages& pages, const crypto::KeySet& keys, const wire::FrontSlice& slice, const wire::AddressSlice& address)
{
    auto site = slice.site;
    site.manifest = address.manifest;
    return PublicFiles::make(pages, slice.keyset, keys, site);
}

// Nobody comes to an onion address by anything but Tor, which needs no certificate; and it says nothing of where else the site is.
AddressLines lines_of(const wire::AddressSlice& address)
{
    const auto url = wire::SiteUrl::parse(address.url);
    return {address.url.empty() || (url && url->https && !url->onion()), address.onion_location};
}

Result<Site> make_site(Common& common, const web::Pages& pages, const wire::FrontSlice& slice, const wire::AddressSlice& address)
{
    std::optional<wire::SiteUrl> url;
    if (!address.url.empty()) {
        auto parsed = wire::SiteUrl::parse(address.url);
        if (!parsed) return parsed.error();
        url = *std::move(parsed);
    }
    return Site{common, pages, files_of(pages, common.keys, slice, address), Responses(pages, lines_of(address)), std::move(url)};
}

// Addresses whose pages lead away to the same place have the same pages.
Result<void> add_sites(Shared& shared, const wire::FrontSlice& slice)
{
    std::map<std::string, const web::Pages*> by_exit;
    for (const auto& address : slice.addresses) {
        auto& pages = by_exit[address.exit];
        if (pages == nullptr) {
            auto made = web::Pages::load(site_settings(slice, address));
            if (!made) return made.error();
            pages = &shared.pages.emplace_back(*std::move(made));
        }
        auto site = make_site(shared.common, *pages, slice, address);
        if (!site) return site.error();
        shared.sites.push_back(*std::move(site));
    }
    return {};
}

Result<std::unique_ptr<Shared>> build(const wire::FrontSlice& slice, const MemoryProtection& protection)
{
    auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return keys.error();
    // Not moved: the atomics in Limits stay where they are.
    auto shared = std::unique_ptr<Shared>(new Shared{Common{slice.limits, std::move(*keys), Limits(slice.limits, protection), system_clock(),
                                                            Gate(slice.limits.pace), SealedUploads()}});
    if (const auto added = add_sites(*shared, slice); !added) return added.error();
    std::uint32_t index = 0;
    for (const auto& listener : slice.listeners) {
        std::vector<Site*> sites;
        for (const auto address : listener.addresses) sites.push_back(&*std::next(shared->sites.begin(), address));
        shared->listeners.emplace_back(index++, listener, std::move(sites));
    }
    if (const auto shown = shared->show(slice.tls); !shown) return shown.error();
    return shared;
}

std::vector<std::unique_ptr<Worker>> make_workers(Shared& shared, const wire::FrontSlice& slice, const std::function<void()>& lost)
{
    std::vector<std::unique_ptr<Worker>> workers;
    const auto first_listener = wire::first_channel_fd + static_cast<int>(slice.channels);
    for (std::uint32_t i = 0; i < slice.channels; ++i) {
        std::vector<UniqueFd> sockets;
        for (std::size_t j = 0; j < slice.listeners.size(); ++j)
            sockets.emplace_back(first_listener + static_cast<int>(i * slice.listeners.size() + j));
        workers.push_back(std::make_unique<Worker>(shared, UniqueFd(wire::first_channel_fd + static_cast<int>(i)),
                                                   std::move(sockets), lost, i == 0));
    }
    return workers;
}

// Returns the exit code.
Result<int> serve(Shared& shared, const wire::FrontSlice& slice)
{
    std::atomic<bool> keeper_lost = false;
    std::vector<std::unique_ptr<Worker>> workers;
    const auto drain_all = [&](std::chrono::steady_clock::duration patience) {
        for (const auto& worker : workers) worker->drain(patience);
    };
    workers = make_workers(shared, slice, [&] {
        keeper_lost = true;
        drain_all(farewell);
    });

    asio::signal_set stop(workers.front()->context(), SIGTERM, SIGINT);
    stop.async_wait([&](boost::system::error_code error, int) {
        if (!error) drain_all(slice.limits.drain_timeout);
    });

    const auto sandbox = enter_sandbox({.role = Role::front});
    if (!sandbox) return sandbox.error();
    asio::co_spawn(workers.front()->context(), take_renewals(shared, wire::warden_fd), asio::detached);
    report_ready();
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < workers.size(); ++i) threads.emplace_back([&worker = *workers[i]] { worker.run(); });
    workers.front()->run();
    threads.clear();
    return keeper_lost ? EXIT_FAILURE : EXIT_SUCCESS;
}

Result<wire::FrontSlice> receive_config()
{
    const auto bytes = wire::receive_slice(wire::Behind::more);
    if (!bytes) return bytes.error();
    return wire::decode_front(bytes->view());
}

// To make the pages is all: for `amana-server check`.
Result<int> check(const wire::FrontSlice& slice)
{
    for (const auto& address : slice.addresses) {
        const auto pages = web::Pages::load(site_settings(slice, address));
        if (pages) continue;
        fmt::print(stderr, "{}\n", pages.error().text());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

// What would be served by one of its addresses, as a manifest: for `amana-server site`.
Result<int> write_site(const wire::FrontSlice& slice, std::uint64_t serial, std::string_view log_key, std::uint64_t of)
{
    const auto& address = slice.addresses.at(of);
    const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return keys.error();
    const auto pages = web::Pages::load(site_settings(slice, address));
    if (!pages) return pages.error();
    const auto text = site_text(*pages, files_of(*pages, *keys, slice, address), Responses(*pages, lines_of(address)), *keys, {serial, log_key, slice.site.release});
    if (!text) return text.error();
    fmt::print("{}", *text);
    return std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

Result<int> start(const std::vector<std::string_view>& arguments)
{
    std::signal(SIGPIPE, SIG_IGN);
    const auto protection = harden_process(locked_bytes_base + locked_bytes_requests + locked_bytes_openings + locked_bytes_per_report);
    if (!protection) return protection.error();
    if (const auto taken = take_over_tls_memory(*protection); !taken) return taken.error();
    if (const auto tested = crypto::self_test(); !tested) return tested.error();
    auto slice = receive_config();
    if (!slice) return slice.error();
    if (arguments.size() == 1 && arguments[0] == "--check") return check(*slice);
    const auto number = [](std::string_view text) { return std::strtoull(std::string(text).c_str(), nullptr, 10); };
    if (arguments.size() == 4 && arguments[0] == "--site") return write_site(*slice, number(arguments[1]), arguments[2], number(arguments[3]));
    auto shared = build(*slice, *protection);
    if (!shared) return shared.error();
    slice->tls = {};
    return serve(**shared, *slice);
}

}  // namespace

}  // namespace amana::front

int main(int argc, char** argv)
{
    const auto ended = amana::front::start({argv + 1, argv + argc});
    if (ended) return *ended;
    amana::wire::report_to_warden(ended.error().text());
    fmt::print(stderr, "amana-front: {}\n", ended.error().text());
    return EXIT_FAILURE;
}
