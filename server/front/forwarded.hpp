// SPDX-License-Identifier: AGPL-3.0-or-later
// The header in which a proxy that ends TLS says from where a request comes (docs/PROXIES.md): X-Forwarded-For, or another of its
// shape. The last address in it is the one that our own proxy put there; what stands before it anybody may have written. It is
// used for flow control, as a PROXY header's is, and wiped with its request.
#pragma once

#include "base/secret.hpp"

#include <string_view>

#include <sys/socket.h>

namespace amana::front {

class Forwarded {
public:
    enum class State { absent, unreadable, known };

    Forwarded() = default;
    ~Forwarded() { clear(); }
    Forwarded(const Forwarded&) = delete;
    Forwarded& operator=(const Forwarded&) = delete;

    // One header's value; a later one of a request counts for more.
    void read(std::string_view value);
    void clear();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] const sockaddr_storage& source() const { return source_; }

private:
    State state_ = State::absent;
    sockaddr_storage source_{};
};

}  // namespace amana::front
