// SPDX-License-Identifier: AGPL-3.0-or-later
// One request that brings a piece of an envelope sealed in the browser, and its answer: docs/SEALING.md, sections 3 and 4.
// What is looked at is public. A cover body goes the way of a report up to the last step.
#pragma once

#include "server/front/http.hpp"
#include "server/front/sealed_uploads.hpp"
#include "server/front/site.hpp"

namespace amana::front {

inline constexpr std::string_view sealed_type = "application/octet-stream";
// Every answer's body: JSON, and spaces behind it. A promise of the longest kind fits, were every second byte of it escaped.
inline constexpr std::size_t sealed_answer_bytes = 2048;

enum class SealedState { more, stored, again, keys, busy, full, closed, failed, bad, price, wait, turn };
[[nodiscard]] std::string_view name(SealedState state);

class SealedAnswer {
public:
    SealedAnswer(Stream& stream, HttpReader& reader, Site& site, KeeperLink& link, std::shared_ptr<Connections::Seat> seat, const bool& draining)
        : stream_(stream), reader_(reader), site_(site), link_(link), seat_(std::move(seat)), draining_(draining)
    {
    }

    // True: the connection may go on.
    [[nodiscard]] asio::awaitable<bool> serve(const Request& request);

private:
    // No aggregate: GCC 12 moves those bit by bit where they are made in what is awaited (docs/ARCHITECTURE.md).
    struct Told {
        explicit Told(SealedState what, std::uint32_t has = 0, Promise note = {}, std::string more = {})
            : state(what), have(has), promise(std::move(note)), members(std::move(more))
        {
        }
        SealedState state;
        std::uint32_t have;
        Promise promise;
        std::string members;  // of price and wait
    };

    [[nodiscard]] asio::awaitable<bool> invite(const Request& request);
    [[nodiscard]] asio::awaitable<bool> read_head();
    [[nodiscard]] asio::awaitable<bool> drop_rest();
    // Nothing when the line broke, or when a newer request for the same piece has come.
    [[nodiscard]] asio::awaitable<std::optional<Told>> take(const SealedPiece& piece);
    [[nodiscard]] asio::awaitable<std::optional<Told>> dropped(Told told);
    // Under pressure, what is to be done before this report is received; nothing when it may be.
    [[nodiscard]] std::optional<Told> toll(const SealedPiece& piece);
    [[nodiscard]] asio::awaitable<std::optional<Told>> take_into(SealedUploads::Turn& turn, const SealedUploads::Handle& upload);
    [[nodiscard]] asio::awaitable<Told> outcome(const SealedUploads::Handle& upload);
    [[nodiscard]] std::optional<SealedState> refusal(const SealedPiece& piece) const;
    [[nodiscard]] bool has_shape(const SealedPiece& piece) const;
    [[nodiscard]] asio::awaitable<bool> send(const Told& told);

    Stream& stream_;
    HttpReader& reader_;
    Site& site_;
    KeeperLink& link_;
    std::shared_ptr<Connections::Seat> seat_;
    const bool& draining_;
    ByteArray<sealed_head_bytes> head_{};
    std::size_t head_filled_ = 0;
    ByteView rest_;  // of the body's current piece, what is not read yet
    SealedUploads::SteadyClock::time_point read_at_;
};

}  // namespace amana::front
