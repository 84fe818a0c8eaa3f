// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/watch_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <csignal>

#include <sys/socket.h>

namespace amana::server {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::generic::stream_protocol;
using Socket = asio::basic_stream_socket<Protocol, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<Protocol, asio::io_context::executor_type>;
using Stream = beast::basic_stream<Protocol, asio::io_context::executor_type>;

constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds accept_pause{500};
constexpr std::uint32_t max_head_bytes = 8 * 1024;
constexpr unsigned max_connections = 16;
constexpr unsigned max_requests = 1000;

http::response<http::string_body> respond(const http::request<http::empty_body>& request, const WatchAnswers& answers)
{
    WatchAnswer answer{405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
    const auto target = request.target();
    const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
    if (reads) answer = answers(std::string_view(target.data(), target.size()).substr(0, target.find('?')));
    http::response<http::string_body> response(static_cast<http::status>(answer.status), request.version());
    response.set(http::field::content_type, answer.type);
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(request.keep_alive() && reads);
    response.content_length(answer.body.size());
    if (request.method() != http::verb::head) response.body() = std::move(answer.body);
    return response;
}

class Watching {
public:
    Watching(asio::io_context& io, Acceptor acceptor, const WatchAnswers& answers) : io_(io), acceptor_(std::move(acceptor)), answers_(answers) {}

    asio::awaitable<void> accept()
    {
        for (;;) {
            boost::system::error_code failed;
            Socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
            if (failed == asio::error::operation_aborted) co_return;
            if (failed) {  // no descriptor left: for a while
                asio::steady_timer pause(io_, accept_pause);
                co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
                continue;
            }
            if (connections_ == max_connections) continue;
            ++connections_;
            asio::co_spawn(io_, session(Stream(std::move(socket))), [this](const std::exception_ptr&) { --connections_; });
        }
    }

private:
    asio::awaitable<void> session(Stream stream)
    {
        beast::flat_buffer buffer(max_head_bytes);
        for (unsigned served = 0; served < max_requests; ++served) {
            http::request_parser<http::empty_body> parser;
            parser.header_limit(max_head_bytes);
            boost::system::error_code failed;
            stream.expires_after(patience);
            co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, failed));
            if (failed) co_return;
            auto response = respond(parser.get(), answers_);
            const bool more = response.keep_alive();
            stream.expires_after(patience);
            co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, failed));
            if (failed || !more) co_return;
        }
    }

    asio::io_context& io_;
    Acceptor acceptor_;
    const WatchAnswers& answers_;
    unsigned connections_ = 0;
};

}  // namespace

void serve_watchers(UniqueFd listener, const SocketAddress& address, const WatchAnswers& answers)
{
    asio::io_context io(1);
    Acceptor acceptor(io);
    acceptor.assign(Protocol(address.local() ? AF_UNIX : address.ipv6 ? AF_INET6 : AF_INET, 0), listener.release());
    asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
    Watching watching(io, std::move(acceptor), answers);
    asio::co_spawn(io, watching.accept(), asio::detached);
    io.run();
}

}  // namespace amana::server
