// SPDX-License-Identifier: AGPL-3.0-or-later
// Sends in pieces of one size, whatever it is given piece by piece: where TLS records end would tell what stands in them.
// All of it has two minutes, so that who reads slowly does not keep for long what the answer holds.
#pragma once

#include "base/secret.hpp"
#include "server/front/stream.hpp"

namespace amana::front {

class EvenWriter {
public:
    // Locked memory is for what somebody typed: each writer of it has a report's place (server/front/limits.hpp).
    enum class Holds { secrets, public_text };
    explicit EvenWriter(Stream& stream, Holds holds = Holds::secrets)
        : stream_(stream), until_(Stream::Clock::now() + std::chrono::minutes(2)), locked_(holds == Holds::secrets ? piece_bytes : 0),
          plain_(holds == Holds::secrets ? 0 : piece_bytes), buffer_(holds == Holds::secrets ? locked_.span() : MutableBytes(plain_))
    {
    }

    // What a TLS record holds at most (RFC 8446, 5.1).
    inline static constexpr std::size_t piece_bytes = 16 * 1024;
    // False when the other side is gone, or takes none of a piece for a minute.
    [[nodiscard]] asio::awaitable<bool> put(ByteView bytes);
    // So many line ends, behind a page.
    [[nodiscard]] asio::awaitable<bool> pad(std::uint64_t count);
    // Sends what is left.
    [[nodiscard]] asio::awaitable<bool> finish();

private:
    Stream& stream_;
    Stream::Clock::time_point until_;
    SecretBuffer locked_;
    Bytes plain_;
    MutableBytes buffer_;
    std::size_t used_ = 0;
};

}  // namespace amana::front
