// SPDX-License-Identifier: AGPL-3.0-or-later
// What an outsider sees at one address: amana-outsider connects, and tells it as one JSON object on its standard output. Numbers
// that are times are seconds since 1970.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace amana::server::doctor {

enum class Where {
    listener,           // one of the server's own, with TLS
    plain_listener,     // one of its own without TLS: a proxy speaks to it
    redirect_listener,  // one of its own that only redirects
    site,               // the public address
    site_plain,         // its port 80
};

struct Answer {
    std::string path;
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

    // Of the first of this name; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct Seen {
    Where where = Where::listener;
    std::string at;  // "127.0.0.1:8443", "report.example.org:443"

    bool reached = false;
    std::string problem;  // why not
    bool cut_short = false;  // it took too long to be looked at whole

    // Of TLS.
    std::string protocol;
    std::string cipher;
    std::string group;
    std::vector<std::string> old_protocols;  // those that are accepted
    std::vector<std::string> weak_ciphers;
    bool modern = false;  // TLS 1.3
    bool compression = false;
    bool renegotiates = false;
    bool tickets = false;
    UnixTime begins = 0;
    UnixTime ends = 0;
    std::string key;  // SHA-256 of the certificate's public key, hexadecimal
    bool name_fits = true;
    std::string distrust;  // empty: its chain leads to an issuer that is known here

    bool plain_answer = false;  // on the same port, without TLS, something other than a refusal
    std::vector<Answer> answers;
};

inline constexpr std::size_t max_seen_bytes = 256 * 1024;
// Fills all but `where` and `at`.
[[nodiscard]] Result<void> read_seen(std::string_view json, Seen& into);

}  // namespace amana::server::doctor
