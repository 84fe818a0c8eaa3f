// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/front/front.hpp"
#include "tests/server/front/pages.hpp"

#include "tests/crypto/opening.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <cstdlib>
#include <future>

#include <fcntl.h>
#include <sys/socket.h>

namespace amana::front::test {

namespace {

crypto::KeySet key_set()
{
    crypto::KeySet keys;
    const crypto::testing::Recipient desk(crypto::testing::seeded_bytes("desk", crypto::xwing_secret_bytes));
    keys.epochs.push_back({"desk", {0, 2 * one_week}, desk.public_key});
    return keys;
}

}  // namespace

Front::Front(const Options& options)
{
    auto loaded = options.scripts ? scripted_pages() : shipped_pages();
    Responses responses(loaded);
    const auto keys = options.keys ? *options.keys : key_set();
    auto files = PublicFiles::make(loaded, as_bytes(keyset_note), keys, options.site);
    site_.reset(new Site{options.limits, keys, std::move(loaded), std::move(files), std::move(responses),
                         TlsContext::create(secret(identity().certificate), secret(identity().private_key)).value(),
                         Limits(options.limits, {true, SIZE_MAX}), [time = options.time] { return time; },
                         SealedUploads(options.timing), Gate(options.limits.pace, options.gate)});
    for (std::size_t i = 0; i < options.threads; ++i) open(lanes_.emplace_back(), options);
    keeper_thread_ = std::jthread([this] {
        const auto more_may_come = asio::make_work_guard(keeper_context_);
        keeper_context_.run();
    });
    for (auto& lane : lanes_) lane.thread = std::jthread([&worker = *lane.worker] { worker.run(); });
}

void Front::open(Lane& lane, const Options& options)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::runtime_error("no socketpair");
    lane.keeper.emplace(keeper_context_, UniqueFd(ends[0]));
    lane.keeper->promise = options.promise;
    lane.keeper->answer = options.log;
    lane.keeper->refuse_at_finish = options.refusal;
    lane.keeper->room = options.room;
    std::vector<UniqueFd> listeners;
    listeners.emplace_back(::fcntl(lane.listener.fd(), F_DUPFD_CLOEXEC, 0));
    lane.worker = std::make_unique<Worker>(*site_, UniqueFd(ends[1]), std::move(listeners), [this] { ++lost; }, &lane == &lanes_.front());
    asio::co_spawn(keeper_context_, lane.keeper->collect(), [](std::exception_ptr exception) {
        if (exception) std::rethrow_exception(exception);
    });
}

Front::~Front()
{
    drain(std::chrono::seconds(0));
    wait_until_ended();
    destroy_worker();  // the channels end, and with them the keepers
    keeper_context_.stop();
}

void Front::drain(std::chrono::milliseconds time)
{
    for (auto& lane : lanes_)
        if (lane.worker) lane.worker->drain(time);
}

void Front::wait_until_ended()
{
    for (auto& lane : lanes_)
        if (lane.thread.joinable()) lane.thread.join();
}

void Front::destroy_worker()
{
    for (auto& lane : lanes_) lane.worker.reset();
}

std::unique_ptr<Client> Front::connect(std::size_t thread)
{
    auto client = std::make_unique<Client>(std::next(lanes_.begin(), static_cast<std::ptrdiff_t>(thread))->listener.port());
    if (!client->handshake()) throw std::runtime_error("no handshake");
    return client;
}

Client::Answer Front::ask(const std::string& request, bool head_only)
{
    const auto client = connect();
    client->write(request);
    return client->read_answer(head_only);
}

// On the keepers' own thread.
template <typename T>
T Front::ask_keepers(std::function<T(const FakeKeeper&)> what, std::function<void(T&, T&&)> add)
{
    std::promise<T> asked;
    asio::post(keeper_context_, [&] {
        T all{};
        for (const auto& lane : lanes_) add(all, what(*lane.keeper));
        asked.set_value(std::move(all));
    });
    return asked.get_future().get();
}

int Front::count(bool FakeKeeper::Envelope::* what)
{
    return ask_keepers<int>(
        [what](const FakeKeeper& keeper) {
            int found = 0;
            for (const auto& [id, envelope] : keeper.envelopes) found += envelope.*what ? 1 : 0;
            return found;
        },
        [](int& all, int&& found) { all += found; });
}

int Front::stored()
{
    return count(&FakeKeeper::Envelope::finished);
}

int Front::aborted()
{
    return count(&FakeKeeper::Envelope::aborted);
}

int Front::promised()
{
    return count(&FakeKeeper::Envelope::wants_promise);
}

int Front::begun()
{
    // Number 0 is the greeting's.
    return ask_keepers<int>([](const FakeKeeper& keeper) { return static_cast<int>(keeper.envelopes.size() - keeper.envelopes.count(0)); },
                            [](int& all, int&& found) { all += found; });
}

std::vector<Bytes> Front::envelopes()
{
    return ask_keepers<std::vector<Bytes>>(
        [](const FakeKeeper& keeper) {
            std::vector<Bytes> found;
            for (const auto& [id, envelope] : keeper.envelopes)
                if (envelope.finished) found.push_back(envelope.bytes());
            return found;
        },
        [](std::vector<Bytes>& all, std::vector<Bytes>&& found) { all.insert(all.end(), found.begin(), found.end()); });
}

std::vector<std::vector<unsigned>> Front::pressure()
{
    using Steps = std::vector<std::vector<unsigned>>;
    return ask_keepers<Steps>([](const FakeKeeper& keeper) { return Steps{keeper.pressure}; },
                              [](Steps& all, Steps&& found) { all.push_back(std::move(found.front())); });
}

void Front::lose_keeper()
{
    asio::post(keeper_context_, [this] {
        for (auto& lane : lanes_) lane.keeper->go();
    });
}

}  // namespace amana::front::test
