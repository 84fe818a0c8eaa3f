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
    const auto keys = options.keys ? *options.keys : key_set();
    shared_.reset(new Shared{Common{options.limits, keys, Limits(options.limits, {true, SIZE_MAX}, options.places), [time = options.time] { return time; },
                                    Gate(options.limits.pace, options.gate), SealedUploads(options.timing)}});
    const auto& pages = shared_->pages.emplace_back(std::move(loaded));
    wire::TlsSlice tls;
    for (const auto& address : options.addresses) {
        auto files = PublicFiles::make(pages, as_bytes(keyset_note), keys, options.site);
        auto url = address.url.empty() ? std::nullopt : std::optional(wire::SiteUrl::parse(address.url).value());
        shared_->sites.push_back(Site{shared_->common, pages, std::move(files), Responses(pages, {!url || !url->onion(), address.onion_location}), std::move(url)});
        auto& shown = tls.certificates.emplace_back();
        shown.push_back({secret(address.identity->certificate), secret(address.identity->private_key)});
    }
    auto listener = options.listener;
    std::vector<Site*> sites;
    for (std::uint32_t i = 0; auto& site : shared_->sites) {
        listener.addresses.push_back(i++);
        sites.push_back(&site);
    }
    shared_->listeners.emplace_back(0, listener, std::move(sites));
    shared_->show(tls).value();
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
    lane.keeper->erased = options.erased;
    lane.keeper->refuse_at_finish = options.refusal;
    lane.keeper->room = options.room;
    std::vector<UniqueFd> listeners;
    listeners.emplace_back(::fcntl(lane.listener.fd(), F_DUPFD_CLOEXEC, 0));
    lane.worker = std::make_unique<Worker>(*shared_, UniqueFd(ends[1]), std::move(listeners), [this] { ++lost; }, &lane == &lanes_.front());
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

int Front::asked()
{
    return ask_keepers<int>([](const FakeKeeper& keeper) { return keeper.asked; }, [](int& all, int&& found) { all += found; });
}

std::vector<Bytes> Front::erases()
{
    return ask_keepers<std::vector<Bytes>>([](const FakeKeeper& keeper) { return keeper.erases; },
                                           [](auto& all, auto&& found) { all.insert(all.end(), found.begin(), found.end()); });
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
    return ask_keepers<std::vector<std::vector<unsigned>>>([](const FakeKeeper& keeper) { return std::vector<std::vector<unsigned>>{keeper.pressure}; },
                                                           [](auto& all, auto&& found) { all.push_back(found.front()); });
}

void Front::lose_keeper()
{
    asio::post(keeper_context_, [this] {
        for (auto& lane : lanes_) lane.keeper->go();
    });
}

}  // namespace amana::front::test
