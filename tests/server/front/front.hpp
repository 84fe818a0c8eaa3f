// SPDX-License-Identifier: AGPL-3.0-or-later
// A whole front as amana-front builds it, of one thread unless told otherwise, with a keeper that collects for each; clients come over the loopback.
#pragma once

#include "server/front/worker.hpp"
#include "tests/server/front/fake_keeper.hpp"
#include "tests/server/front/tls_pair.hpp"

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

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
        SealedUploads::Timing timing;
        Gate::Timing gate{.line = {}, .pressure = {.processor = false}};
        Limits::Timing places{.opening_pause = std::chrono::milliseconds(1)};
        std::function<std::optional<Bytes>(const Bytes&)> erased = [](const Bytes&) { return Bytes{1}; };  // what the keeper says to an erasure
        std::optional<crypto::KeySet> keys;  // else one key, good from 0 to two weeks
        std::size_t threads = 1;   // each on a port of its own
        wire::ListenerSlice listener{};  // but for what it serves, which is:
        struct Address {
            std::string url{};  // empty: whatever name it is asked by
            std::string onion_location{};
            const Identity* identity = &test::identity();
        };
        std::vector<Address> addresses{Address()};
        std::optional<wire::Refusal> refusal;  // what the keeper says to every envelope
        std::optional<std::uint64_t> room;     // and at the beginning, of its room
        bool scripts = false;      // in English alone, with files that stand for the scripts
        std::function<std::optional<Bytes>(const wire::Ask&)> log = [](const wire::Ask&) { return Bytes{}; };
    };
    Front() : Front(Options()) {}
    explicit Front(const Options& options);
    ~Front();
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;

    // A client that has shaken hands.
    [[nodiscard]] std::unique_ptr<Client> connect(std::size_t thread = 0);
    // One request on a connection of its own: the whole answer.
    [[nodiscard]] Client::Answer ask(const std::string& request, bool head_only = false);

    // From another thread than the worker's; ended() waits until run() has returned.
    void drain(std::chrono::milliseconds time);
    void wait_until_ended();
    void destroy_worker();
    [[nodiscard]] const Site& site() const { return shared_->sites.front(); }
    [[nodiscard]] Shared& shared() { return *shared_; }
    [[nodiscard]] std::uint16_t port() const { return lanes_.front().listener.port(); }

    std::atomic<int> lost = 0;
    // How many envelopes the keeper has whole; how many it was told to forget.
    [[nodiscard]] int stored();
    [[nodiscard]] int aborted();
    [[nodiscard]] int promised();
    // Of those that it has whole, the bytes; and how many it was told of at all.
    [[nodiscard]] std::vector<Bytes> envelopes();
    [[nodiscard]] int begun();
    // What the keepers were asked to erase.
    [[nodiscard]] std::vector<Bytes> erases();
    // Questions that the keepers answered.
    [[nodiscard]] int asked();
    // The steps of pressure that each keeper's channel was told.
    [[nodiscard]] std::vector<std::vector<unsigned>> pressure();
    void lose_keeper();

private:
    [[nodiscard]] int count(bool FakeKeeper::Envelope::* what);
    template <typename T>
    [[nodiscard]] T ask_keepers(std::function<T(const FakeKeeper&)> what, std::function<void(T&, T&&)> add);

    struct Lane {
        Listener listener;
        std::optional<FakeKeeper> keeper;
        std::unique_ptr<Worker> worker;
        std::jthread thread;
    };
    void open(Lane& lane, const Options& options);

    std::unique_ptr<Shared> shared_;
    asio::io_context keeper_context_;
    std::list<Lane> lanes_;
    std::jthread keeper_thread_;
};

}  // namespace amana::front::test
