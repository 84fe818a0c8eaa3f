// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-front: the network side. It gets its config and its sockets from the warden (server/wire/slices.hpp), opens no file
// but the pages' templates at start, and writes none at all.
#include "base/process.hpp"
#include "base/require.hpp"
#include "server/front/report.hpp"
#include "server/front/site_text.hpp"
#include "server/front/tls_memory.hpp"
#include "server/front/worker.hpp"

#include <fmt/format.h>

#include <boost/asio/signal_set.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace amana::front {

namespace {

// After the keeper is gone: long enough to tell those who are sending that it did not work.
constexpr auto farewell = std::chrono::seconds(3);

web::SiteSettings site_settings(const wire::FrontSlice& slice)
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
    settings.exit = site.exit;
    settings.cover = site.cover;
    return settings;
}

Result<std::unique_ptr<Site>> build_site(const wire::FrontSlice& slice, const MemoryProtection& protection)
{
    auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return keys.error();
    auto pages = web::Pages::load(site_settings(slice));
    if (!pages) return pages.error();
    auto tls = TlsContext::create(slice.certificate, slice.private_key);
    if (!tls) return tls.error();
    Responses responses(*pages);
    auto files = PublicFiles::make(*pages, slice.keyset, *keys, slice.site);
    // Not moved: the atomics in Limits stay where they are.
    return std::unique_ptr<Site>(new Site{slice.limits, std::move(*keys), std::move(*pages), std::move(files), std::move(responses),
                                          std::move(*tls), Limits(slice.limits, protection), system_clock(),
                                          Gate(slice.limits.pace), SealedUploads()});
}

std::vector<std::unique_ptr<Worker>> make_workers(Site& site, const wire::FrontSlice& slice, const std::function<void()>& lost)
{
    std::vector<std::unique_ptr<Worker>> workers;
    const auto first_listener = wire::first_channel_fd + static_cast<int>(slice.channels);
    for (std::uint32_t i = 0; i < slice.channels; ++i) {
        std::vector<UniqueFd> listeners;
        for (std::uint32_t j = 0; j < slice.listeners; ++j)
            listeners.emplace_back(first_listener + static_cast<int>(i * slice.listeners + j));
        workers.push_back(std::make_unique<Worker>(site, UniqueFd(wire::first_channel_fd + static_cast<int>(i)),
                                                   std::move(listeners), lost, i == 0));
    }
    return workers;
}

// Returns the exit code.
int serve(Site& site, const wire::FrontSlice& slice)
{
    std::atomic<bool> keeper_lost = false;
    std::vector<std::unique_ptr<Worker>> workers;
    const auto drain_all = [&](std::chrono::steady_clock::duration patience) {
        for (const auto& worker : workers) worker->drain(patience);
    };
    workers = make_workers(site, slice, [&] {
        keeper_lost = true;
        drain_all(farewell);
    });

    asio::signal_set stop(workers.front()->context(), SIGTERM, SIGINT);
    stop.async_wait([&](boost::system::error_code error, int) {
        if (!error) drain_all(slice.limits.drain_timeout);
    });

    report_ready();
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < workers.size(); ++i) threads.emplace_back([&worker = *workers[i]] { worker.run(); });
    workers.front()->run();
    threads.clear();
    return keeper_lost ? EXIT_FAILURE : EXIT_SUCCESS;
}

Result<wire::FrontSlice> receive_config()
{
    const auto bytes = wire::receive_slice();
    if (!bytes) return bytes.error();
    return wire::decode_front(bytes->view());
}

// To make the pages is all: for `amana-server check`.
Result<int> check(const wire::FrontSlice& slice)
{
    const auto pages = web::Pages::load(site_settings(slice));
    if (pages) return EXIT_SUCCESS;
    fmt::print(stderr, "{}\n", pages.error().text());
    return EXIT_FAILURE;
}

// What would be served, as a manifest: for `amana-server site`.
Result<int> write_site(const wire::FrontSlice& slice, std::uint64_t serial, std::string_view log_key)
{
    const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return keys.error();
    const auto pages = web::Pages::load(site_settings(slice));
    if (!pages) return pages.error();
    const auto files = PublicFiles::make(*pages, slice.keyset, *keys, slice.site);
    const auto text = site_text(*pages, files, *keys, {serial, log_key, slice.site.release});
    if (!text) return text.error();
    fmt::print("{}", *text);
    return std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

Result<int> start(const std::vector<std::string_view>& arguments)
{
    std::signal(SIGPIPE, SIG_IGN);
    const auto protection = harden_process(locked_bytes_base + locked_bytes_requests + locked_bytes_per_report);
    if (!protection) return protection.error();
    if (const auto taken = take_over_tls_memory(*protection); !taken) return taken.error();
    if (const auto tested = crypto::self_test(); !tested) return tested.error();
    auto slice = receive_config();
    if (!slice) return slice.error();
    if (arguments.size() == 1 && arguments[0] == "--check") return check(*slice);
    if (arguments.size() == 3 && arguments[0] == "--site")
        return write_site(*slice, std::strtoull(std::string(arguments[1]).c_str(), nullptr, 10), arguments[2]);
    auto site = build_site(*slice, *protection);
    if (!site) return site.error();
    slice->private_key = SecretBuffer();
    return serve(**site, *slice);
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
