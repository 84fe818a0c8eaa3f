// SPDX-License-Identifier: AGPL-3.0-or-later
// A whole front of one thread, as amana-front builds it, with a keeper that collects; clients come over the loopback.
#pragma once

#include "server/front/worker.hpp"
#include "tests/server/front/fake_keeper.hpp"
#include "tests/server/front/tls_pair.hpp"

#include <atomic>
#include <memory>
#include <thread>

namespace amana::front::test {

// What the front under test serves as its key set.
inline constexpr std::string_view keyset_note = "amana keys v1\n";

class Front {
public:
    struct Options {
        wire::Limits limits;
        UnixTime time = one_week;  // keys are good from 0 to two weeks
        std::string promise;       // what the keeper promises when it is asked
        wire::SiteSlice site;      // of it: what is served as it is
        std::function<std::optional<Bytes>(const wire::Ask&)> log = [](const wire::Ask&) { return Bytes{}; };
    };
    Front() : Front(Options()) {}
    explicit Front(const Options& options);
    ~Front();
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;

    // A client that has shaken hands.
    [[nodiscard]] std::unique_ptr<Client> connect();
    // One request on a connection of its own: the whole answer.
    [[nodiscard]] Client::Answer ask(const std::string& request, bool head_only = false);

    // From another thread than the worker's; ended() waits until run() has returned.
    void drain(std::chrono::milliseconds time) { worker_->drain(time); }
    void wait_until_ended();
    void destroy_worker() { worker_.reset(); }
    [[nodiscard]] const Site& site() const { return *site_; }

    std::atomic<int> lost = 0;
    // How many envelopes the keeper has whole; how many it was told to forget.
    [[nodiscard]] int stored();
    [[nodiscard]] int aborted();
    [[nodiscard]] int promised();
    void lose_keeper();

private:
    [[nodiscard]] int count(bool FakeKeeper::Envelope::* what);

    std::unique_ptr<Site> site_;
    Listener listener_;
    asio::io_context keeper_context_;
    std::optional<FakeKeeper> keeper_;
    std::unique_ptr<Worker> worker_;
    std::jthread keeper_thread_;
    std::jthread thread_;
};

}  // namespace amana::front::test
