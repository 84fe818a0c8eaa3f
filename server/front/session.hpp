// SPDX-License-Identifier: AGPL-3.0-or-later
// One connection: request after request until somebody has had enough. Of the peer's address it knows no more than the source.
#pragma once

#include "server/front/http.hpp"
#include "server/front/intake.hpp"
#include "server/front/page_writer.hpp"
#include "server/front/routes.hpp"
#include "server/front/site.hpp"

#include <memory>

namespace amana::front {

class Session {
public:
    // `draining` is the thread's own flag: once it is set, one more request is answered, if it comes soon.
    Session(std::shared_ptr<Stream> stream, Common& common, Listener& listener, KeeperLink& link, std::shared_ptr<Connections::Seat> seat,
            const bool& draining);

    [[nodiscard]] asio::awaitable<void> run();
    // To be called when draining begins. A request under way, also one that waits for its turn, goes on; but where the keeper is gone there will be none.
    void drain();

private:
    // True: the connection may go on.
    using Served = bool;

    void comes_from(std::shared_ptr<const Source> source);
    [[nodiscard]] asio::awaitable<Served> let_in(const Request& request);
    [[nodiscard]] bool takes_forwarded();
    [[nodiscard]] asio::awaitable<Served> say_healthy(const Request& request);
    [[nodiscard]] std::string way_to_site(const Request& request) const;
    [[nodiscard]] asio::awaitable<Served> lead_away(const Request& request);
    [[nodiscard]] asio::awaitable<Served> serve(const Request& request);
    [[nodiscard]] asio::awaitable<Served> serve_file(const Request& request, const PublicFile& file);
    [[nodiscard]] asio::awaitable<Served> serve_log(const Request& request);
    [[nodiscard]] asio::awaitable<Served> serve_page(const Route& route, std::string_view query, bool head_only);
    [[nodiscard]] web::FormState form_state() const;
    [[nodiscard]] web::StaticPage form_page(std::string_view language) const;
    [[nodiscard]] web::StaticPage line_page(std::string_view language, std::string_view token) const;
    [[nodiscard]] asio::awaitable<Served> receive_report(const Request& request, std::string_view language);
    [[nodiscard]] asio::awaitable<Served> thank(const Intake& intake, std::string_view language, std::string_view authority);

    std::shared_ptr<Stream> stream_;
    Common& common_;
    Listener& listener_;
    Site* site_;  // by which the request under way came
    KeeperLink& link_;
    std::shared_ptr<Connections::Seat> seat_;
    std::shared_ptr<const Source> source_;
    const bool& draining_;
    bool greeted_ = false;  // what comes are requests
    HttpReader reader_;
    PageWriter out_;
};

}  // namespace amana::front
