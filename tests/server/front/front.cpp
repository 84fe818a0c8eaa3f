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
    auto loaded = shipped_pages();
    Responses responses(loaded);
    const auto keys = key_set();
    auto files = PublicFiles::make(loaded, as_bytes(keyset_note), keys, options.site);
    site_.reset(new Site{options.limits, keys, std::move(loaded), std::move(files), std::move(responses),
                         TlsContext::create(secret(identity().certificate), secret(identity().private_key)).value(),
                         Limits(options.limits, {true, SIZE_MAX}), [time = options.time] { return time; }});
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::runtime_error("no socketpair");
    keeper_.emplace(keeper_context_, UniqueFd(ends[0]));
    keeper_->promise = options.promise;
    keeper_->answer = options.log;
    std::vector<UniqueFd> listeners;
    listeners.emplace_back(::fcntl(listener_.fd(), F_DUPFD_CLOEXEC, 0));
    worker_ = std::make_unique<Worker>(*site_, UniqueFd(ends[1]), std::move(listeners), [this] { ++lost; });
    asio::co_spawn(keeper_context_, keeper_->collect(), [](std::exception_ptr exception) {
        if (exception) std::rethrow_exception(exception);
    });
    keeper_thread_ = std::jthread([this] {
        const auto more_may_come = asio::make_work_guard(keeper_context_);
        keeper_context_.run();
    });
    thread_ = std::jthread([this] { worker_->run(); });
}

Front::~Front()
{
    if (thread_.joinable()) {
        worker_->drain(std::chrono::seconds(0));
        thread_.join();
    }
    worker_.reset();  // the channel ends, and with it the keeper
    keeper_context_.stop();
}

void Front::wait_until_ended()
{
    thread_.join();
}

std::unique_ptr<Client> Front::connect()
{
    auto client = std::make_unique<Client>(listener_.port());
    if (!client->handshake()) throw std::runtime_error("no handshake");
    return client;
}

Client::Answer Front::ask(const std::string& request, bool head_only)
{
    const auto client = connect();
    client->write(request);
    return client->read_answer(head_only);
}

int Front::count(bool FakeKeeper::Envelope::* what)
{
    std::promise<int> counted;
    asio::post(keeper_context_, [&] {
        int found = 0;
        for (const auto& [id, envelope] : keeper_->envelopes) found += envelope.*what ? 1 : 0;
        counted.set_value(found);
    });
    return counted.get_future().get();
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

void Front::lose_keeper()
{
    asio::post(keeper_context_, [this] { keeper_->go(); });
}

}  // namespace amana::front::test
