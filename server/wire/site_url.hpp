// SPDX-License-Identifier: AGPL-3.0-or-later
// An address by which the site is reached: "https://report.example.org/", "http://….onion/", and a port where it is not the
// scheme's own. Nothing stands behind the host (RFC 3986, 3.2).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace amana::wire {

struct SiteUrl {
    bool https = true;
    std::string host;  // lower case; an IPv6 address in brackets
    std::string port;  // empty: the scheme's own

    [[nodiscard]] static Result<SiteUrl> parse(std::string_view text);
    // As a browser writes it, with "/" at its end.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool onion() const { return host.ends_with(".onion"); }
    // No name, so that no client names it in a handshake (RFC 6066, section 3).
    [[nodiscard]] bool literal() const;
};

// A Host or an authority without its port, in lower case; empty when it is none (RFC 9110, 7.2): user information, a final dot,
// an empty or a crooked port.
[[nodiscard]] std::string host_of(std::string_view authority);

}  // namespace amana::wire
