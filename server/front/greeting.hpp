// SPDX-License-Identifier: AGPL-3.0-or-later
// What goes before a connection's first request: the PROXY header where a proxy is to send one, and the TLS handshake. What is amiss
// between a proxy and the listener shows here first, and the warden is told (server/wire/mishaps.hpp). Who only connects and goes, as
// a proxy does that looks whether somebody is there, has done nothing amiss.
#pragma once

#include "server/front/site.hpp"
#include "server/front/stream.hpp"

namespace amana::front {

inline constexpr auto handshake_timeout = std::chrono::seconds(20);  // the PROXY header included

class Greeting {
public:
    Greeting(Stream& stream, const Listener& listener, Common& common, Connections::Seat& seat)
        : stream_(stream), listener_(listener), common_(common), seat_(seat)
    {
    }

    // Whether requests may follow. The seat then has the source that the proxy named.
    [[nodiscard]] asio::awaitable<bool> done();

private:
    [[nodiscard]] asio::awaitable<bool> take_header();
    [[nodiscard]] asio::awaitable<bool> begins_well();
    void amiss(std::string_view kind) const;

    Stream& stream_;
    const Listener& listener_;
    Common& common_;
    Connections::Seat& seat_;
};

}  // namespace amana::front
