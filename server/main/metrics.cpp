// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server metrics`: serves what may be recorded of the service, and whether it is well. A process of its own, which the
// warden starts: whoever speaks to it speaks to nothing that holds a key.
#include "server/main/commands.hpp"

#include "server/main/watch_server.hpp"
#include "server/main/watched.hpp"

#include <iostream>

#include <unistd.h>

namespace amana::server {

namespace {

WatchAnswer answer(Watch& watch, std::string_view path)
{
    WatchAnswer answer;
    if (path != "/metrics" && path != "/healthz") return answer;
    watch.look(std::chrono::steady_clock::now());
    const auto watched = watch.now();
    answer.status = 200;
    if (path == "/metrics") {
        answer.type = "text/plain; version=0.0.4; charset=utf-8";
        answer.body = metrics_text(watched);
        return answer;
    }
    const auto ails = what_ails(watched);
    if (!ails.empty()) answer.status = 503;
    answer.body = (ails.empty() ? "ok" : ails) + "\n";
    return answer;
}

}  // namespace

int run_metrics(const Path& file)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    if (!config->metrics) {
        std::cerr << "amana-server: no address to serve metrics on\n  Add under [metrics]: address = \"unix:/run/amana/metrics.sock\"\n";
        return 1;
    }
    auto address = *config->metrics;
    auto listeners = listen_on(address, 1);
    if (!listeners) {
        std::cerr << "amana-server: metrics: " << listeners.error().text() << "\n";
        return 1;
    }
    std::cout << "metrics on " << address.text() << "\n" << std::flush;
    Watch watch(*config);
    serve_watchers(std::move(listeners->front()), address, [&watch](std::string_view path) { return answer(watch, path); });
    if (address.local()) ::unlink(address.path.c_str());
    return 0;
}

}  // namespace amana::server
