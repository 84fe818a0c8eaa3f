// SPDX-License-Identifier: AGPL-3.0-or-later
// One connection: request after request until somebody has had enough. Of the peer's address it knows no more than the source.
#pragma once

#include "server/front/even_writer.hpp"
#include "server/front/http.hpp"
#include "server/front/intake.hpp"
#include "server/front/routes.hpp"
#include "server/front/site.hpp"

#include <memory>
#include <span>

namespace amana::front {

class Session {
public:
    // `draining` is the thread's own flag: once it is set, no further request is taken.
    Session(std::shared_ptr<Stream> stream, Site& site, KeeperLink& link, std::shared_ptr<Connections::Seat> seat, const bool& draining);

    [[nodiscard]] asio::awaitable<void> run();
    // Ends it at once if no request is under way; a report that waits for its turn is told that there will be none.
    void end_if_idle();

private:
    // True: the connection may go on.
    using Served = bool;

    [[nodiscard]] asio::awaitable<Served> serve(const Request& request);
    [[nodiscard]] asio::awaitable<Served> serve_file(const Request& request, const PublicFile& file);
    [[nodiscard]] asio::awaitable<Served> serve_log(const Request& request);
    [[nodiscard]] asio::awaitable<Served> serve_page(const Route& route, std::string_view query, bool head_only);
    [[nodiscard]] asio::awaitable<Served> redirect(Status status, std::string location);
    [[nodiscard]] asio::awaitable<Served> problem_page(std::string_view language, web::Problem problem, Status status,
                                                       bool head_only, std::string_view extra = {});
    [[nodiscard]] asio::awaitable<Served> problem_page(std::string_view language, web::Problem problem);
    [[nodiscard]] asio::awaitable<Served> form_again(std::string_view language, web::Problem problem, const Intake& intake, std::string_view token);
    [[nodiscard]] asio::awaitable<Served> proof_page(const web::ProofPage& page, std::string_view promise);
    [[nodiscard]] web::FormState form_state() const;
    [[nodiscard]] web::StaticPage form_page(std::string_view language) const;
    [[nodiscard]] web::StaticPage line_page(std::string_view language, std::string_view token) const;
    // Packed, or in the large size, which is not copied.
    [[nodiscard]] asio::awaitable<Served> send_page(Status status, const web::StaticPage& page, Content content = Content::page, bool head_only = false,
                                                    std::string_view extra = {});
    // A page of `length` bytes: the parts, and line ends behind them. Plain parts come to at most one large page.
    [[nodiscard]] asio::awaitable<Served> write_page(std::uint64_t length, std::string_view extra, std::span<const ByteView> parts,
                                                     Status status = status::ok, Content content = Content::page,
                                                     EvenWriter::Holds holds = EvenWriter::Holds::secrets);
    [[nodiscard]] asio::awaitable<Served> thank(const Intake& intake, std::string_view language);
    [[nodiscard]] asio::awaitable<Served> receive_report(const Request& request, std::string_view language);
    [[nodiscard]] asio::awaitable<Served> receive_form(Intake& intake, std::string_view language, Line::Ticket ticket, std::string_view token);
    [[nodiscard]] asio::awaitable<void> drop_body(std::uint64_t most);
    [[nodiscard]] asio::awaitable<Served> refuse(HttpFailure failure, std::string_view language);
    [[nodiscard]] asio::awaitable<Served> send(std::string response);
    [[nodiscard]] bool keep_alive() const { return reader_.keeps_alive() && !draining_; }

    std::shared_ptr<Stream> stream_;
    Site& site_;
    KeeperLink& link_;
    std::shared_ptr<Connections::Seat> seat_;
    std::shared_ptr<const Source> source_;
    const bool& draining_;
    HttpReader reader_;
    bool packed_ = false;  // whether the request's sender can unpack a page
};

}  // namespace amana::front
