// SPDX-License-Identifier: AGPL-3.0-or-later
// What is settled of a form before its body is read: whether what it brings may be sealed, who has its turn, and its place in locked
// memory. And the reading of its body.
#pragma once

#include "server/front/form_intake.hpp"
#include "server/front/http.hpp"
#include "server/front/routes.hpp"
#include "server/front/site.hpp"

namespace amana::front {

// Browsers show an answer only when their upload has been read; beyond this the connection is closed on them.
inline constexpr std::uint64_t max_dropped_bytes = std::uint64_t{2} << 30;

class Arrival {
public:
    // What an arrival comes over; all outlive it.
    Arrival(Stream& stream, HttpReader& reader, Site& site, KeeperLink& link, std::shared_ptr<Connections::Seat> seat)
        : stream_(stream), reader_(reader), site_(site), link_(link), seat_(std::move(seat))
    {
    }

    // To be sealed and sent. False: it is not to be received, problem() says why, and nobody reads its body any more.
    [[nodiscard]] asio::awaitable<bool> to_send(const Request& request);
    // To open an inbox, in a place for that, which stays as long as this. The same.
    [[nodiscard]] asio::awaitable<bool> to_open(const Request& request);
    // The same place, for who came to send and has to open an inbox for it. False: its turn did not come in time.
    [[nodiscard]] asio::awaitable<bool> may_open();
    // From here on an opening may take as long as a file does.
    void takes_long();
    // It came to open one, and wants something sent after all, as a program may that has no page of ours with a token. False: problem()
    // says why that may not be.
    [[nodiscard]] asio::awaitable<bool> send_after_all();

    // Why nothing may be sealed, if so: the form can be given back all the same.
    [[nodiscard]] const std::optional<web::Problem>& problem() const { return problem_; }
    // After true, each once.
    [[nodiscard]] FormReader form() { return std::move(*form_); }
    [[nodiscard]] std::optional<Admitted> admitted() { return std::exchange(admitted_, std::nullopt); }
    [[nodiscard]] std::vector<crypto::XWingPublicKey> recipients() { return std::move(recipients_).value_or(std::vector<crypto::XWingPublicKey>()); }
    [[nodiscard]] FilesTaken files() const { return files_; }

    enum class Body { whole, too_large, failed };
    // All of the body; what failed is in failure().
    [[nodiscard]] asio::awaitable<Body> read(FormIntake& intake);
    [[nodiscard]] HttpFailure failure() const { return failure_; }

    // It is stored: its turn is used up.
    void stored();
    // It was not: the token of the form that goes back. Who had its turn has it still, for what is mended now; who came too early has
    // its place.
    [[nodiscard]] std::string token_again();

private:
    void look_at(const Request& request);
    [[nodiscard]] asio::awaitable<bool> refused(const Request& request);
    void enter();
    void hold(std::chrono::milliseconds at_least);
    [[nodiscard]] asio::awaitable<bool> invite(const Request& request);

    Stream& stream_;
    HttpReader& reader_;
    Site& site_;
    KeeperLink& link_;
    std::shared_ptr<Connections::Seat> seat_;
    std::optional<FormReader> form_;
    std::optional<std::vector<crypto::XWingPublicKey>> recipients_;
    FilesTaken files_{0};
    std::string token_;
    std::optional<web::Problem> problem_;
    bool unread_ = false;
    std::optional<Line::Ticket> ticket_;
    std::optional<Admitted> admitted_;
    std::optional<Turns::Place> opening_;
    std::shared_ptr<asio::steady_timer> held_;
    std::uint64_t most_bytes_ = max_dropped_bytes;
    std::optional<Connections::Shield> shield_;
    HttpFailure failure_ = HttpFailure::closed;
};

// Of a request that needs no body.
inline constexpr std::uint64_t max_dropped_small = 64 * 1024;
// Reads a body away, so that its sender sees the answer.
[[nodiscard]] asio::awaitable<void> drop_body(HttpReader& reader, std::uint64_t most);

}  // namespace amana::front
