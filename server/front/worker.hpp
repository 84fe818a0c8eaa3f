// SPDX-License-Identifier: AGPL-3.0-or-later
// One thread of the front: its own io_context, its own listening sockets (SO_REUSEPORT), its own channel to the keeper.
// Threads share nothing that changes but the counts in Limits and the uploads from browsers.
#pragma once

#include "server/front/session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>

#include <list>
#include <unordered_set>
#include <vector>

namespace amana::front {

class Worker {
public:
    // `lost` is called, on this worker's thread, when the keeper is gone. `first`: its channel is the one on which pressure is told.
    // `sockets`: one for each of the shared listeners, in their order.
    Worker(Shared& shared, UniqueFd channel, std::vector<UniqueFd> sockets, std::function<void()> lost, bool first);

    // Runs until it is drained.
    void run();
    // From any thread: stops accepting, lets requests under way finish, then ends; at the deadline it ends anyway.
    void drain(std::chrono::steady_clock::duration patience);

    [[nodiscard]] asio::io_context& context() { return context_; }

private:
    // TCP, or a Unix socket.
    using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

    [[nodiscard]] asio::awaitable<void> accept(Acceptor& acceptor, Listener& listener);
    [[nodiscard]] asio::awaitable<void> converse(std::shared_ptr<Stream> stream, Listener& listener, std::shared_ptr<Connections::Seat> seat);
    [[nodiscard]] asio::awaitable<void> tend();
    void welcome(Stream::Socket socket, Listener& listener);
    void begin_drain(std::chrono::steady_clock::duration patience);
    void stop_when_done();

    asio::io_context context_{1};
    Shared& shared_;
    Common& common_;
    KeeperLink link_;
    std::list<Acceptor> acceptors_;  // by listener
    std::unordered_set<Session*> sessions_;
    asio::steady_timer deadline_;
    bool first_;
    bool draining_ = false;
};

}  // namespace amana::front
