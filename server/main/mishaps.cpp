// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/mishaps.hpp"

#include "server/wire/mishaps.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace amana::server {

namespace {

namespace mishap = wire::mishap;

constexpr auto pause = std::chrono::hours(1);

struct Words {
    std::string_view kind;
    std::string_view text;  // {} is the header's name
};

constexpr std::string_view send_one = "let the proxy send one (nginx: proxy_protocol on; HAProxy: send-proxy-v2), or set proxy = \"none\" here";

constexpr std::array words{
    Words{mishap::stranger, "a connection came from outside 'peers' and was closed unread; if it was the proxy's, add its network to 'peers'"},
    Words{mishap::header_absent_tls, "a PROXY header was expected and a TLS ClientHello came: "},
    Words{mishap::header_absent_http, "a PROXY header was expected and an HTTP request came: "},
    Words{mishap::header_absent, "a PROXY header was expected and something else came: "},
    Words{mishap::header_cut_off, "a PROXY header was cut off: the proxy ended the connection, or was silent, in the midst of it; look into its own log for why"},
    Words{mishap::header_malformed, "a PROXY header was not well-formed: what sends it speaks neither version 1 nor 2 of the protocol, or more than one program writes to the connection"},
    Words{mishap::header_checksum, "a PROXY header's checksum is wrong: something between the proxy and this server changes what is sent; let them talk over the loopback, a Unix socket or TLS"},
    Words{mishap::header_twice, "a second PROXY header followed the first: there are two hops and both send one; let the one that is nearer pass the connection on as it is, or not send its own"},
    Words{mishap::header_unexpected, "a PROXY header came and none is expected here: set proxy = \"required\", and 'peers' to the proxy's network; or let the proxy send none"},
    Words{mishap::http_to_tls, "plain HTTP came to a TLS listener: if a proxy sends it, let it pass TLS through, or speak https to this server (nginx: proxy_pass https://)"},
    Words{mishap::tls_to_plain, "TLS came to a plain listener: let the proxy end TLS and speak http to this one, or pass TLS through to a listener with tls = true"},
    Words{mishap::forwarded_absent, "a request had no {}: let the proxy set it for every request (nginx: proxy_set_header {} $remote_addr), or set forwarded = \"off\" here"},
    Words{mishap::forwarded_unreadable, "the last element of a request's {} is no address: let the proxy write the client's alone (nginx: proxy_set_header {} $remote_addr)"},
    Words{mishap::host_unknown, "a request named a Host that no site here has: let the proxy pass on the Host that it was asked for (nginx: proxy_set_header Host $host; Apache: ProxyPreserveHost On), "
                                "or add a [[site_address]]"},
};
static_assert(words.size() == mishap::all.size());

std::string filled(std::string_view text, std::string_view name)
{
    std::string out;
    for (auto hole = text.find("{}"); hole != std::string_view::npos; hole = text.find("{}")) {
        out.append(text.substr(0, hole)).append(name);
        text.remove_prefix(hole + 2);
    }
    return out.append(text);
}

}  // namespace

void Mishaps::hear(std::string_view line, Time now)
{
    constexpr std::string_view begin = "mishap ";
    const auto space = line.rfind(' ');
    if (!line.starts_with(begin) || space < begin.size()) return;
    const auto kind = line.substr(begin.size(), space - begin.size());
    const auto number = line.substr(space + 1);
    std::size_t listener = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), listener);
    if (error != std::errc() || end != number.data() + number.size() || listener >= listeners_.size()) return;
    const auto* known = std::ranges::find(words, kind, &Words::kind);
    if (known == words.end()) return;
    auto& one = all_[{known->kind, listener}];
    if (one.said && now - one.when < pause) return;
    const auto& config = listeners_[listener];
    const std::string remedy(kind.starts_with(mishap::header_absent) ? send_one : "");
    one = {"warning: listener " + config.address.text() + ": " + filled(known->text, config.forwarded) + remedy, false, {}};
    advance(now);
}

void Mishaps::advance(Time now)
{
    const bool due = now >= next_;
    if (!due && begun_) return;
    if (due) {
        begun_ = true;
        next_ = now + tick_;
    }
    for (auto& [what, one] : all_) {
        if (one.said) continue;
        say_(one.words);
        one.said = true;
        one.when = now;
    }
}

}  // namespace amana::server
